/* SPDX-License-Identifier: GPL-2.0 */
/* What samples of a heap say of all its blocks. */
#ifndef LEAKTRACE_ANALYSIS_HEAP_ESTIMATE_H
#define LEAKTRACE_ANALYSIS_HEAP_ESTIMATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct model;
struct site;

struct heap_sums {			/* of live samples */
	uint64_t samples;
	double blocks, bytes;		/* estimates */
	double exact, variance, largest;	/* bytes that are certain; of the others' sum */
};

struct heap_interval { double low, high; };	/* bytes, 95 % */

void heap_sums_add(struct heap_sums *sums, uint64_t size_bytes, uint64_t mean_bytes);
void heap_sums_join(struct heap_sums *sums, const struct heap_sums *more);
struct heap_interval heap_sums_interval(const struct heap_sums *sums);

/* Growth of a site, whose interval is that of the samples' number. */
struct heap_rate { double bytes; struct heap_interval interval; };

/* Makes the interval as wide as it is of what the samples stand for; samples: so many of them grew. */
void heap_sums_rate(const struct heap_sums *sums, double samples, struct heap_rate *rate);

/* How many bytes there are more than before, in another run; before NULL: there were none. */
struct heap_change { double bytes; struct heap_interval interval; };

void heap_sums_change(const struct heap_sums *before, const struct heap_sums *after, struct heap_change *change);

/*
 * All blocks of a site. Of a sample that died the size is not known: it stands for as much as
 * a live one of the same site. Where there is none, for one block, and for the mean distance
 * of samples, as small blocks do. Whole numbers, so that what is added up of them fits.
 */
struct heap_estimate { uint64_t live, live_bytes, died, died_bytes; };

uint64_t heap_live_bytes(struct model *m);	/* of all sites */
void heap_estimate_site(struct model *m, const struct site *s, struct heap_estimate *e);

/* Of the live blocks of some sites. */
void heap_sums_of_sites(struct model *m, const uint32_t *sites, size_t n, struct heap_sums *sums);
uint64_t heap_mean_bytes(struct model *m);	/* between samples; 0: there is none that lives */

#endif
