/* SPDX-License-Identifier: GPL-2.0 */
/* Objects that only the garbage collector releases. */
#ifndef LEAKTRACE_ANALYSIS_GC_RELEASE_H
#define LEAKTRACE_ANALYSIS_GC_RELEASE_H

struct model;
struct site;

void gc_release_judge(struct model *m, struct site *s);

#endif
