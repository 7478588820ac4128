/* SPDX-License-Identifier: GPL-2.0 */
/* Numbers about one site, or several combined, from which verdicts and evidence are derived. */
#ifndef LEAKTRACE_ANALYSIS_MEASURE_H
#define LEAKTRACE_ANALYSIS_MEASURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analysis/heap_estimate.h"
#include "analysis/load_correlation.h"

struct analysis_options;
struct curve;
struct judgement;
struct object;
struct site;

/* Everything that the verdict of a site and its evidence are derived from. */
struct measures {
	uint8_t kind, type;
	bool whole;			/* the window is the site's whole life */
	bool unjoined;			/* exited threads are counted, instead of live ones */
	bool heap, stack;		/* pages: most of them are there */
	bool pooled;			/* pages: in mappings of an allocator, as others' are */
	bool sampled;			/* pages: blocks of the heap are sampled, too */
	bool fixed;			/* pages: in shared mappings that do not become more */
	bool outside;			/* counted by looks at /proc */
	bool unplaced;			/* pages: the process exited, and where they were is unknown */
	struct heap_sums sums;		/* heap: what the live samples stand for */
	double share;			/* pages: of all live pages created since attach */
	double window_s;		/* from the first creation in it to the end */
	double grew_s;			/* from the first to the last creation of a live object */
	uint64_t grew_first, grew_second; /* growth in either half of that time */
	double idle_s;			/* since the last creation of a live object */
	double horizon_s;		/* T: older objects are old */
	double bucket_s;
	unsigned int buckets, generations;
	uint64_t born, died, live;
	uint64_t old;			/* live and older than T */
	uint64_t late;			/* released after more than T */
	uint64_t recent;		/* live, created in the last two thirds of the window */
	uint64_t first_half, second_half; /* growth in either half of the time in which it grew */
	uint64_t before;		/* live, created in the before_s before the window */
	double before_s;
	uint64_t turnover;		/* baseline objects released, this site's share of them */
	size_t births;			/* distinct times of creation */
	double z, p;			/* Mann-Kendall */
	double slope, slope_low, slope_high;	/* per second */
	double sure;			/* Wilson's lower bound of the share of old objects that stay */
	struct load_correlation correlation;
	double life_p50_s, life_p95_s, life_max_s;
};

/* The live objects of one site: times of creation, with counts. */
struct births {
	const struct object *o;		/* oldest first */
	size_t n;
	bool exits;			/* count exited threads instead */
	bool pooled;			/* it is known that an allocator has them */
	unsigned int more_sites;	/* number of sites beyond the first that were combined */
};

uint64_t birth_ns(const struct births *b, size_t i);
bool birth_counts(const struct births *b, size_t i);
void measure(struct measures *x, const struct site *s, const struct births *b,
	     const struct curve *c, double from_s, double end_s, const struct analysis_options *opts);
void measure_life(struct judgement *j, const struct site *s, const struct births *b, double end_s);

#endif
