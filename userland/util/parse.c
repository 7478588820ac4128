// SPDX-License-Identifier: GPL-2.0
/* Parsing of arguments that more than one layer accepts. */
#include <errno.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "util/macros.h"
#include "util/parse.h"

/* Seconds from "10", "10s", "1.5m", "2h", "1d" or "200ms"; negative if it is invalid. */
double parse_duration_s(const char *arg)
{
	static const struct {
		const char *unit;
		double s;
	} units[] = { { "", 1 }, { "ms", 0.001 }, { "s", 1 }, { "m", 60 }, { "h", 3600 }, { "d", 86400 } };
	char *end;
	double v = strtod(arg, &end);

	if (end == arg || !isfinite(v) || v < 0)
		return -1;
	for (size_t i = 0; i < ARRAY_SIZE(units); i++)
		if (!strcmp(end, units[i].unit))
			return v * units[i].s;
	return -1;
}

/* Bytes from "64M", "1G" or "4096"; 0: invalid. */
uint64_t parse_size_bytes(const char *arg)
{
	static const char units[] = "KMGT";
	char *end;
	double v = strtod(arg, &end);
	const char *unit = *end ? strchr(units, *end) : NULL;

	if (end == arg || !(v > 0) || v > 1e18 || (*end && (!unit || end[1])))
		return 0;
	for (const char *u = units; unit && u <= unit; u++)
		v *= 1024;
	return v < 1e18 ? v : 0;
}

int parse_pid(const char *arg, pid_t *pid)
{
	char *end;
	long v = strtol(arg, &end, 10);

	if (end == arg || *end || v <= 0 || v > 1 << 22)
		return -EINVAL;
	*pid = v;
	return 0;
}
