// SPDX-License-Identifier: GPL-2.0
/* Parses times within a recording. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "session/time_point.h"
#include "tracefile/reader.h"
#include "util/error.h"
#include "util/parse.h"

/* "Z", "+01:00", or nothing: local time. False: invalid. */
static bool parse_offset(const char *arg, struct tm *tm, double *wall_s)
{
	int hours, minutes;
	char sign, end;

	if (!*arg) {
		tm->tm_isdst = -1;
		*wall_s = mktime(tm);
		return true;
	}
	*wall_s = timegm(tm);
	if (!strcmp(arg, "Z") || !strcmp(arg, "z"))
		return true;
	if (sscanf(arg, "%c%2d:%2d%c", &sign, &hours, &minutes, &end) != 3 ||
	    (sign != '+' && sign != '-') || hours > 23 || minutes > 59)
		return false;
	*wall_s -= (sign == '-' ? -1 : 1) * (hours * 3600 + minutes * 60);
	return true;
}

static bool parse_wall(const char *arg, double *wall_s)
{
	struct tm tm = { 0 };
	const char *rest = strptime(arg, "%Y-%m-%dT%H:%M:%S", &tm);
	double part_s = 0;
	char *end;

	if (!rest)
		rest = strptime(arg, "%Y-%m-%d %H:%M:%S", &tm);
	if (!rest)
		return false;
	if (*rest == '.') {
		part_s = strtod(rest, &end);
		rest = end;
	}
	if (!parse_offset(rest, &tm, wall_s))
		return false;
	*wall_s += part_s;
	return true;
}

int time_point_parse(const char *arg, const struct trace_survey *s, uint64_t *t_ns)
{
	double offset_s = *arg == '+' || *arg == '-' ? parse_duration_s(arg + 1) : -1, wall_s, t_s;

	if (offset_s >= 0)
		t_s = *arg == '+' ? s->first_ns / 1e9 + offset_s : s->last_ns / 1e9 - offset_s;
	else if (parse_wall(arg, &wall_s))
		t_s = wall_s - s->wall_minus_mono_s;
	else
		return fail("--between: '%s' is not a time (2026-11-21T14:00:00Z, +30s, -5m)", arg);
	*t_ns = t_s <= 0 ? 0 : t_s >= 1e10 ? UINT64_MAX : (uint64_t)(t_s * 1e9);
	return 0;
}
