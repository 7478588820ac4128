// SPDX-License-Identifier: GPL-2.0
/*
 * From header to header through an arena's memory. The program goes on meanwhile, so
 * that a header may lie where none is any more: then the walk goes back some blocks
 * and reads them again. It is right when it meets the arena's last block.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "heap/glibc.h"
#include "util/array.h"
#include "util/units.h"

enum {
	BUFFER_BYTES = 1 << 20,
	BUFFER_BYTES_SPARSE = PAGE_BYTES,	/* after a large block */
	LARGE_BYTES = 64 << 10,
	RETRIES = 10,			/* without progress */
	RETRIES_OF_AREA = 64,
	FENCE_BYTES = 16,		/* block of this size: the end of contiguous memory */
	FENCES_BYTES = 48,		/* what the end of a heap takes at most */
	GAP_BYTES_MAX = 16 << 20,	/* of others between two parts of the main arena */
	GAP_BLOCKS = 8,			/* that follow each other are taken for a heap's */
	ARENA_ROOM = (GLIBC_ARENA_BYTES + GLIBC_ALIGN - 1) / GLIBC_ALIGN * GLIBC_ALIGN,
};

struct walk {
	const struct heap_process *process;
	struct glibc *glibc;
	struct heap_blocks *blocks;
	struct heap_area *area;
	uint64_t end;			/* of the range that is walked */
	uint64_t top;			/* its last block; 0: the range ends with a fence */
	unsigned char *buffer;
	uint64_t buffer_at;
	size_t buffer_bytes;
	bool ended;			/* at w->end, or before memory of others */
};

struct header {
	uint64_t before_bytes, size;	/* as in memory; size with flags */
};

static bool read_header(struct walk *w, uint64_t at, uint64_t last_bytes, struct header *h)
{
	if (at < w->buffer_at || at - w->buffer_at + sizeof(*h) > w->buffer_bytes) {
		uint64_t bytes = last_bytes >= LARGE_BYTES ? BUFFER_BYTES_SPARSE : BUFFER_BYTES;

		if (bytes > w->end - at)
			bytes = w->end - at;
		w->buffer_at = at;
		w->buffer_bytes = 0;
		if (bytes < sizeof(*h) || !heap_read(w->process, at, w->buffer, bytes))
			return false;
		w->buffer_bytes = bytes;
	}
	memcpy(h, w->buffer + (at - w->buffer_at), sizeof(*h));
	return true;
}

static uint64_t size_of(const struct header *h)
{
	return h->size & ~(uint64_t)CHUNK_FLAGS;
}

/* What ends memory that goes on elsewhere: a heap's, or before what others took by sbrk(). */
static bool is_fence(struct walk *w, uint64_t at, const struct header *h)
{
	struct header next;

	if (!(h->size & CHUNK_PREV_IN_USE) || size_of(h) > FENCE_BYTES)
		return false;
	if (!w->top)
		return w->end - at <= FENCES_BYTES;
	return h->size == (FENCE_BYTES | CHUNK_PREV_IN_USE) && w->end - at > FENCES_BYTES &&
	       read_header(w, at + FENCE_BYTES, 0, &next) && next.size == h->size;
}

static bool is_block(const struct walk *w, uint64_t at, const struct header *h)
{
	return size_of(h) >= GLIBC_MIN_BYTES && !(size_of(h) % GLIBC_ALIGN) && !(h->size & CHUNK_MAPPED) &&
	       size_of(h) <= w->end - at;
}

enum step { STEP_GOOD, STEP_END, STEP_BAD, STEP_FULL };

/* Adds the block at *at, and goes on to the next one. */
static enum step step(struct walk *w, uint64_t *at, uint64_t *last_bytes)
{
	struct heap_blocks *b = w->blocks;
	bool is_first = b->n == w->area->first;
	struct header h;

	if (!read_header(w, *at, *last_bytes, &h))
		return STEP_BAD;
	/* whether a block is free stands in the next one, and then its size does, too */
	if (!is_first && !(h.size & CHUNK_PREV_IN_USE)) {
		if (h.before_bytes != *last_bytes)
			return STEP_BAD;
		block_set_state(b, b->n - 1, BLOCK_FREE);
	}
	if (*at == w->top || is_fence(w, *at, &h)) {
		w->area->end = *at == w->top || !w->top ? w->end : *at + 2 * FENCE_BYTES;
		w->ended = true;
		return blocks_add(b, *at, *at == w->top ? BLOCK_TOP : BLOCK_OVERHEAD) ? STEP_END : STEP_FULL;
	}
	if (!is_block(w, *at, &h))
		return STEP_BAD;
	if (!blocks_add(b, *at, BLOCK_LIVE))
		return STEP_FULL;
	*last_bytes = size_of(&h);
	*at += *last_bytes;
	return *at < w->end ? STEP_GOOD : STEP_BAD;
}

/* Forgets some of the last blocks, the more the more often it has been tried. */
static void go_back(struct walk *w, unsigned int tries, uint64_t *at, uint64_t *last_bytes)
{
	struct heap_blocks *b = w->blocks;
	size_t n = b->n - w->area->first, back = tries < 10 ? 16UL << 2 * tries : n;

	n = back < n ? n - back : 0;
	*at = n ? b->at[w->area->first + n] : w->area->start;
	*last_bytes = n ? *at - b->at[w->area->first + n - 1] : 0;
	b->n = w->area->first + n;
	/* what the block forgotten first said of the one before it will be said again */
	if (n)
		block_set_state(b, b->n - 1, BLOCK_LIVE);
	w->buffer_bytes = 0;
	w->glibc->torn++;
}

/* Leaves the last block out, of which it is not known whether it ends at another one. */
static void end_area(struct walk *w)
{
	struct heap_area *area = w->area;

	area->n = w->blocks->n - area->first;
	if (!w->ended && area->n) {
		w->blocks->n--;
		area->n--;
		area->end = w->blocks->at[w->blocks->n];
	}
}

/*
 * Walks from start to the end that w names, or to where there is no block: returned.
 * 0 or a negative errno in *err.
 */
static uint64_t walk_area(struct walk *w, uint64_t start, uint32_t arena, int *err)
{
	uint64_t at = start, last_bytes = 0, furthest = start;
	unsigned int tries = 0, all = 0;
	enum step s = STEP_GOOD;

	w->area = blocks_add_area(w->blocks, start, arena);
	w->buffer_bytes = 0;
	w->ended = false;
	*err = w->area ? 0 : -ENOMEM;
	while (w->area && s == STEP_GOOD) {
		s = step(w, &at, &last_bytes);
		if (s == STEP_FULL)
			*err = w->blocks->n >= BLOCKS_MAX ? -E2BIG : -ENOMEM;
		if (s == STEP_BAD && tries < RETRIES && all++ < RETRIES_OF_AREA) {
			go_back(w, tries++, &at, &last_bytes);
			s = STEP_GOOD;
		}
		if (at > furthest + BUFFER_BYTES) {
			furthest = at;
			tries = 0;
		}
	}
	if (!w->area)
		return start;
	end_area(w);
	return w->area->end;
}

/* A header that need not be in the buffer, which stays. */
static bool peek(struct walk *w, uint64_t at, struct header *h)
{
	if (at >= w->buffer_at && at - w->buffer_at + sizeof(*h) <= w->buffer_bytes)
		return read_header(w, at, 0, h);
	return w->end - at >= sizeof(*h) && heap_read(w->process, at, h, sizeof(*h));
}

/* Whether some blocks follow each other from here, or all until the last one. */
static bool are_blocks(struct walk *w, uint64_t at)
{
	struct header h;

	for (int i = 0; i < GAP_BLOCKS; i++) {
		if (at == w->top)
			return true;
		if (!peek(w, at, &h) || !is_block(w, at, &h))
			return false;
		at += size_of(&h);
		if (at >= w->end)
			return false;
	}
	return true;
}

/* Behind memory that others took by sbrk() the main arena goes on; 0: not found. */
static uint64_t find_behind_gap(struct walk *w, uint64_t at)
{
	uint64_t last = w->end - at > GAP_BYTES_MAX ? at + GAP_BYTES_MAX : w->end;
	struct header h;

	w->buffer_bytes = 0;
	for (at += GLIBC_ALIGN; at < last; at += GLIBC_ALIGN)
		if (read_header(w, at, 0, &h) && are_blocks(w, at))
			return at;
	return 0;
}

/* The main arena: from where sbrk() began to the end of its top. */
static int walk_main(struct walk *w, struct glibc_arena *a, const struct glibc_range *r)
{
	enum { PARTS_MAX = 256 };
	uint64_t at = r->start, end;
	int err = 0;

	w->end = r->end;
	w->top = a->top;
	for (int parts = 0; parts < PARTS_MAX && !err; parts++) {
		end = walk_area(w, at, r->arena, &err);
		if (end == w->end || err)
			break;
		at = find_behind_gap(w, end);
		a->unread_bytes += (at ?: w->end) - end;
		if (!at)
			break;
	}
	return err;
}

static int walk_heap(struct walk *w, struct glibc_arena *a, const struct glibc_range *r)
{
	uint64_t at;
	int err;

	w->end = r->end;
	w->top = a->top >= r->start && a->top < r->end ? a->top : 0;
	at = walk_area(w, r->start, r->arena, &err);
	a->unread_bytes += w->end - at;
	return err;
}

/* One or several, each with a mapping of its own, behind each other. */
static int add_mapped(const struct heap_process *p, struct heap_blocks *b, const struct glibc_range *r)
{
	struct heap_area *area = blocks_add_area(b, r->start, AREA_MAPPED);
	uint64_t at = r->start;

	if (!area)
		return -ENOMEM;
	while (at < r->end) {
		uint64_t bytes = heap_word(p, at + 8) & ~(uint64_t)CHUNK_FLAGS;

		/* it has been freed since it was found */
		if (bytes < PAGE_BYTES || bytes % PAGE_BYTES || bytes > r->end - at)
			break;
		if (!blocks_add(b, at, BLOCK_LIVE))
			return b->n >= BLOCKS_MAX ? -E2BIG : -ENOMEM;
		at += bytes;
	}
	area->end = at;
	area->n = b->n - area->first;
	return 0;
}

/** glibc_add_range() - add a range to walk; false: no memory */
bool glibc_add_range(struct glibc_ranges *r, uint64_t start, uint64_t end, uint32_t arena)
{
	if (!array_reserve(r->range, r->capacity, r->n, 1))
		return false;
	r->range[r->n++] = (struct glibc_range){ start, end, arena };
	return true;
}

/* Where the memory of the main arena is. */
static bool add_main(const struct heap_process *p, const struct glibc *g, struct glibc_ranges *ranges)
{
	const struct glibc_arena *a = &g->arena[0];
	uint64_t top_bytes = heap_word(p, a->top + 8) & ~(uint64_t)CHUNK_FLAGS;
	const struct map *m = maps_find(&p->maps, a->top), *base = maps_find(&p->maps, g->sbrk_base);

	if (!a->top || !m || !base || g->sbrk_base > a->top || top_bytes > m->end - a->top)
		return true;
	/* mmap() took the place of sbrk(): only the part where its top is, is known */
	if (m != base)
		return glibc_add_range(ranges, g->sbrk_base, base->end, 0);
	return glibc_add_range(ranges, g->sbrk_base, a->top + top_bytes, 0);
}

struct heap_info {
	uint64_t arena, before, bytes;
};

/* The heaps of another arena, from the one with its top back to the first. */
static bool add_heaps(const struct heap_process *p, struct glibc *g, uint32_t i, struct glibc_ranges *ranges)
{
	const struct glibc_arena *a = &g->arena[i];
	uint64_t first = a->at & ~(GLIBC_HEAP_BYTES - 1), at = a->top & ~(GLIBC_HEAP_BYTES - 1);
	struct heap_info h;

	for (size_t n = 0; at && n < p->maps.n; n++, at = h.before) {
		uint64_t start = at + (a->at - first) + (at == first ? ARENA_ROOM : 0);

		if (at % GLIBC_HEAP_BYTES || !heap_read(p, at, &h, sizeof(h)) || h.arena != a->at ||
		    h.bytes > GLIBC_HEAP_BYTES || at + h.bytes <= start)
			break;
		if (!glibc_add_range(ranges, start, at + h.bytes, i))
			return false;
		if (at == first)
			break;
	}
	return true;
}

static int by_start(const void *a, const void *b)
{
	const struct glibc_range *x = a, *y = b;

	return x->start < y->start ? -1 : x->start > y->start;
}

static int find_ranges(const struct heap_process *p, struct glibc *g, struct glibc_ranges *r)
{
	uint64_t end = 0;
	size_t n = 0;
	int err;

	if (!add_main(p, g, r))
		return -ENOMEM;
	for (size_t i = 1; i < g->n; i++)
		if (g->arena[i].top && !add_heaps(p, g, i, r))
			return -ENOMEM;
	err = glibc_find_mapped(p, g, r);
	if (r->n)
		qsort(r->range, r->n, sizeof(*r->range), by_start);
	for (size_t i = 0; i < r->n; i++)	/* disjoint, whatever the process says */
		if (r->range[i].start >= end) {
			end = r->range[i].end;
			r->range[n++] = r->range[i];
		}
	r->n = n;
	return err;
}

/* What an arena has from the system, and is in no area. */
static void count_unread(struct glibc *g, const struct heap_blocks *b)
{
	uint64_t *walked = calloc(g->n, sizeof(*walked));

	for (size_t i = 0; walked && i < b->areas; i++)
		if (b->area[i].arena < g->n)
			walked[b->area[i].arena] += b->area[i].end - b->area[i].start;
	for (size_t i = 0; walked && i < g->n; i++) {
		/* a heap begins with its own header, and the first with the arena */
		uint64_t headers = g->arena[i].is_main ? 0 : PAGE_BYTES;

		if (walked[i] + g->arena[i].unread_bytes + headers < g->arena[i].system_bytes)
			g->arena[i].unread_bytes = g->arena[i].system_bytes - walked[i];
	}
	free(walked);
}

/**
 * glibc_walk() - fill the table of blocks, by address
 *
 * Return: 0 or -errno; -E2BIG if there are more than BLOCKS_MAX.
 */
int glibc_walk(const struct heap_process *p, struct glibc *g, struct heap_blocks *b)
{
	struct walk w = { .process = p, .glibc = g, .blocks = b, .buffer = malloc(BUFFER_BYTES) };
	struct glibc_ranges ranges = { 0 };
	int err = w.buffer ? find_ranges(p, g, &ranges) : -ENOMEM;

	for (size_t i = 0; i < ranges.n && !err; i++) {
		const struct glibc_range *r = &ranges.range[i];
		struct glibc_arena *a = r->arena < g->n ? &g->arena[r->arena] : NULL;

		err = !a ? add_mapped(p, b, r) : a->is_main ? walk_main(&w, a, r) : walk_heap(&w, a, r);
	}
	free(w.buffer);
	free(ranges.range);
	if (!err)
		count_unread(g, b);
	return err ? err : blocks_index(b) ? 0 : -ENOMEM;
}
