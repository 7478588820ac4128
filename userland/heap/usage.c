// SPDX-License-Identifier: GPL-2.0
/* Sums over the table of blocks. */
#include <stdlib.h>

#include "heap/process.h"
#include "heap/usage.h"

/** heap_class_max_bytes() - the largest block of a class: 32, 48, 64, 96, … */
uint64_t heap_class_max_bytes(unsigned int i)
{
	if (i >= HEAP_CLASSES - 1)
		return UINT64_MAX;
	return (i % 2 ? 48ULL : 32ULL) << i / 2;
}

static struct heap_class *class_of(struct heap_usage *u, uint64_t bytes)
{
	unsigned int i = 0;

	while (bytes > heap_class_max_bytes(i))
		i++;
	return &u->size[i];
}

/** heap_usage_free_bytes() - all that is free, in whatever way */
uint64_t heap_usage_free_bytes(const struct heap_usage *u)
{
	return u->cached_bytes + u->fragmented_bytes + u->top_bytes;
}

/** heap_usage_free_blocks() - the same in blocks; the ends of arenas are none */
uint64_t heap_usage_free_blocks(const struct heap_usage *u)
{
	return u->cached_blocks + u->fragmented_blocks;
}

static void count(struct heap_usage *u, enum block_state state, uint64_t bytes)
{
	struct heap_class *c = class_of(u, bytes);

	switch (state) {
	case BLOCK_LIVE:
		u->live_blocks++;
		u->live_bytes += bytes;
		c->live_blocks++;
		c->live_bytes += bytes;
		return;
	case BLOCK_CACHED:
		u->cached_blocks++;
		u->cached_bytes += bytes;
		break;
	case BLOCK_FAST:
	case BLOCK_FREE:
		u->fragmented_blocks++;
		u->fragmented_bytes += bytes;
		c->fragmented_bytes += bytes;
		break;
	case BLOCK_TOP:
		u->top_bytes += bytes;
		return;
	default:
		u->overhead_bytes += bytes;
		return;
	}
	c->free_blocks++;
	c->free_bytes += bytes;
}

static bool is_merged(enum block_state state)
{
	return state == BLOCK_FREE || state == BLOCK_FAST;
}

/*
 * malloc_trim() merges free blocks first, also with the top. Counts what it returns
 * of the free blocks that begin with the ith; returns the first one behind them.
 */
static size_t trim_run(const struct heap_process *p, const struct glibc_arena *arena, const struct heap_blocks *b,
		       const struct heap_area *a, size_t i, struct heap_usage *u)
{
	uint64_t start = b->at[i], end, resident;
	size_t k = i, behind = a->first + a->n;
	struct trim t;
	bool is_top;

	while (k < behind && is_merged(block_state(b, k)))
		k++;
	is_top = k < behind && block_state(b, k) == BLOCK_TOP;
	end = is_top ? a->end : k < behind ? b->at[k] : a->end;
	if (is_top && !arena->is_main)
		return k + 1;
	t = is_top ? trim_top(start, end) : trim_free(start, end);
	resident = heap_resident(p, t.start, t.end);
	u->returnable_bytes += resident;
	class_of(u, end - start)->returnable_bytes += resident;
	return is_top ? k + 1 : k;
}

static void count_area(const struct heap_process *p, const struct glibc *g, const struct heap_blocks *b,
		       const struct heap_area *a, struct heap_usage *u)
{
	size_t i, behind = a->first + a->n;

	for (i = a->first; i < behind; i++)
		count(u, block_state(b, i), block_end(b, a, i) - b->at[i]);
	if (a->arena == AREA_MAPPED)
		return;
	for (i = a->first; i < behind;) {
		if (is_merged(block_state(b, i)) || block_state(b, i) == BLOCK_TOP)
			i = trim_run(p, &g->arena[a->arena], b, a, i, u);
		else
			i++;
	}
}

/**
 * heap_usage_new() - sum the blocks of each arena
 *
 * Return: one usage for each arena of g and one for blocks with mappings of their own,
 * which the caller frees; NULL: no memory.
 */
struct heap_usage *heap_usage_new(const struct heap_process *p, const struct glibc *g, const struct heap_blocks *b)
{
	struct heap_usage *u = calloc(g->n + 1, sizeof(*u));

	if (!u)
		return NULL;
	for (size_t i = 0; i < b->areas; i++) {
		const struct heap_area *a = &b->area[i];

		count_area(p, g, b, a, &u[a->arena < g->n ? a->arena : g->n]);
	}
	for (size_t i = 0; i < g->n; i++) {
		uint64_t known = u[i].live_bytes + heap_usage_free_bytes(&u[i]) + u[i].overhead_bytes;

		u[i].bytes = g->arena[i].system_bytes;
		u[i].unread_bytes = g->arena[i].unread_bytes;
		/* the headers of its heaps and of itself, which are no blocks */
		if (u[i].bytes > known + u[i].unread_bytes)
			u[i].overhead_bytes = u[i].bytes - u[i].unread_bytes - heap_usage_free_bytes(&u[i]) -
					      u[i].live_bytes;
	}
	u[g->n].bytes = g->mapped_bytes;
	u[g->n].unread_bytes = g->mapped_unread_bytes;
	return u;
}

/** heap_usage_add() - add one to a sum */
void heap_usage_add(struct heap_usage *sum, const struct heap_usage *u)
{
	sum->bytes += u->bytes;
	sum->live_blocks += u->live_blocks;
	sum->live_bytes += u->live_bytes;
	sum->cached_blocks += u->cached_blocks;
	sum->cached_bytes += u->cached_bytes;
	sum->fragmented_blocks += u->fragmented_blocks;
	sum->fragmented_bytes += u->fragmented_bytes;
	sum->top_bytes += u->top_bytes;
	sum->overhead_bytes += u->overhead_bytes;
	sum->returnable_bytes += u->returnable_bytes;
	sum->unread_bytes += u->unread_bytes;
	for (int i = 0; i < HEAP_CLASSES; i++) {
		struct heap_class *to = &sum->size[i];
		const struct heap_class *from = &u->size[i];

		to->live_blocks += from->live_blocks;
		to->live_bytes += from->live_bytes;
		to->free_blocks += from->free_blocks;
		to->free_bytes += from->free_bytes;
		to->fragmented_bytes += from->fragmented_bytes;
		to->returnable_bytes += from->returnable_bytes;
	}
}
