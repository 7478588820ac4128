/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Plans how far a recording is reduced to reach its target size. The distance
 * between two snapshots of a target is at least a given share of the later
 * one's age, and the distance between two points a fraction of that. So
 * resolution falls in proportion to age, however often a recording is
 * compacted.
 */
#ifndef LEAKTRACE_COMPACT_PLAN_H
#define LEAKTRACE_COMPACT_PLAN_H

#include <stdbool.h>
#include <stdint.h>

#include "util/id_table.h"

struct compact_plan {
	uint64_t now_ns;		/* the latest time in the file */
	double share;			/* of the age; 0: everything is kept */
	struct id_table last;		/* snapshots that must be kept: the last of each target */
};

/* Reads the first until_bytes. 0 or -errno; call compact_plan_free() in either case. */
int compact_plan_make(struct compact_plan *p, const char *path, uint64_t until_bytes);
void compact_plan_free(struct compact_plan *p);

/* Whether a snapshot or point is kept; kept_ns: time of the last one kept, 0 if none. */
bool compact_plan_keeps_snapshot(const struct compact_plan *p, uint32_t target, uint64_t t_ns, uint64_t kept_ns);
bool compact_plan_keeps_point(const struct compact_plan *p, uint64_t t_ns, uint64_t kept_ns);

#endif
