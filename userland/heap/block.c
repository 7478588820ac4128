// SPDX-License-Identifier: GPL-2.0
/* The table of blocks, and which block an address belongs to. */
#include <stdlib.h>
#include <string.h>

#include "heap/block.h"
#include "util/array.h"
#include "util/units.h"

enum {
	HEADER_BYTES = 16,		/* the size of the block before, if that is free; its own size */
	SHARED_BYTES = 8,		/* of the next header, which a live block uses */
};

/** blocks_add_area() - begin an area behind all others; NULL: no memory */
struct heap_area *blocks_add_area(struct heap_blocks *b, uint64_t start, uint32_t arena)
{
	struct heap_area *area;

	if (!array_reserve(b->area, b->areas_capacity, b->areas, 1))
		return NULL;
	area = &b->area[b->areas++];
	*area = (struct heap_area){ .start = start, .end = start, .arena = arena, .first = b->n };
	return area;
}

/** blocks_add() - add a block to the last area */
bool blocks_add(struct heap_blocks *b, uint64_t at, enum block_state state)
{
	if (b->n >= BLOCKS_MAX || !array_reserve(b->at, b->capacity, b->n, 1) ||
	    !array_reserve(b->flags, b->flags_capacity, b->n, 1))
		return false;
	b->at[b->n] = at;
	b->flags[b->n++] = state;
	return true;
}

static bool index_area(const struct heap_blocks *b, struct heap_area *a)
{
	uint64_t first_page = a->start / PAGE_BYTES, pages = (a->end - 1) / PAGE_BYTES - first_page + 1;
	size_t i = a->first;

	a->page = calloc(pages + 1, sizeof(*a->page));
	if (!a->page)
		return false;
	for (uint64_t page = 0; page < pages; page++) {
		while (i + 1 < a->first + a->n && b->at[i + 1] <= (first_page + page) * PAGE_BYTES)
			i++;
		a->page[page] = i;
	}
	a->page[pages] = a->first + a->n - 1;
	return true;
}

/** blocks_index() - make blocks_find() possible; no area or block may be added afterwards */
bool blocks_index(struct heap_blocks *b)
{
	for (size_t i = 0; i < b->areas; i++)
		if (b->area[i].n && !index_area(b, &b->area[i]))
			return false;
	return true;
}

/** blocks_free() - release what it holds, and empty it */
void blocks_free(struct heap_blocks *b)
{
	for (size_t i = 0; i < b->areas; i++)
		free(b->area[i].page);
	free(b->at);
	free(b->flags);
	free(b->area);
	memset(b, 0, sizeof(*b));
}

/** blocks_area() - the area that covers an address, or NULL */
const struct heap_area *blocks_area(const struct heap_blocks *b, uint64_t address)
{
	size_t low = 0, high = b->areas;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (b->area[mid].end <= address)
			low = mid + 1;
		else
			high = mid;
	}
	return low < b->areas && b->area[low].start <= address && b->area[low].n ? &b->area[low] : NULL;
}

/* The last block of an area that begins at or before an address in it. */
static size_t last_before(const struct heap_blocks *b, const struct heap_area *a, uint64_t address)
{
	uint64_t page = address / PAGE_BYTES - a->start / PAGE_BYTES;
	size_t low = a->page[page], high = a->page[page + 1];

	while (low < high) {
		size_t mid = low + (high - low + 1) / 2;

		if (b->at[mid] <= address)
			low = mid;
		else
			high = mid - 1;
	}
	return low;
}

/** blocks_at() - the block that begins at an address, or BLOCK_NONE */
uint32_t blocks_at(const struct heap_blocks *b, uint64_t at)
{
	const struct heap_area *a = blocks_area(b, at);
	size_t i = a ? last_before(b, a, at) : 0;

	return a && b->at[i] == at ? i : BLOCK_NONE;
}

/** blocks_find() - the block in whose content an address is, or BLOCK_NONE */
uint32_t blocks_find(const struct heap_blocks *b, uint64_t address)
{
	const struct heap_area *a = blocks_area(b, address);
	size_t i;

	if (!a)
		return BLOCK_NONE;
	i = last_before(b, a, address);
	if (address - b->at[i] >= HEADER_BYTES)
		return i;
	return address - b->at[i] < SHARED_BYTES && i > a->first ? i - 1 : BLOCK_NONE;
}

/** block_end() - where the next one begins */
uint64_t block_end(const struct heap_blocks *b, const struct heap_area *area, size_t i)
{
	return i + 1 < area->first + area->n ? b->at[i + 1] : area->end;
}

/** block_content() - the address that the program knows */
uint64_t block_content(const struct heap_blocks *b, size_t i)
{
	return b->at[i] + HEADER_BYTES;
}

/** block_content_bytes() - how much the program may use, as malloc_usable_size() tells it */
uint64_t block_content_bytes(const struct heap_blocks *b, const struct heap_area *area, size_t i)
{
	uint64_t bytes = block_end(b, area, i) - b->at[i];

	return bytes - (area->arena == AREA_MAPPED ? HEADER_BYTES : HEADER_BYTES - SHARED_BYTES);
}

/** blocks_memory_bytes() - what the table takes of our own memory */
size_t blocks_memory_bytes(const struct heap_blocks *b)
{
	size_t bytes = b->capacity * sizeof(*b->at) + b->flags_capacity + b->areas_capacity * sizeof(*b->area);

	for (size_t i = 0; i < b->areas; i++)
		bytes += (b->area[i].end - b->area[i].start) / PAGE_BYTES * sizeof(*b->area[i].page);
	return bytes;
}
