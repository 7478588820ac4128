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
#include "runtime/go/span_late.h"
#include "runtime/go/span_record.h"
#include "util/process_memory.h"

enum {
	SPANS_MAX = 1 << 26, ARENAS_MAX = 1 << 21, NEAR_SHIFT = 10, AT_ONCE = 512, TRIES = 5,
	LATE_SHARE = 4, LATE_SPANS_MIN = 1 << 16, LATE_OBJECTS_MIN = 1 << 20,
	LATE_ARENAS = 1024,	/* the heap may grow by so many while it is walked */
};

/* Whether it is a list of spans: the first ones and the last look like it. */
static bool is_list(const struct go_process *p, const struct go_heap_layout *l, const uint64_t w[3])
{
	enum { FIRST = 7 };
	uint64_t at[FIRST + 1];
	struct go_span_record r;

	if (!w[0] || w[0] & 7 || w[1] <= FIRST || w[1] > w[2] || w[1] > SPANS_MAX ||
	    !go_read(p, w[0], at, 8 * FIRST) || !go_read(p, w[0] + 8 * (w[1] - 1), &at[FIRST], 8))
		return false;
	for (int i = 0; i <= FIRST; i++) {
		/* a record that is not in use keeps what it was */
		if (!at[i] || at[i] & 7 || !go_read(p, at[i], &r, sizeof(r)) || !go_span_record_is_one(l, &r))
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

static int read_records(const struct go_process *p, const struct go_heap_layout *l,
			const uint64_t *at, size_t n, struct go_spans *s)
{
	struct memory_piece piece[AT_ONCE];
	struct go_span_record record[AT_ONCE];

	for (size_t done = 0; done < n; done += AT_ONCE) {
		size_t count = n - done < AT_ONCE ? n - done : AT_ONCE;

		for (size_t i = 0; i < count; i++)
			piece[i] = (struct memory_piece){ at[done + i], &record[i], sizeof(record[i]), false };
		memory_read_pieces(p->tid, piece, count);
		for (size_t i = 0; i < count; i++)
			if (piece[i].good && go_span_record_take(l, &record[i], &s->span[s->n]))
				s->n++;
	}
	return s->n ? 0 : -EAGAIN;
}

static int by_start(const void *a, const void *b)
{
	const struct go_span *x = a, *y = b;

	return x->start < y->start ? -1 : x->start > y->start;
}

/* How many more there may be. */
static uint64_t room_for(uint64_t n, uint64_t least)
{
	return n / LATE_SHARE + least;
}

/* Numbers the objects; of spans that overlap, read at different times, the first stays. */
static int number(struct go_spans *s)
{
	size_t kept = 0;
	uint64_t max;

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
	s->listed = kept;
	s->listed_objects = s->objects;
	max = s->objects + room_for(s->objects, LATE_OBJECTS_MIN);
	s->objects_max = max < GO_OBJECT_NONE ? max : s->objects;
	s->low = s->span[0].start & ~((1ULL << GO_ARENA_SHIFT) - 1);
	s->high = ((s->span[kept - 1].end >> GO_ARENA_SHIFT) + LATE_ARENAS) << GO_ARENA_SHIFT;
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

/* Where the span of a page of an arena is noted; NULL: not known, or no memory. */
static uint32_t *page_at(const struct go_spans *s, uint64_t address, bool make)
{
	uint64_t page = (address - s->low) >> GO_PAGE_SHIFT;
	uint32_t **arena;

	if (address - s->low >= s->high - s->low)
		return NULL;
	arena = &s->arena[page / GO_PAGES_OF_ARENA];
	if (!*arena && make) {
		*arena = malloc(GO_PAGES_OF_ARENA * sizeof(**arena));
		if (*arena)
			memset(*arena, 0xff, GO_PAGES_OF_ARENA * sizeof(**arena));
	}
	return *arena ? &(*arena)[page % GO_PAGES_OF_ARENA] : NULL;
}

/** go_spans_map() - note that pages are of a span; false: of another one, too, or no memory */
bool go_spans_map(struct go_spans *s, uint32_t span)
{
	uint64_t start = s->span[span].start, end = s->span[span].end;
	uint32_t *page;

	for (uint64_t at = start; at < end; at += 1 << GO_PAGE_SHIFT) {
		page = page_at(s, at, true);
		if (!page || *page < GO_SPAN_ABSENT)
			return false;
	}
	for (uint64_t at = start; at < end; at += 1 << GO_PAGE_SHIFT)
		*page_at(s, at, false) = span;
	return true;
}

/* The span of each page. */
static int map_pages(struct go_spans *s)
{
	s->arenas = (s->high - s->low) >> GO_ARENA_SHIFT;
	s->arena = s->arenas <= ARENAS_MAX ? calloc(s->arenas, sizeof(*s->arena)) : NULL;
	if (!s->arena)
		return -ENOMEM;
	for (size_t i = 0; i < s->n; i++)
		if (!go_spans_map(s, i))
			return -ENOMEM;
	return 0;
}

static int read_once(const struct go_process *p, const struct go_heap_layout *l, uint64_t list,
		     struct go_spans *s)
{
	uint64_t w[3], *at;
	int error = -EAGAIN;

	if (!go_read(p, list, w, sizeof(w)) || !w[1] || w[1] > w[2] || w[1] > SPANS_MAX)
		return -EAGAIN;
	s->capacity = w[1] + room_for(w[1], LATE_SPANS_MIN);
	at = malloc(w[1] * sizeof(*at));
	s->span = malloc(s->capacity * sizeof(*s->span));
	if (!at || !s->span)
		error = -ENOMEM;
	else if (go_read(p, w[0], at, w[1] * sizeof(*at)) && go_word(p, list) == w[0])
		error = read_records(p, l, at, w[1], s);
	free(at);
	error = error ?: number(s) ?: map_objects(s) ?: map_pages(s);
	if (!error)
		go_spans_find_arenas(s, list);
	return error;
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

		*s = (struct go_spans){ .process = p, .layout = l };
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

/** go_spans_at() - the span that an address is in, also if it came later; GO_SPAN_NONE: in none */
uint32_t go_spans_at(struct go_spans *s, uint64_t address)
{
	uint32_t *page = page_at(s, address, false), span;

	if (page && *page < GO_SPAN_ABSENT)
		return address < s->span[*page].end ? *page : GO_SPAN_NONE;
	if (address - s->low >= s->high - s->low || (page && *page == GO_SPAN_ABSENT))
		return GO_SPAN_NONE;
	span = go_spans_add_late(s, address);
	if (span != GO_SPAN_ABSENT)
		return span;
	/* once is enough */
	if (page)
		*page = GO_SPAN_ABSENT;
	return GO_SPAN_NONE;
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
	size_t low = s->listed, high = s->n;

	if (object < s->listed_objects) {
		low = s->near[object >> NEAR_SHIFT];
		high = s->near[(object >> NEAR_SHIFT) + 1] + 1;
	}
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
