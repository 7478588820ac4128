/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Matches the targets of two files: the same process in the same tracing
 * session; else the same program, and of several instances the one with the
 * same PID or at the same position; else the same name; else the only one.
 */
#ifndef LEAKTRACE_TARGET_MATCH_H
#define LEAKTRACE_TARGET_MATCH_H

struct trace_survey;

enum { MATCH_NONE = -1 };

/* For each target of newer the index in older, or MATCH_NONE; malloced. NULL: out of memory. */
int *target_match(const struct trace_survey *older, const struct trace_survey *newer);

#endif
