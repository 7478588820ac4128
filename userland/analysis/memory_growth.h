/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Who grew the memory, and who gave it back: all sites of pages taken together,
 * since a heap's page says who touched it first, not who keeps it full.
 */
#ifndef LEAKTRACE_RSS_H
#define LEAKTRACE_RSS_H

#include "leaktrace.h"

enum { RSS_PARTS = 5 };

#define RSS_PATH_SHARE 0.8		/* of the growth, to be one path's */

struct rss_part {
	uint32_t id;			/* of the site that grew, of the stack that gave back */
	uint64_t pages;
};

struct rss {				/* counts are pages */
	uint64_t touched, given_back;	/* since attach; the latter with baseline */
	uint64_t baseline_given_back;
	uint64_t new_live;		/* touched, and still there */
	uint64_t range[RANGES];		/* of those, by where they lie */
	uint64_t ranged;		/* of how many that is known */
	const struct symbol_frame *path;	/* deepest frame over most growth; NULL: none */
	double path_share;
	struct rss_part grew[RSS_PARTS], gave[RSS_PARTS];
	unsigned int ngrew, ngave;
};

/* false: no pages were traced, or none was touched. Frames belong to the model. */
bool rss_read(struct model *m, struct rss *x);

#endif
