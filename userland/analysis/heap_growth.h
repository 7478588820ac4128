/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Growth of the heap, as pages show it: who touched them first, not who keeps them. Samples of
 * blocks, if there are any, name who allocates.
 */
#ifndef LEAKTRACE_ANALYSIS_HEAP_GROWTH_H
#define LEAKTRACE_ANALYSIS_HEAP_GROWTH_H

#include <stdbool.h>
#include <stdint.h>

#include "model/finding.h"

struct model;
struct symbol_frame;

enum { HEAP_TOUCHERS = 3 };

struct heap_toucher {			/* a function that touched pages first */
	const struct symbol_frame *frame;	/* of the line that touched most of them */
	uint64_t pages, of_line;
};

/* A finding of pages alone, that an allocator has. */
bool heap_growth_is(const struct finding *f);
const char *heap_growth_rate(const struct finding *f, char buf[32]);	/* "41 KiB/s" */

/* Whose heap most of it is in, "Go"; NULL: malloc's, or it is not known. */
const char *heap_growth_owner(struct model *m, const struct finding *f);

/* The functions that touched most, the most first; returns how many. */
unsigned int heap_growth_touchers(struct model *m, const struct finding *f,
				  struct heap_toucher list[HEAP_TOUCHERS]);

/* Growth that samples explain becomes a part of the finding that leaks most of it. */
void heap_growth_join(struct model *m, void (*merge)(struct model *m, struct finding *to,
						     struct finding *from, enum cause why));

#endif
