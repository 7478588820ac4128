/* SPDX-License-Identifier: GPL-2.0 */
/* What samples of a heap say of all its blocks. */
#ifndef LEAKTRACE_ANALYSIS_HEAP_ESTIMATE_H
#define LEAKTRACE_ANALYSIS_HEAP_ESTIMATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct model;

struct heap_sums {			/* of live samples */
	uint64_t samples;
	double blocks, bytes;		/* estimates */
	double exact, variance, largest;	/* bytes that are certain; of the others' sum */
};

struct heap_interval { double low, high; };	/* bytes, 95 % */

void heap_sums_add(struct heap_sums *sums, uint64_t size_bytes, uint64_t mean_bytes);
struct heap_interval heap_sums_interval(const struct heap_sums *sums);

/* Of the live blocks of some sites. */
void heap_sums_of_sites(struct model *m, const uint32_t *sites, size_t n, struct heap_sums *sums);

#endif
