/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The blocks of a heap by address, nine bytes each. An area is a range without
 * gaps: each of its blocks ends where the next one begins.
 */
#ifndef LEAKTRACE_HEAP_BLOCK_H
#define LEAKTRACE_HEAP_BLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum block_state {
	BLOCK_LIVE,
	BLOCK_CACHED,			/* free, kept by a thread for itself */
	BLOCK_FAST,			/* free, not merged with its neighbours */
	BLOCK_FREE,			/* free, merged */
	BLOCK_TOP,			/* the free end of an arena */
	BLOCK_OVERHEAD,			/* the allocator's own */
	BLOCK_STATES,
};

enum {
	BLOCK_STATE_MASK = 0x0f,
	BLOCK_REFERRED = 0x80,		/* something refers to it */
	BLOCK_INDIRECT = 0x40,		/* a block to which nothing refers does */
	BLOCK_CACHE = 0x20,		/* it is itself a thread's list of cached blocks */
};

enum { AREA_MAPPED = UINT32_MAX };	/* in place of an arena: blocks with mappings of their own */

struct heap_area {
	uint64_t start, end;
	uint32_t arena;			/* index, or AREA_MAPPED */
	size_t first, n;		/* its blocks */
	uint32_t *page;			/* of each page the last block that begins at or before it */
};

struct heap_blocks {
	uint64_t *at;			/* ascending; where the allocator's header is */
	uint8_t *flags;			/* a state, BLOCK_REFERRED, BLOCK_INDIRECT */
	size_t n, capacity, flags_capacity;
	struct heap_area *area;		/* ascending, disjoint */
	size_t areas, areas_capacity;
};

enum { BLOCKS_MAX = 64 << 20 };
enum { BLOCK_NONE = UINT32_MAX };

/* False: no memory, or more than BLOCKS_MAX. */
bool blocks_add(struct heap_blocks *b, uint64_t at, enum block_state state);
struct heap_area *blocks_add_area(struct heap_blocks *b, uint64_t start, uint32_t arena);
/* Sorts what follows for lookups; false: no memory. */
bool blocks_index(struct heap_blocks *b);
void blocks_free(struct heap_blocks *b);
size_t blocks_memory_bytes(const struct heap_blocks *b);

/* The area that covers an address, or NULL. */
const struct heap_area *blocks_area(const struct heap_blocks *b, uint64_t address);
/* The block that begins at this address, or BLOCK_NONE. */
uint32_t blocks_at(const struct heap_blocks *b, uint64_t at);
/* The block in whose content an address is, or BLOCK_NONE. */
uint32_t blocks_find(const struct heap_blocks *b, uint64_t address);

uint64_t block_end(const struct heap_blocks *b, const struct heap_area *area, size_t i);
/* What the program may use of it. */
uint64_t block_content(const struct heap_blocks *b, size_t i);
uint64_t block_content_bytes(const struct heap_blocks *b, const struct heap_area *area, size_t i);

static inline enum block_state block_state(const struct heap_blocks *b, size_t i)
{
	return b->flags[i] & BLOCK_STATE_MASK;
}

static inline void block_set_state(struct heap_blocks *b, size_t i, enum block_state state)
{
	b->flags[i] = (b->flags[i] & ~BLOCK_STATE_MASK) | state;
}

#endif
