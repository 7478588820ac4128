/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Which target of one file is which of another: the same tracing of the same
 * process; else the same program, of several that with the same pid, or the one
 * at the same place in line; else the same name; else the only one there is.
 */
#ifndef LEAKTRACE_MATCH_H
#define LEAKTRACE_MATCH_H

#include "tracefile/format.h"

enum { MATCH_NONE = -1 };

/* For each of newer's targets the index of older's, or MATCH_NONE; malloced. NULL: no memory. */
int *match_targets(const struct trace_survey *older, const struct trace_survey *newer);

#endif
