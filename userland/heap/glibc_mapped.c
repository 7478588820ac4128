// SPDX-License-Identifier: GPL-2.0
/*
 * Large blocks that have mappings of their own: anonymous memory that begins, at the
 * start of a page, with the header of such a block. Other memory may contain such
 * headers, too, as that of a virtual machine does; but malloc itself counts the bytes.
 * Mappings are searched from the smallest one on until the sum is right. If it never
 * is, those count of which the headers explain the largest share.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "heap/glibc.h"
#include "util/process_memory.h"
#include "util/units.h"

enum { PAGES_AT_ONCE = 512 };

struct candidate {			/* a mapping */
	const struct map *map;
	uint64_t bytes;			/* of its blocks */
	size_t first, n;		/* their ranges */
};

struct search {
	const struct heap_process *process;
	const struct glibc_range *arena;	/* ranges of arenas */
	size_t arenas;
	struct glibc_ranges found;
	struct candidate *candidate, *now;
	size_t n;
	uint64_t behind;		/* the last block found */
	bool is_full;			/* no memory for more ranges */
};

static bool is_in_arena(const struct search *s, uint64_t at)
{
	for (size_t i = 0; i < s->arenas; i++)
		if (at - s->arena[i].start < s->arena[i].end - s->arena[i].start)
			return true;
	return false;
}

static void add(struct search *s, uint64_t at, uint64_t bytes)
{
	struct glibc_ranges *r = &s->found;

	if (r->n > s->now->first && r->range[r->n - 1].end == at)
		r->range[r->n - 1].end = at + bytes;
	else if (!glibc_add_range(r, at, at + bytes, AREA_MAPPED))
		s->is_full = true;
	s->now->bytes += bytes;
	s->behind = at + bytes;
}

/* The header at the start of a page of a mapping that goes on for so many bytes. */
static void judge(struct search *s, uint64_t at, const uint64_t header[2], uint64_t rest)
{
	uint64_t bytes = header[1] & ~(uint64_t)CHUNK_FLAGS;

	if (!header[0] && (header[1] & CHUNK_FLAGS) == CHUNK_MAPPED && bytes && !(bytes % PAGE_BYTES) &&
	    bytes <= rest && !is_in_arena(s, at))
		add(s, at, bytes);
}

static void search_pages(struct search *s, uint64_t at, size_t n, uint64_t end)
{
	struct memory_piece piece[PAGES_AT_ONCE];
	uint64_t header[PAGES_AT_ONCE][2];
	struct heap_pages pages[PAGES_AT_ONCE];
	size_t used = 0;

	heap_pages(s->process, at, n, pages);
	for (size_t i = 0; i < n; i++)
		if (pages[i].populated && at + i * PAGE_BYTES >= s->behind) {
			piece[used] = (struct memory_piece){ .at = at + i * PAGE_BYTES, .to = header[used],
							     .bytes = sizeof(header[used]) };
			used++;
		}
	memory_read_pieces(s->process->tid, piece, used);
	for (size_t i = 0; i < used && !s->is_full; i++)
		if (piece[i].good && piece[i].at >= s->behind)
			judge(s, piece[i].at, header[i], end - piece[i].at);
}

static void search_map(struct search *s)
{
	const struct map *m = s->now->map;

	s->now->first = s->found.n;
	s->behind = m->start;
	for (uint64_t at = m->start; at < m->end && !s->is_full;) {
		size_t n = (m->end - at) / PAGE_BYTES < PAGES_AT_ONCE ? (m->end - at) / PAGE_BYTES : PAGES_AT_ONCE;

		if (s->behind > at) {
			at = s->behind;
			continue;
		}
		if (!n)
			break;
		search_pages(s, at, n, m->end);
		at += n * PAGE_BYTES;
	}
	s->now->n = s->found.n - s->now->first;
}

static uint64_t map_bytes(const struct candidate *c)
{
	return c->map->end - c->map->start;
}

static int by_size(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;

	if (map_bytes(x) != map_bytes(y))
		return map_bytes(x) < map_bytes(y) ? -1 : 1;
	return x->map->start < y->map->start ? -1 : 1;
}

static int by_share(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;
	double xs = (double)x->bytes / map_bytes(x), ys = (double)y->bytes / map_bytes(y);

	return xs != ys ? (xs > ys ? -1 : 1) : by_size(a, b);
}

static bool find_candidates(struct search *s)
{
	const struct maps *maps = &s->process->maps;

	s->candidate = calloc(maps->n + 1, sizeof(*s->candidate));
	for (size_t i = 0; s->candidate && i < maps->n; i++) {
		const struct map *m = &maps->map[i];

		if (m->read && m->write && !m->shared && !m->inode && m->path[0] != '[')
			s->candidate[s->n++].map = m;
	}
	if (s->candidate)
		qsort(s->candidate, s->n, sizeof(*s->candidate), by_size);
	return s->candidate;
}

/* Searches until the sum is that of malloc; how many were searched. */
static size_t search_maps(struct search *s, uint64_t mapped_bytes)
{
	uint64_t sum = 0;
	size_t i;

	for (i = 0; i < s->n && sum != mapped_bytes && !s->is_full; i++) {
		s->now = &s->candidate[i];
		search_map(s);
		sum += s->now->bytes;
	}
	if (sum != mapped_bytes)
		qsort(s->candidate, i, sizeof(*s->candidate), by_share);
	return i;
}

/**
 * glibc_find_mapped() - add ranges of blocks with mappings of their own
 * @r: has the ranges of arenas, where there are none
 *
 * Return: 0 or -ENOMEM.
 */
int glibc_find_mapped(const struct heap_process *p, struct glibc *g, struct glibc_ranges *r)
{
	struct search s = { .process = p, .arena = r->range, .arenas = r->n };
	bool good = find_candidates(&s);
	size_t n = good ? search_maps(&s, g->mapped_bytes) : 0;
	uint64_t rest = g->mapped_bytes;

	good &= !s.is_full;
	for (size_t i = 0; i < n && good; i++) {
		const struct candidate *c = &s.candidate[i];

		if (c->bytes > rest)
			continue;
		rest -= c->bytes;
		for (size_t k = c->first; k < c->first + c->n && good; k++)
			good = glibc_add_range(r, s.found.range[k].start, s.found.range[k].end, AREA_MAPPED);
	}
	g->mapped_unread_bytes = rest;
	free(s.candidate);
	free(s.found.range);
	return good ? 0 : -ENOMEM;
}
