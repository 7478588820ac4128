/* SPDX-License-Identifier: GPL-2.0 */
#ifndef LEAKTRACE_WHEN_H
#define LEAKTRACE_WHEN_H

#include "tracefile/format.h"

/*
 * A moment of a recording, as people say it: 2026-11-21T14:00:00Z (RFC 3339;
 * without an offset in local time), +30s after its start, -5m before its end.
 * Monotonic nanoseconds of its host; 0, or EXIT_TROUBLE when it is none and
 * that was said.
 */
int when_parse(const char *arg, const struct trace_survey *s, uint64_t *t_ns);

#endif
