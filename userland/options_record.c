// SPDX-License-Identifier: GPL-2.0
/* The options of record: how often, how much, how many. */
#include <stdlib.h>
#include <string.h>

#include "cli.h"

/* "64M", "1G", "4096": bytes; 0: it is none. */
static uint64_t parse_size(const char *arg)
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

/* As perf has it: 10m is a time, 10M a size, and a size needs its unit. */
static int parse_rotate(const char *arg, struct options *o)
{
	o->rotate_bytes = strpbrk(arg, "KMGT") ? parse_size(arg) : 0;
	o->rotate_s = o->rotate_bytes ? 0 : options_time(arg);
	return o->rotate_bytes || o->rotate_s >= 1 ? 0 :
		fail("--rotate: '%s' is neither size (64M, 1G) nor time of a second or more (1h)", arg);
}

int options_record(const char *name, const char *arg, struct options *o)
{
	char *end;

	switch (name[0]) {
	case 'i':
		o->interval_s = options_time(arg);
		return o->interval_s >= 1 ? 0 : fail("--interval: '%s' is no time of a second or more (10s, 1m)", arg);
	case 'm':
		o->max_bytes = parse_size(arg);
		return o->max_bytes >= 1 << 20 ? 0 : fail("--max-size: '%s' is no size of at least 1M (64M, 1G)", arg);
	case 'r':
		return parse_rotate(arg, o);
	case 'k':
		o->keep = strtoul(arg, &end, 10);
		return *end || !o->keep || o->keep > 9999 ? fail("--keep: '%s' is no number from 1 to 9999", arg) : 0;
	}
	o->events = true;
	return 0;
}
