/* SPDX-License-Identifier: GPL-2.0 */
/* Limits that more than one step of the analysis applies. */
#ifndef LEAKTRACE_THRESHOLDS_H
#define LEAKTRACE_THRESHOLDS_H

#define HORIZON_S	3.0	/* what is older is old; of pages of the heap: */
#define HEAP_HORIZON_S	60.0

enum {
	LEAK_OLD = 8,		/* fewer are not enough to wake a colleague */
	LEAK_OLD_EARLY = 16,	/* nor these, while a program may still be setting up */
	EARLY_S = 30,
};

/* How many old objects a leak has at least, seen for so long. */
static inline unsigned int leak_old_min(double window_s)
{
	return window_s < EARLY_S ? LEAK_OLD_EARLY : LEAK_OLD;
}

#endif
