/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Writes a recording. Functions return 0 or -errno; after the first error
 * nothing more is written. What was written before remains readable.
 */
#ifndef LEAKTRACE_RECORDER_H
#define LEAKTRACE_RECORDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct client;
struct event;
struct model;
struct recorder;

struct record_plan {
	const char *path;
	double interval_s;		/* between points */
	uint64_t max_bytes;		/* of the file, and of its compacted copy */
	double rotate_s;		/* rotate at this interval; 0: never */
	uint64_t rotate_bytes;		/* rotate at this size; 0: never */
	unsigned int keep;		/* number of rotated files to keep */
	bool symbols;
};

struct recorder *recorder_open(const struct record_plan *plan, char *err, size_t errlen);
int recorder_event(struct recorder *r, const struct event *e);
int recorder_point(struct recorder *r, const struct model *m);	/* m has current sites, settled */
/* Writes a snapshot of m->target if one is due, or if must; the data is also read into m. */
int recorder_snapshot(struct recorder *r, struct client *c, struct model *m, bool must);
void recorder_forget_names(struct recorder *r, uint32_t target);	/* after exec */
int recorder_flush(struct recorder *r);		/* makes everything so far readable */
bool recorder_rotation_due(const struct recorder *r);
int recorder_rotate(struct recorder *r);	/* call it between snapshots of all targets */
uint64_t recorder_bytes(const struct recorder *r);
int recorder_close(struct recorder *r);		/* writes the end; NULL is fine */

#endif
