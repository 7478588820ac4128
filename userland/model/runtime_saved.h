/* SPDX-License-Identifier: GPL-2.0 */
/* A runtime as a trace file has it: the sites of one sample. */
#ifndef LEAKTRACE_MODEL_RUNTIME_SAVED_H
#define LEAKTRACE_MODEL_RUNTIME_SAVED_H

#include <stddef.h>

struct runtime;
struct runtime_site;

struct runtime *runtime_saved_new(void);		/* NULL: no memory */
/* Copies the site and what it points to. 0 or -ENOMEM. */
int runtime_saved_add(struct runtime *p, const struct runtime_site *s);
/* To change them, before they are asked for by runtime_sites(). */
size_t runtime_saved_sites(struct runtime *p, struct runtime_site **sites);

#endif
