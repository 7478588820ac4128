/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Memory that the program has given back to malloc, and malloc not to the system: fragmentation,
 * or what a peak has left. It is no leak, but a finding of its own.
 */
#ifndef LEAKTRACE_ANALYSIS_KEPT_FREE_H
#define LEAKTRACE_ANALYSIS_KEPT_FREE_H

#include <stdbool.h>

struct finding;
struct model;

/* Sets m->kept_free. */
void kept_free_judge(struct model *m);

/* Whether this growth of the heap is free memory: what the program has in use did not grow. */
bool kept_free_explains(struct model *m, const struct finding *f);

#endif
