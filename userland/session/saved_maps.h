/* SPDX-License-Identifier: GPL-2.0 */
/* Mappings of background targets, kept for reports after their exit. */
#ifndef LEAKTRACE_SESSION_SAVED_MAPS_H
#define LEAKTRACE_SESSION_SAVED_MAPS_H

#include <stdint.h>

struct model;
struct symbolizer;

void saved_maps_write(const struct model *m);
void saved_baseline_read(struct model *m);	/* before saved_maps_write() */
void saved_maps_remove(uint32_t target);		/* 0: all */
struct symbolizer *saved_maps_symbolizer(struct model *m);	/* NULL: there are no saved mappings */

#endif
