/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Growth and release of memory, over all sites of pages: a page of the heap
 * shows who touched it first, not who keeps it in use.
 */
#ifndef LEAKTRACE_MEMORY_GROWTH_H
#define LEAKTRACE_MEMORY_GROWTH_H

#include <stdbool.h>
#include <stdint.h>

#include "model/address_range.h"

struct model;
struct symbol_frame;

enum { MEMORY_PARTS = 5 };

#define MEMORY_PATH_SHARE 0.8		/* minimum share of the growth to be attributed to one function */

struct memory_part {
	uint32_t id;			/* site (grew), or release stack (gave) */
	uint64_t pages;
};

struct memory_growth {				/* counts are pages */
	uint64_t touched, given_back;	/* since attach; given_back includes baseline pages */
	uint64_t baseline_given_back;
	uint64_t new_live;		/* touched, and still in use */
	uint64_t range[RANGES];		/* of new_live, by kind of memory */
	uint64_t ranged;		/* the sum of range[] */
	const struct symbol_frame *path;	/* deepest frame of most of the growth; NULL: none */
	double path_share;
	struct memory_part grew[MEMORY_PARTS], gave[MEMORY_PARTS];
	unsigned int ngrew, ngave;
};

/* false: no pages were traced, or none were touched or released. Frames belong to the model. */
bool memory_growth_read(struct model *m, struct memory_growth *x);

#endif
