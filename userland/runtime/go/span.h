/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The spans of a Go heap: runs of pages that hold objects of one size. Objects are
 * numbered, span by span.
 */
#ifndef LEAKTRACE_RUNTIME_GO_SPAN_H
#define LEAKTRACE_RUNTIME_GO_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct go_heap_layout;
struct go_process;

enum { GO_SPAN_NONE = UINT32_MAX, GO_SPAN_ABSENT = GO_SPAN_NONE - 1, GO_OBJECT_NONE = UINT32_MAX };

struct go_span {
	uint64_t start, end;		/* of its objects */
	uint64_t object_bytes;
	uint64_t specials;		/* what is special about its objects, a list */
	uint64_t large_type;		/* of its only object; 0: not said */
	uint32_t first, objects;	/* numbers of its objects */
	uint32_t allocated;		/* how many of them are not free */
	uint32_t read;			/* how many have been read, once for each time */
	bool has_pointers;
	bool has_headers;		/* a word in front of each object says its type */
	unsigned char *copy;		/* of all its objects; NULL: not read */
	uint32_t *used;			/* bytes of each that are referred to, once for each reference; or NULL */
};

struct go_spans {
	const struct go_process *process;
	const struct go_heap_layout *layout;
	uint64_t table;			/* the runtime's, of arenas; 0: not found */
	struct go_span *span;		/* those that are listed, then those that came later; never moved */
	size_t n, listed, capacity;
	uint64_t low, high;
	uint32_t **arena;		/* for each 64 MiB: the span of each page, GO_SPAN_ABSENT: it was looked for */
	size_t arenas;
	uint32_t objects, listed_objects, objects_max;	/* in all, in those that are listed, at most */
	uint32_t *near;			/* for every 1,024th object, and the end: its span */
	uint64_t allocated_objects, allocated_bytes;
	uint64_t retried;
};

/* 0, -ENOENT: not found, -EAGAIN: changes all the time, -ENOMEM. */
int go_spans_read(const struct go_process *p, const struct go_heap_layout *l, struct go_spans *s);
bool go_spans_map(struct go_spans *s, uint32_t span);		/* false: not all of its pages are free */
uint32_t go_spans_at(struct go_spans *s, uint64_t address);	/* or GO_SPAN_NONE; may add a span */
uint32_t go_span_object(const struct go_span *s, uint64_t address);	/* address is in it */
const struct go_span *go_spans_of(const struct go_spans *s, uint32_t object);
void go_spans_free(struct go_spans *s);

static inline uint64_t go_span_address(const struct go_span *s, uint32_t object)
{
	return s->start + (uint64_t)(object - s->first) * s->object_bytes;
}

#endif
