/* SPDX-License-Identifier: GPL-2.0 */
/*
 * malloc of glibc 2.31 to 2.41, 64 bits, as its structures lie in memory. No symbols
 * are needed: the main arena is recognised in the library's data, all else is linked
 * from there.
 *
 * A block ("chunk") begins with two words: the size of the block before it, if that
 * is free, and its own size with three flags.
 */
#ifndef LEAKTRACE_HEAP_GLIBC_H
#define LEAKTRACE_HEAP_GLIBC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "heap/block.h"
#include "heap/process.h"

#define GLIBC_HEAP_BYTES	(64ULL << 20)	/* heaps of other arenas begin at multiples of it */

enum {
	GLIBC_FAST_BINS = 10,
	GLIBC_ARENA_BYTES = 2200,
	GLIBC_ALIGN = 16,
	GLIBC_MIN_BYTES = 32,		/* the smallest block */
	GLIBC_OLDEST = 31, GLIBC_NEWEST = 41,

	CHUNK_PREV_IN_USE = 1,
	CHUNK_MAPPED = 2,
	CHUNK_FLAGS = 7,
};

struct glibc_arena {
	uint64_t at;			/* struct malloc_state */
	bool is_main;
	uint64_t top;			/* the free block at its end; 0: it has no memory yet */
	uint64_t fast[GLIBC_FAST_BINS];
	uint64_t next, system_bytes, threads;
	uint64_t unread_bytes;		/* of system_bytes, but not in the table of blocks */
};

struct glibc {
	unsigned int minor;		/* of its version: 36 is 2.36; 0: unknown */
	uint64_t main_arena;
	struct glibc_arena *arena;	/* the main one first */
	size_t n, capacity;
	uint64_t sbrk_base;		/* where the main arena's memory begins; 0: it has none */
	uint64_t mapped_bytes;		/* blocks with mappings of their own, as malloc counts them */
	uint64_t mapped_unread_bytes;	/* of them not found; then those that were found are not sure */
	uint64_t cache_limit;		/* blocks of one size that a thread may keep */
	uint64_t cache_mark;		/* second word of a block that a thread keeps; 0: unknown */
	uint64_t torn;			/* what had to be read again because it had changed meanwhile */
};

/* glibc_find.c: 0; -ENOENT: no glibc, or it has not allocated anything; -ENOTSUP: another version. */
int glibc_find(const struct heap_process *p, struct glibc *g);
/* The lists of free blocks of all arenas, anew. */
void glibc_refresh_fast(const struct heap_process *p, struct glibc *g);
void glibc_free(struct glibc *g);

/* glibc_walk.c: all blocks, by address. 0 or -errno (-E2BIG: more than BLOCKS_MAX). */
int glibc_walk(const struct heap_process *p, struct glibc *g, struct heap_blocks *b);

/* glibc_mapped.c: areas of blocks with mappings of their own. */
struct glibc_range {
	uint64_t start, end;
	uint32_t arena;
};

struct glibc_ranges {
	struct glibc_range *range;
	size_t n, capacity;
};

bool glibc_add_range(struct glibc_ranges *r, uint64_t start, uint64_t end, uint32_t arena);
int glibc_find_mapped(const struct heap_process *p, struct glibc *g, struct glibc_ranges *r);

/* glibc_cached.c: blocks that look live but are free, by the lists of arenas and threads. */
void glibc_find_cached(const struct heap_process *p, struct glibc *g, struct heap_blocks *b);

#endif
