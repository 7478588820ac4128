// SPDX-License-Identifier: GPL-2.0
/*
 * A map or slice that grows moves into a new array, which may be in a span that is not in
 * the list as it was read: without that span, all that is in the map would be missed. The
 * runtime has a table of arenas, and each arena one of the spans of its pages.
 */
#include "runtime/go/heap_layout.h"
#include "runtime/go/process.h"
#include "runtime/go/span.h"
#include "runtime/go/span_late.h"
#include "runtime/go/span_record.h"
#include "util/macros.h"

#define LOWEST_ADDRESS	0xffff800000000000ULL	/* arenas are numbered from there on */

enum { SEARCH_BYTES = 1024 /* of the runtime's record of the heap, behind the list of spans */ };

/* A span of what the table says now; false: none. */
static bool read_span(const struct go_spans *s, uint64_t table, uint64_t address, struct go_span *span)
{
	const struct go_process *p = s->process;
	uint64_t arena = go_word(p, table + 8 * ((address - LOWEST_ADDRESS) >> GO_ARENA_SHIFT));
	uint64_t page = address >> GO_PAGE_SHIFT & (GO_PAGES_OF_ARENA - 1), at;
	struct go_span_record record;

	at = arena ? go_word(p, arena + s->layout->arena_spans + 8 * page) : 0;
	return at && go_read(p, at, &record, sizeof(record)) && go_span_record_take(s->layout, &record, span);
}

/* Whether it finds one of the spans that are in the list; any of them may have been freed since. */
static bool is_table(const struct go_spans *s, uint64_t at)
{
	const uint32_t tried[] = { 0, s->n / 2, s->n - 1 };
	struct go_span span;

	for (size_t i = 0; i < ARRAY_SIZE(tried); i++)
		if (read_span(s, at, s->span[tried[i]].start, &span) && span.start == s->span[tried[i]].start)
			return true;
	return false;
}

/** go_spans_find_arenas() - find the runtime's table of arenas, by content */
void go_spans_find_arenas(struct go_spans *s, uint64_t list)
{
	uint64_t words[SEARCH_BYTES / 8];

	if (!go_read(s->process, list, words, sizeof(words)))
		return;
	/* it has pages of its own */
	for (size_t i = 0; i < ARRAY_SIZE(words) && !s->table; i++)
		if (words[i] && !(words[i] & 0xfff) && is_table(s, words[i]))
			s->table = words[i];
}

/** go_spans_add_late() - the span that an address is in now, added; GO_SPAN_ABSENT: none, or no room for it */
uint32_t go_spans_add_late(struct go_spans *s, uint64_t address)
{
	struct go_span *span = &s->span[s->n];

	if (!s->table || s->n == s->capacity || !read_span(s, s->table, address, span) ||
	    span->objects > s->objects_max - s->objects || address < span->start || address >= span->end ||
	    !go_spans_map(s, s->n))
		return GO_SPAN_ABSENT;
	span->first = s->objects;
	s->objects += span->objects;
	s->allocated_objects += span->allocated;
	s->allocated_bytes += span->allocated * span->object_bytes;
	return s->n++;
}
