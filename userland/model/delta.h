/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Two looks at one target, or at two runs of one program: what came between.
 */
#ifndef LEAKTRACE_SINCE_H
#define LEAKTRACE_SINCE_H

#include "leaktrace.h"

/* The same tracing of the same process: numbers and ids mean the same in both. */
bool since_same(const struct model *a, const struct model *b);

/*
 * Make of m, a look at a target, what it would have been if tracing had begun
 * when base, an earlier look at the same, was taken: what lived then is its
 * baseline. Both are settled before and after. 0, -EINVAL: base is not an
 * earlier look at that target.
 */
int since(struct model *m, const struct model *base);

/* One way through the program, in either of two models; sites of one kind. */
struct difference {
	struct site *site;		/* of the newer; NULL: it has none */
	struct site *before;		/* of the older; NULL: it had none */
	struct model *model;		/* whose frames name it */
	uint64_t live, live_before;
};

/* Malloced, the greatest growth first; growth and shrinkage only. */
size_t since_differences(struct model *older, struct model *newer, struct difference **d);

/*
 * difference.c: say it. same: it is one process, seen twice, and newer has been
 * through since().
 */
struct difference_report {
	struct model *older, *newer;	/* judged; NULL: that file does not have it */
	bool same;
	struct difference *d;
	size_t n;
};

bool difference_leaks(const struct difference_report *r);	/* something grew that is a leak */
void difference_text(FILE *f, const struct difference_report *r, const struct report_style *look);
int difference_json(FILE *f, const struct difference_report *r);	/* 0 or -errno */

#endif
