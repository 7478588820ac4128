/* SPDX-License-Identifier: GPL-2.0 */
/* What is left of a watched process that has ended. */
#ifndef LEAKTRACE_AGENT_LAST_WORDS_H
#define LEAKTRACE_AGENT_LAST_WORDS_H

#include <stdbool.h>
#include <stddef.h>

struct agent;
struct watched;

/* "killed by the OOM killer (memory.max of its cgroup: 512 MiB)"; sure: it was this process that was killed. */
const char *last_words_oom(const struct watched *w, bool sure, char *buf, size_t len);
const char *last_words_end(const struct watched *w, char *buf, size_t len);	/* "killed by signal 9" */
/* Of one that was only looked at from outside: its numbers at the last look. */
void last_words_tell(struct agent *a, struct watched *w);

#endif
