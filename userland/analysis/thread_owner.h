/* SPDX-License-Identifier: GPL-2.0 */
/* Who the threads are for that a language's runtime starts by itself. */
#ifndef LEAKTRACE_ANALYSIS_THREAD_OWNER_H
#define LEAKTRACE_ANALYSIS_THREAD_OWNER_H

#include <stddef.h>
#include <stdint.h>

struct runtime_site;
struct model;
struct site;

enum { HOLDERS = 3 };

/* Those that hold most threads, most first; 0: the stack starts no such threads. */
size_t thread_owners(struct model *m, uint32_t stack, const struct runtime_site *holders[HOLDERS]);
void thread_owners_judge(struct model *m, struct site *s);

#endif
