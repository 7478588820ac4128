/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How many there were when: a time series for each kind and for each site, fed
 * by the looks of a live session or by the points of a recording. model.history
 * holds it; NULL where nobody looked more than once.
 *
 * A series is in order of time and never longer than HISTORY_POINTS: when it is
 * full, every second of its points goes, so that it always spans all that was
 * seen, ever more coarsely. A site that did not change gets no point: between
 * two points its numbers are those of the earlier.
 */
#ifndef LEAKTRACE_HISTORY_H
#define LEAKTRACE_HISTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { HISTORY_POINTS = 512 };

struct model;
struct curve;
struct load;
struct history;

struct history_point {
	uint64_t t_ns;			/* monotonic, as target.now_ns */
	uint64_t born, died;		/* since the target was attached */
	uint64_t live;			/* of a kind: baseline included */
	uint64_t bytes;			/* of memory that lives; 0 for all but pages */
};

struct history *history_new(void);	/* NULL: no memory */
void history_free(struct history *h);	/* NULL is fine */

/*
 * The points of a kind or a site, oldest first; they belong to the history and
 * are valid until it gets another. Returns how many: 0, if nothing is known.
 */
size_t history_of_kind(const struct history *h, unsigned int kind,
		       const struct history_point **points);
size_t history_of_site(const struct history *h, uint32_t site,
		       const struct history_point **points);

/* When the first and the last point of anything were taken; 0: never. */
uint64_t history_first_ns(const struct history *h);
uint64_t history_last_ns(const struct history *h);

/*
 * One more point. What is not later than the series' last point is ignored:
 * time does not run backwards. 0, -EINVAL: no such kind, -ENOMEM.
 */
int history_add_kind(struct history *h, unsigned int kind, const struct history_point *p);
int history_add_site(struct history *h, uint32_t site, const struct history_point *p);

/*
 * What the target itself had done by then; between two points as if evenly.
 * false: that long ago, or since then, nobody looked.
 */
int history_add_load(struct history *h, uint64_t t_ns, const struct load *l);
bool history_load_at(const struct history *h, double t_s, struct load *l);

/* A point of each kind of m, of each site that changed, and of the load. 0 or -ENOMEM. */
int history_sample(struct history *h, const struct model *m);

/* For judge(): what lived of a site over time. NULL: fewer than two points. */
const struct curve *history_curve(uint32_t site, void *history);

#endif
