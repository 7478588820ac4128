/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Growth and release of memory, over all sites of pages: a page of the heap
 * shows who touched it first, not who keeps it in use.
 */
#ifndef LEAKTRACE_RSS_H
#define LEAKTRACE_RSS_H

#include <stdbool.h>
#include <stdint.h>

#include "model/address_range.h"

struct model;
struct symbol_frame;

enum { RSS_PARTS = 5 };

#define RSS_PATH_SHARE 0.8		/* minimum share of the growth to be attributed to one function */

struct rss_part {
	uint32_t id;			/* site (grew), or release stack (gave) */
	uint64_t pages;
};

struct rss {				/* counts are pages */
	uint64_t touched, given_back;	/* since attach; given_back includes baseline pages */
	uint64_t baseline_given_back;
	uint64_t new_live;		/* touched, and still in use */
	uint64_t range[RANGES];		/* of new_live, by kind of memory */
	uint64_t ranged;		/* the sum of range[] */
	const struct symbol_frame *path;	/* deepest frame of most of the growth; NULL: none */
	double path_share;
	struct rss_part grew[RSS_PARTS], gave[RSS_PARTS];
	unsigned int ngrew, ngave;
};

/* false: no pages were traced, or none were touched or released. Frames belong to the model. */
bool rss_read(struct model *m, struct rss *x);

#endif
