/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A time series for each kind and for each site, from the samples of a live
 * session or the points of a recording. model.history holds it; NULL if there
 * is only one sample.
 *
 * A series is in order of time and never longer than HISTORY_POINTS: when it is
 * full, every second point is dropped, so that it always covers the whole time,
 * with ever fewer points. A site that did not change gets no point: between two
 * points its numbers are those of the earlier one.
 */
#ifndef LEAKTRACE_HISTORY_H
#define LEAKTRACE_HISTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { HISTORY_POINTS = 512 };

struct curve;
struct history;
struct proc_load;
struct model;

struct history_point {
	uint64_t t_ns;			/* monotonic, as target.now_ns */
	uint64_t born, died;		/* since the target was attached */
	uint64_t live;			/* of a kind: baseline included */
	uint64_t bytes;			/* of live memory; 0 for all but pages */
};

struct history *history_new(void);	/* NULL: no memory */
void history_free(struct history *h);	/* NULL is fine */

/*
 * The points of a kind or a site, oldest first; valid until a point is added.
 * Returns their number, 0 if there are none.
 */
size_t history_of_kind(const struct history *h, unsigned int kind,
		       const struct history_point **points);
size_t history_of_site(const struct history *h, uint32_t site,
		       const struct history_point **points);

/* The time of the first and the last point of any series; 0: there is none. */

/*
 * Adds a point. One that is not later than the last is ignored: time does not
 * go backwards. 0, -EINVAL: no such kind, -ENOMEM.
 */
int history_add_kind(struct history *h, unsigned int kind, const struct history_point *p);
int history_add_site(struct history *h, uint32_t site, const struct history_point *p);

/*
 * What the target had read, written and computed by then, interpolated between
 * points. false: there is no sample that early, or none since.
 */
int history_add_load(struct history *h, uint64_t t_ns, const struct proc_load *l);
bool history_load_at(const struct history *h, double t_s, struct proc_load *l);

/* Adds a point for each kind of m, for each site that changed, and for the load. 0 or -ENOMEM. */
int history_sample(struct history *h, const struct model *m);

/* For analysis_run(): the live objects of a site over time. NULL: fewer than two points. */
const struct curve *history_curve(uint32_t site, void *history);

#endif
