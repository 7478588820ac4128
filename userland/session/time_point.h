/* SPDX-License-Identifier: GPL-2.0 */
#ifndef LEAKTRACE_WHEN_H
#define LEAKTRACE_WHEN_H

#include <stdint.h>

struct trace_survey;

/*
 * Parses a time within a recording: 2026-11-21T14:00:00Z (RFC 3339; local time
 * without an offset), +30s from its start, -5m from its end. Sets monotonic
 * nanoseconds of the recorded host; 0, or EXIT_TROUBLE after an error message.
 */
int time_point_parse(const char *arg, const struct trace_survey *s, uint64_t *t_ns);

#endif
