/* SPDX-License-Identifier: GPL-2.0 */
/* Growth compared with the load of the target, from a session's curve. */
#ifndef LEAKTRACE_ANALYSIS_LOAD_CORRELATION_H
#define LEAKTRACE_ANALYSIS_LOAD_CORRELATION_H

#include <stdbool.h>

#include "model/proc_load.h"

struct curve;
struct history;

enum load_relation { FOLLOWS_UNKNOWN, FOLLOWS_LOAD, FOLLOWS_STEADY, FOLLOWS_NOT };

struct load_correlation {
	enum load_relation how;		/* STEADY: the load is steady, so nothing can be said */
	enum load_by by;		/* the load that explains growth best */
	double r;			/* Pearson's r, over so many intervals: */
	unsigned int steps;
	double per_unit;		/* growth per byte, or per microsecond of CPU time */
	bool stops;			/* growth stopped when the load did */
};

void correlate_with_load(struct load_correlation *f, const struct curve *c, double start_s, const struct history *h);

#endif
