/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How coarse a recording has to become to be as small as it shall be: between
 * two looks at a target there is at least a share of the later one's age, and
 * between two points a fraction of that. So the density of what is known falls
 * with its age and no faster, however often it is thinned.
 */
#ifndef LEAKTRACE_THIN_PLAN_H
#define LEAKTRACE_THIN_PLAN_H

#include "util/id_table.h"
#include "tracefile/format.h"

struct thin_plan {
	uint64_t now_ns;		/* the latest time in the file */
	double share;			/* of the age; 0: everything stays */
	struct rows last;		/* looks that must stay: the last of each target */
};

/* Reads the first until_bytes. 0 or -errno; thin_plan_free() in any case. */
int thin_plan(struct thin_plan *p, const char *path, uint64_t until_bytes);
void thin_plan_free(struct thin_plan *p);

/* Whether a look or a point stays, kept_ns after the last that did; 0: none did. */
bool thin_keeps_look(const struct thin_plan *p, uint32_t target, uint64_t t_ns, uint64_t kept_ns);
bool thin_keeps_point(const struct thin_plan *p, uint64_t t_ns, uint64_t kept_ns);

#endif
