/* SPDX-License-Identifier: GPL-2.0 */
/* The difference between two snapshots, as text or JSON. */
#ifndef LEAKTRACE_REPORT_DIFF_H
#define LEAKTRACE_REPORT_DIFF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct difference;
struct model;
struct report_style;
struct runtime_difference;

struct difference_report {
	struct model *older, *newer;	/* with verdicts; NULL: not in that file */
	bool same;			/* two snapshots of one process, and delta_rebase() was applied to newer */
	struct difference *d;		/* from delta_compare() */
	size_t n;
	struct runtime_difference *runtime;	/* from runtime_delta_compare() */
	size_t nruntime;
};

unsigned int difference_leaks(const struct difference_report *r);	/* whether anything that grew is a leak */
void difference_text(FILE *f, const struct difference_report *r, const struct report_style *style);
int difference_json(FILE *f, const struct difference_report *r);	/* 0 or -errno */

#endif
