/* SPDX-License-Identifier: GPL-2.0 */
/* What occupies the threads that a language runtime starts by itself. */
#ifndef LEAKTRACE_ANALYSIS_THREAD_OWNER_H
#define LEAKTRACE_ANALYSIS_THREAD_OWNER_H

#include <stddef.h>
#include <stdint.h>

struct runtime_site;
struct model;
struct site;

enum { OWNERS_MAX = 3 };

/* The sites that occupy most threads, sorted; 0: not a runtime's thread. */
size_t thread_owners(struct model *m, uint32_t stack, const struct runtime_site *holders[OWNERS_MAX]);
void thread_owners_judge(struct model *m, struct site *s);

#endif
