// SPDX-License-Identifier: GPL-2.0
/*
 * Large blocks that have mappings of their own: anonymous memory that begins, at the
 * start of a page, with the header of such a block. malloc itself counts their bytes,
 * and no more than that are taken.
 */
#include <errno.h>
#include <string.h>

#include "heap/glibc.h"
#include "util/process_memory.h"
#include "util/units.h"

enum { PAGES_AT_ONCE = 512 };

struct search {
	const struct heap_process *process;
	const struct glibc *glibc;
	struct glibc_ranges *ranges;
	size_t arenas;			/* ranges that are not of mapped blocks */
	uint64_t found_bytes;
	uint64_t behind;		/* the last block found */
	bool is_full;			/* no memory for more ranges */
};

static bool is_in_arena(const struct search *s, uint64_t at)
{
	for (size_t i = 0; i < s->arenas; i++)
		if (at - s->ranges->range[i].start < s->ranges->range[i].end - s->ranges->range[i].start)
			return true;
	return false;
}

static void add(struct search *s, uint64_t at, uint64_t bytes)
{
	struct glibc_ranges *r = s->ranges;

	if (r->n > s->arenas && r->range[r->n - 1].end == at)
		r->range[r->n - 1].end = at + bytes;
	else if (!glibc_add_range(r, at, at + bytes, AREA_MAPPED))
		s->is_full = true;
	s->found_bytes += bytes;
	s->behind = at + bytes;
}

/* The header at the start of a page of a mapping that goes on for so many bytes. */
static void judge(struct search *s, uint64_t at, const uint64_t header[2], uint64_t rest)
{
	uint64_t bytes = header[1] & ~(uint64_t)CHUNK_FLAGS;

	if (!header[0] && (header[1] & CHUNK_FLAGS) == CHUNK_MAPPED && bytes && !(bytes % PAGE_BYTES) &&
	    bytes <= rest && bytes <= s->glibc->mapped_bytes - s->found_bytes && !is_in_arena(s, at))
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

static void search_map(struct search *s, const struct map *m)
{
	for (uint64_t at = m->start; at < m->end && !s->is_full;) {
		size_t n = (m->end - at) / PAGE_BYTES < PAGES_AT_ONCE ? (m->end - at) / PAGE_BYTES : PAGES_AT_ONCE;

		if (s->behind > at) {
			at = s->behind;
			continue;
		}
		if (s->found_bytes >= s->glibc->mapped_bytes || !n)
			return;
		search_pages(s, at, n, m->end);
		at += n * PAGE_BYTES;
	}
}

/**
 * glibc_find_mapped() - add ranges of blocks with mappings of their own
 * @r: has the ranges of arenas, where there are none
 *
 * Return: 0 or -ENOMEM.
 */
int glibc_find_mapped(const struct heap_process *p, struct glibc *g, struct glibc_ranges *r)
{
	struct search s = { .process = p, .glibc = g, .ranges = r, .arenas = r->n };

	for (size_t i = 0; i < p->maps.n; i++) {
		const struct map *m = &p->maps.map[i];

		if (m->read && m->write && !m->shared && !m->inode && m->path[0] != '[')
			search_map(&s, m);
	}
	g->mapped_unread_bytes = g->mapped_bytes - s.found_bytes;
	return s.is_full ? -ENOMEM : 0;
}
