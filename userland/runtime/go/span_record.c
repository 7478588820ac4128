// SPDX-License-Identifier: GPL-2.0
/* Reads the record of a span, which may be torn, or be no record at all. */
#include "runtime/go/heap_layout.h"
#include "runtime/go/span.h"
#include "runtime/go/span_record.h"
#include "util/unaligned.h"

enum {
	PAGES_MAX = 1 << 26, START = 24, PAGES = 32, IN_USE = 1, MANUAL = 2,
	HEADER_FROM_BYTES = 512,	/* smaller objects have bitmaps instead */
};

static uint64_t word(const struct go_span_record *r, int offset)
{
	return u64_at(r->bytes + offset);
}

/** go_span_record_is_one() - whether it looks like the record of a span, in use or not */
bool go_span_record_is_one(const struct go_heap_layout *l, const struct go_span_record *r)
{
	uint64_t start = word(r, START), pages = word(r, PAGES);

	return r->bytes[l->span_state] <= MANUAL && pages && pages <= PAGES_MAX && start &&
	       !(start & ((1 << GO_PAGE_SHIFT) - 1)) && start < 1ULL << 47;
}

/** go_span_record_take() - a span with objects, of what its record says; false: it has none, or makes no sense */
bool go_span_record_take(const struct go_heap_layout *l, const struct go_span_record *r, struct go_span *s)
{
	uint64_t start = word(r, START), end = start + (word(r, PAGES) << GO_PAGE_SHIFT);
	uint64_t bytes = word(r, l->span_elem), limit = word(r, l->span_limit), n;
	unsigned int class = r->bytes[l->span_class];
	uint16_t allocated;

	if (!go_span_record_is_one(l, r) || r->bytes[l->span_state] != IN_USE)
		return false;
	if (limit <= start || limit > end)
		limit = end;
	if (bytes < 8 || bytes > end - start)
		return false;
	/* a large object's limit is what was asked for, its size all of its pages */
	n = class >> 1 ? (limit - start) / bytes : 1;
	if (!n || n > GO_PAGES_OF_ARENA * 8)
		return false;
	allocated = u16_at(r->bytes + l->span_allocated);
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

