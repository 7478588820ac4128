/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the memory of a heap is used for, by arena and by size of blocks. Sizes are
 * those of the allocator's blocks, with its headers.
 */
#ifndef LEAKTRACE_HEAP_USAGE_H
#define LEAKTRACE_HEAP_USAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "heap/block.h"
#include "heap/glibc.h"

/* Limits of classes: 32, 48, 64, 96, 128, … 1 GiB; the last one has the rest. */
enum { HEAP_CLASSES = 52 };

struct heap_class {
	uint64_t live_blocks, live_bytes;
	uint64_t free_blocks, free_bytes;	/* free in any way */
	uint64_t fragmented_bytes;	/* free between live blocks */
	uint64_t returnable_bytes;
};

struct heap_usage {
	uint64_t bytes;			/* that the allocator has from the system */
	uint64_t live_blocks, live_bytes;
	uint64_t cached_blocks, cached_bytes;	/* free, kept by threads for themselves */
	uint64_t fragmented_blocks, fragmented_bytes;	/* free, between live blocks */
	uint64_t top_bytes;		/* free, at the ends of arenas */
	uint64_t overhead_bytes;	/* the allocator's own */
	uint64_t returnable_bytes;	/* in memory, and malloc_trim() gives it back */
	uint64_t unread_bytes;		/* not known what for */
	struct heap_class size[HEAP_CLASSES];
};

uint64_t heap_class_max_bytes(unsigned int i);	/* UINT64_MAX: of the last one */
uint64_t heap_usage_free_bytes(const struct heap_usage *u);
uint64_t heap_usage_free_blocks(const struct heap_usage *u);

/* One for each arena of g, and one more for blocks with mappings of their own. */
struct heap_usage *heap_usage_new(const struct heap_process *p, const struct glibc *g, const struct heap_blocks *b);
void heap_usage_add(struct heap_usage *sum, const struct heap_usage *u);

/* What malloc_trim(0) returns of a free block, and of the main arena's top. */
struct trim {
	uint64_t start, end;
};

struct trim trim_free(uint64_t start, uint64_t end);
struct trim trim_top(uint64_t start, uint64_t end);

#endif
