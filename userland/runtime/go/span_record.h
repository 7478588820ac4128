/* SPDX-License-Identifier: GPL-2.0 */
/* The runtime's record of a span. */
#ifndef LEAKTRACE_RUNTIME_GO_SPAN_RECORD_H
#define LEAKTRACE_RUNTIME_GO_SPAN_RECORD_H

#include <stdbool.h>
#include <stdint.h>

struct go_heap_layout;
struct go_span;

enum {
	GO_PAGE_SHIFT = 13, GO_ARENA_SHIFT = 26, GO_PAGES_OF_ARENA = 1 << (GO_ARENA_SHIFT - GO_PAGE_SHIFT),
	GO_SPAN_RECORD_BYTES = 160,
};

struct go_span_record {
	unsigned char bytes[GO_SPAN_RECORD_BYTES];
};

bool go_span_record_is_one(const struct go_heap_layout *l, const struct go_span_record *r);
/* Fills in a span that holds objects; false: it holds none, or makes no sense. */
bool go_span_record_take(const struct go_heap_layout *l, const struct go_span_record *r, struct go_span *s);

#endif
