/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A recording while it is made. Functions return 0 or -errno; the first error
 * is kept, and from then on nothing is written. What was written before stays.
 */
#ifndef LEAKTRACE_RECORD_H
#define LEAKTRACE_RECORD_H

#include "leaktrace.h"

struct record_plan {
	const char *path;
	double interval_s;		/* between points */
	uint64_t max_bytes;		/* of the file and of what is written while it is thinned */
	double rotate_s;		/* a new file every so often; 0: never */
	uint64_t rotate_bytes;		/* a new file when it is that long; 0: never */
	unsigned int keep;		/* files that were rotated away */
	bool symbols;
};

struct recorder;

struct recorder *recorder_open(const struct record_plan *plan, char *err, size_t errlen);
int recorder_event(struct recorder *r, const struct event *e);
int recorder_point(struct recorder *r, const struct model *m);	/* has fresh sites, settled */
/* A whole look at m->target if one is due, or if it must be; m gets what is read. */
int recorder_look(struct recorder *r, struct client *c, struct model *m, bool must);
void recorder_forget_names(struct recorder *r, uint32_t target);	/* it called exec */
int recorder_flush(struct recorder *r);		/* what was said so far can be read */
bool recorder_rotation_due(const struct recorder *r);
int recorder_rotate(struct recorder *r);	/* between two looks at everything */
uint64_t recorder_bytes(const struct recorder *r);
int recorder_close(struct recorder *r);		/* the end is written; NULL is fine */

/*
 * thin.c: the first until_bytes of a recording, with coarser history in their
 * older half and without events, into another file, which must not exist.
 */
int thin(const char *path, const char *into, uint64_t until_bytes);

#endif
