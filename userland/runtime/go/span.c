// SPDX-License-Identifier: GPL-2.0
/*
 * Reads the list of all spans. It is found by content: the longest array of records that
 * look like spans. The runtime moves the array when it grows, and reuses records.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/go/heap_layout.h"
#include "runtime/go/process.h"
#include "runtime/go/scan.h"
#include "runtime/go/span.h"
#include "util/process_memory.h"

enum {
	PAGE_SHIFT = 13, ARENA_SHIFT = 26, PAGES_OF_ARENA = 1 << (ARENA_SHIFT - PAGE_SHIFT),
	SPANS_MAX = 1 << 26, ARENAS_MAX = 1 << 21, PAGES_MAX = 1 << 26, RECORD_BYTES = 160,
	NEAR_SHIFT = 10, START = 24, PAGES = 32, IN_USE = 1, MANUAL = 2, AT_ONCE = 512, TRIES = 5,
	HEADER_FROM_BYTES = 512,	/* smaller objects have bitmaps instead */
};

struct record {
	unsigned char bytes[RECORD_BYTES];
};

static uint64_t word(const struct record *r, int offset)
{
	uint64_t w;

	memcpy(&w, r->bytes + offset, sizeof(w));
	return w;
}

static bool is_span(const struct go_heap_layout *l, const struct record *r)
{
	uint64_t start = word(r, START), pages = word(r, PAGES);

	return r->bytes[l->span_state] <= MANUAL && pages && pages <= PAGES_MAX && start &&
	       !(start & ((1 << PAGE_SHIFT) - 1)) && start < 1ULL << 47;
}

/* Whether it is a list of spans: the first ones and the last look like it. */
static bool is_list(const struct go_process *p, const struct go_heap_layout *l, const uint64_t w[3])
{
	enum { FIRST = 7 };
	uint64_t at[FIRST + 1];
	struct record r;

	if (!w[0] || w[0] & 7 || w[1] <= FIRST || w[1] > w[2] || w[1] > SPANS_MAX ||
	    !go_read(p, w[0], at, 8 * FIRST) || !go_read(p, w[0] + 8 * (w[1] - 1), &at[FIRST], 8))
		return false;
	for (int i = 0; i <= FIRST; i++) {
		/* a record that is not in use keeps what it was */
		if (!at[i] || at[i] & 7 || !go_read(p, at[i], &r, sizeof(r)) || !word(&r, PAGES) ||
		    !is_span(l, &r))
			return false;
		for (int k = 0; k < i; k++)
			if (at[k] == at[i])
				return false;
	}
	return true;
}

/* The address of the variable; 0: none. */
static uint64_t find_list(const struct go_process *p, const struct go_heap_layout *l)
{
	struct go_area *areas;
	size_t n = go_areas_read(p, &areas);
	uint64_t found = 0, longest = 0, w[3];

	for (size_t k = 0; k < n; k++)
		for (size_t i = 0; i + sizeof(w) <= areas[k].bytes; i += 8) {
			memcpy(w, areas[k].copy + i, sizeof(w));
			if (w[1] > longest && is_list(p, l, w)) {
				longest = w[1];
				found = areas[k].start + i;
			}
		}
	go_areas_free(areas, n);
	return found;
}

/* A span in use, of what its record says; false: it makes no sense. */
static bool take(const struct go_heap_layout *l, const struct record *r, struct go_span *s)
{
	uint64_t start = word(r, START), end = start + (word(r, PAGES) << PAGE_SHIFT);
	uint64_t bytes = word(r, l->span_elem), limit = word(r, l->span_limit), n;
	unsigned int class = r->bytes[l->span_class];
	uint16_t allocated;

	if (limit <= start || limit > end)
		limit = end;
	if (bytes < 8 || bytes > end - start)
		return false;
	/* a large object's limit is what was asked for, its size all of its pages */
	n = class >> 1 ? (limit - start) / bytes : 1;
	if (!n || n > PAGES_OF_ARENA * 8)
		return false;
	memcpy(&allocated, r->bytes + l->span_allocated, sizeof(allocated));
	*s = (struct go_span){
		.start = start, .end = start + n * bytes, .object_bytes = bytes, .objects = n,
		.specials = word(r, l->span_specials), .allocated = allocated < n ? allocated : n,
		.has_pointers = !(class & 1),
	};
	if (l->span_large_type >= 0 && s->has_pointers && !(class >> 1))
		s->large_type = word(r, l->span_large_type);
	s->has_headers = l->span_large_type >= 0 && s->has_pointers && class >> 1 &&
		bytes > HEADER_FROM_BYTES;
	return true;
}

static int read_records(const struct go_process *p, const struct go_heap_layout *l,
			const uint64_t *at, size_t n, struct go_spans *s)
{
	struct memory_piece piece[AT_ONCE];
	struct record record[AT_ONCE];

	for (size_t done = 0; done < n; done += AT_ONCE) {
		size_t count = n - done < AT_ONCE ? n - done : AT_ONCE;

		for (size_t i = 0; i < count; i++)
			piece[i] = (struct memory_piece){ at[done + i], &record[i], RECORD_BYTES, false };
		memory_read_pieces(p->tid, piece, count);
		for (size_t i = 0; i < count; i++)
			if (piece[i].good && is_span(l, &record[i]) &&
			    record[i].bytes[l->span_state] == IN_USE && take(l, &record[i], &s->span[s->n]))
				s->n++;
	}
	return s->n ? 0 : -EAGAIN;
}

static int by_start(const void *a, const void *b)
{
	const struct go_span *x = a, *y = b;

	return x->start < y->start ? -1 : x->start > y->start;
}

/* Numbers the objects; of spans that overlap, read at different times, the first stays. */
static int number(struct go_spans *s)
{
	size_t kept = 0;

	if (s->n)
		qsort(s->span, s->n, sizeof(*s->span), by_start);
	for (size_t i = 0; i < s->n; i++) {
		struct go_span *span = &s->span[i];

		if (kept && span->start < s->span[kept - 1].end)
			continue;
		if (span->objects > GO_OBJECT_NONE - 1 - s->objects)
			return -ENOMEM;
		span->first = s->objects;
		s->objects += span->objects;
		s->allocated_objects += span->allocated;
		s->allocated_bytes += span->allocated * span->object_bytes;
		s->span[kept++] = *span;
	}
	s->n = kept;
	s->low = s->span[0].start & ~((1ULL << ARENA_SHIFT) - 1);
	s->high = s->span[kept - 1].end;
	return 0;
}

/* Where to look for the span of an object. */
static int map_objects(struct go_spans *s)
{
	uint32_t n = (s->objects >> NEAR_SHIFT) + 2, next = 0;

	s->near = malloc(n * sizeof(*s->near));
	if (!s->near)
		return -ENOMEM;
	for (size_t i = 0; i < s->n; i++)
		while (next < n && s->span[i].first + s->span[i].objects > (uint64_t)next << NEAR_SHIFT)
			s->near[next++] = i;
	while (next < n)
		s->near[next++] = s->n - 1;
	return 0;
}

/* The span of each page. */
static int map_pages(struct go_spans *s)
{
	s->arenas = ((s->high - s->low) >> ARENA_SHIFT) + 1;
	s->arena = s->arenas <= ARENAS_MAX ? calloc(s->arenas, sizeof(*s->arena)) : NULL;
	if (!s->arena)
		return -ENOMEM;
	for (size_t i = 0; i < s->n; i++)
		for (uint64_t at = s->span[i].start; at < s->span[i].end; at += 1 << PAGE_SHIFT) {
			uint64_t page = (at - s->low) >> PAGE_SHIFT;
			uint32_t **arena = &s->arena[page / PAGES_OF_ARENA];

			if (!*arena) {
				*arena = malloc(PAGES_OF_ARENA * sizeof(**arena));
				if (!*arena)
					return -ENOMEM;
				memset(*arena, 0xff, PAGES_OF_ARENA * sizeof(**arena));
			}
			(*arena)[page % PAGES_OF_ARENA] = i;
		}
	return 0;
}

static int read_once(const struct go_process *p, const struct go_heap_layout *l, uint64_t list,
		     struct go_spans *s)
{
	uint64_t w[3], *at;
	int error = -EAGAIN;

	if (!go_read(p, list, w, sizeof(w)) || !w[1] || w[1] > w[2] || w[1] > SPANS_MAX)
		return -EAGAIN;
	at = malloc(w[1] * sizeof(*at));
	s->span = malloc(w[1] * sizeof(*s->span));
	if (!at || !s->span)
		error = -ENOMEM;
	else if (go_read(p, w[0], at, w[1] * sizeof(*at)) && go_word(p, list) == w[0])
		error = read_records(p, l, at, w[1], s);
	free(at);
	return error ?: number(s) ?: map_objects(s) ?: map_pages(s);
}

/**
 * go_spans_read() - all spans in use
 *
 * Return: 0, -ENOENT: not found, -EAGAIN: it changes all the time, -ENOMEM.
 */
int go_spans_read(const struct go_process *p, const struct go_heap_layout *l, struct go_spans *s)
{
	int error = -ENOENT;
	uint64_t retried = 0;

	for (int i = 0; i < TRIES; i++, retried++) {
		uint64_t list = find_list(p, l);

		memset(s, 0, sizeof(*s));
		error = list ? read_once(p, l, list, s) : -ENOENT;
		s->retried = retried;
		if (!error || error == -ENOMEM)
			break;
		go_spans_free(s);
	}
	if (error)
		go_spans_free(s);
	return error;
}

/** go_spans_at() - the span that an address is in; GO_SPAN_NONE: in none */
uint32_t go_spans_at(const struct go_spans *s, uint64_t address)
{
	uint64_t page = (address - s->low) >> PAGE_SHIFT;
	const uint32_t *arena;
	uint32_t i;

	if (address - s->low >= s->high - s->low)
		return GO_SPAN_NONE;
	arena = s->arena[page / PAGES_OF_ARENA];
	i = arena ? arena[page % PAGES_OF_ARENA] : GO_SPAN_NONE;
	return i == GO_SPAN_NONE || address >= s->span[i].end ? GO_SPAN_NONE : i;
}

/** go_span_object() - the number of the object that an address of a span is in */
uint32_t go_span_object(const struct go_span *s, uint64_t address)
{
	if (s->objects == 1)
		return s->first;
	return s->first + (uint32_t)(address - s->start) / (uint32_t)s->object_bytes;
}

/** go_spans_of() - the span of an object */
const struct go_span *go_spans_of(const struct go_spans *s, uint32_t object)
{
	size_t low = s->near[object >> NEAR_SHIFT], high = s->near[(object >> NEAR_SHIFT) + 1] + 1;

	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;

		if (s->span[middle].first <= object)
			low = middle;
		else
			high = middle;
	}
	return &s->span[low];
}

/** go_spans_free() - release them */
void go_spans_free(struct go_spans *s)
{
	for (size_t i = 0; i < s->arenas && s->arena; i++)
		free(s->arena[i]);
	for (size_t i = 0; i < s->n; i++) {
		free(s->span[i].copy);
		free(s->span[i].used);
	}
	free(s->arena);
	free(s->near);
	free(s->span);
	memset(s, 0, sizeof(*s));
}
