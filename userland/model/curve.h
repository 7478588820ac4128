/* SPDX-License-Identifier: GPL-2.0 */
/* The number of live objects of a site over time. */
#ifndef LEAKTRACE_MODEL_CURVE_H
#define LEAKTRACE_MODEL_CURVE_H

struct curve {				/* sampled, in order of time */
	unsigned int n;
	double t_s[64];	/* CLOCK_MONOTONIC */
	double live[64];
};

#endif
