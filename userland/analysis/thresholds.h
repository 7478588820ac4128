/* SPDX-License-Identifier: GPL-2.0 */
/* Thresholds that more than one step of the analysis uses. */
#ifndef LEAKTRACE_THRESHOLDS_H
#define LEAKTRACE_THRESHOLDS_H

#define HORIZON_S	3.0	/* objects older than this are old; for pages of the heap: */
#define HEAP_HORIZON_S	60.0

#define CACHE_CONFIDENCE_MAX	0.3

enum {
	SMALL_BYTES = 128 << 10,	/* of memory: less is told only if asked for */
	LEAK_OLD = 8,		/* with fewer old objects there is no alarm */
	LEAK_OLD_EARLY = 16,	/* nor with fewer than this, in the first EARLY_S */
	EARLY_S = 30,
};

/* The minimum number of old objects of a leak. */
static inline unsigned int leak_old_min(double window_s)
{
	return window_s < EARLY_S ? LEAK_OLD_EARLY : LEAK_OLD;
}

#endif
