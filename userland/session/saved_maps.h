/* SPDX-License-Identifier: GPL-2.0 */
/* Mappings of background targets, kept for reports after their exit. */
#ifndef LEAKTRACE_SESSION_SAVED_MAPS_H
#define LEAKTRACE_SESSION_SAVED_MAPS_H

#include <stdint.h>

struct model;
struct symbolizer;

void keep_maps(const struct model *m);
void keep_forget(uint32_t target);		/* 0: all */
struct symbolizer *keep_symbolizer(struct model *m);	/* NULL: nobody kept them */

#endif
