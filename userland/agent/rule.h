/* SPDX-License-Identifier: GPL-2.0 */
/* When a process is worth more than a look from outside. */
#ifndef LEAKTRACE_AGENT_RULE_H
#define LEAKTRACE_AGENT_RULE_H

#include <stdbool.h>
#include <stdint.h>

#include "host/row.h"

struct rules {
	double share[HOST_RESOURCES];	/* of its limit; 0: no rule */
	double growth_s;		/* for so long all the time; 0: no rule */
};

enum { GROWTH_PARTS = 8, RULE_REASON_BYTES = 200 };

/*
 * The least that there was in each part of the last growth_s: what is taken and given back
 * again, as by a garbage collector, makes no growth.
 */
struct growth {				/* initialise to zeroes */
	unsigned int parts;		/* that have begun */
	uint64_t part_end_ns;
	uint64_t low[GROWTH_PARTS + 1][HOST_RESOURCES];	/* oldest first; the last has not ended */
};

void growth_note(struct growth *g, const struct rules *r, const struct host_row *row, uint64_t now_ns);
bool growth_is_steady(const struct growth *g, enum host_resource which);

/* Whether one of them fires, and why, in words. */
bool rules_fire(const struct rules *r, const struct host_row *row, const struct growth *g,
		char reason[RULE_REASON_BYTES]);

#endif
