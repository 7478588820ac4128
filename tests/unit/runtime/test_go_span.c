// SPDX-License-Identifier: GPL-2.0
/* Spans that come into being after they were listed, of a made heap: tables in our own memory. */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "runtime/go/heap_layout.h"
#include "runtime/go/process.h"
#include "runtime/go/span.h"
#include "runtime/go/span_late.h"
#include "runtime/go/span_record.h"
#include "check.h"

enum { PAGE = 1 << GO_PAGE_SHIFT, SPANS = 8, TABLE_BYTES = 32 << 20 /* of all arenas of 47 bits */ };

static const uint64_t arena_at = 0xc000000000;

static struct go_span_record records[SPANS];
static uint64_t spans_of_arena[GO_PAGES_OF_ARENA];
static struct go_process process;

static void put(struct go_span_record *r, int offset, uint64_t value, size_t bytes)
{
	memcpy(r->bytes + offset, &value, bytes);
}

/* A span of objects that have pointers, as the runtime would note it. */
static void make_span(unsigned int i, unsigned int page, unsigned int pages, uint64_t object_bytes)
{
	enum { START = 24, PAGES = 32, IN_USE = 1, CLASS = 10 << 1 };
	const struct go_heap_layout *l = go_heap_layout(process.table.minor);
	struct go_span_record *r = &records[i];
	uint64_t start = arena_at + (uint64_t)page * PAGE;

	memset(r, 0, sizeof(*r));
	put(r, START, start, 8);
	put(r, PAGES, pages, 8);
	put(r, l->span_state, IN_USE, 1);
	put(r, l->span_class, CLASS, 1);
	put(r, l->span_elem, object_bytes, 8);
	put(r, l->span_limit, start + (uint64_t)pages * PAGE, 8);
	put(r, l->span_allocated, 1, 2);
	for (unsigned int k = 0; k < pages; k++)
		spans_of_arena[page + k] = (uint64_t)(uintptr_t)r;
}

/* The heap as it was listed: one span, in the arena's first page. */
static void list(struct go_spans *s, const struct go_heap_layout *l, uint64_t *table)
{
	uint64_t behind_list[128] = { 0x1234, (uint64_t)(uintptr_t)records & ~0xfffULL, (uint64_t)(uintptr_t)table };

	memset(spans_of_arena, 0, sizeof(spans_of_arena));
	make_span(0, 0, 1, 64);
	*s = (struct go_spans){
		.process = &process, .layout = l, .span = calloc(SPANS, sizeof(*s->span)), .n = 1, .listed = 1,
		.capacity = 3, .low = arena_at, .high = arena_at + (2ULL << GO_ARENA_SHIFT),
		.arena = calloc(2, sizeof(*s->arena)), .arenas = 2, .near = calloc(2, sizeof(*s->near)),
		.objects = 128, .listed_objects = 128, .objects_max = 1000,
	};
	CHECK(go_span_record_take(l, &records[0], &s->span[0]) && s->span[0].objects == 128);
	CHECK(go_spans_map(s, 0));
	go_spans_find_arenas(s, (uint64_t)(uintptr_t)behind_list);
	CHECK(s->table == (uint64_t)(uintptr_t)table);
}

static void late(const struct go_heap_layout *l, uint64_t *table)
{
	struct go_spans s;

	list(&s, l, table);
	CHECK(go_spans_at(&s, arena_at + 100) == 0 && s.n == 1, "it is listed");
	CHECK(go_spans_at(&s, arena_at + PAGE) == GO_SPAN_NONE && s.n == 1, "nothing is there");
	make_span(1, 1, 1, 64);
	CHECK(go_spans_at(&s, arena_at + PAGE) == GO_SPAN_NONE, "a page is looked up once");
	make_span(2, 4, 2, 4096);
	CHECK(go_spans_at(&s, arena_at + 5 * PAGE + 8) == 1 && s.n == 2, "it came later");
	CHECK(go_spans_at(&s, arena_at + 4 * PAGE) == 1 && s.n == 2, "all of its pages are known");
	CHECK(s.span[1].first == 128 && s.objects == 132 && s.span[1].objects == 4);
	CHECK(go_span_object(&s.span[1], arena_at + 5 * PAGE + 8) == 130);
	CHECK(go_spans_of(&s, 130) == &s.span[1] && go_spans_of(&s, 127) == &s.span[0]);
	make_span(3, 5, 2, 64);
	CHECK(go_spans_at(&s, arena_at + 6 * PAGE) == GO_SPAN_NONE && s.n == 2, "it has a page of another");
	make_span(4, 8, 8, 8);
	CHECK(go_spans_at(&s, arena_at + 8 * PAGE) == GO_SPAN_NONE && s.n == 2, "more objects than there is room for");
	make_span(5, 20, 1, 64);
	make_span(6, 21, 1, 64);
	CHECK(go_spans_at(&s, arena_at + 20 * PAGE) == 2 && s.n == 3 && s.n == s.capacity);
	CHECK(go_spans_at(&s, arena_at + 21 * PAGE) == GO_SPAN_NONE && s.n == 3, "more spans than there is room for");
	CHECK(go_spans_at(&s, arena_at + (1ULL << GO_ARENA_SHIFT)) == GO_SPAN_NONE, "no such arena");
	CHECK(go_spans_at(&s, arena_at - 8) == GO_SPAN_NONE);
	go_spans_free(&s);
}

int main(void)
{
	static const int versions[] = { 22, 27 };
	uint64_t *table = mmap(NULL, TABLE_BYTES, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	CHECK(table != MAP_FAILED);
	table[(arena_at - 0xffff800000000000ULL) >> GO_ARENA_SHIFT] = (uint64_t)(uintptr_t)spans_of_arena;
	process.pid = process.tid = getpid();
	for (int i = 0; i < 2; i++) {
		process.table.minor = versions[i];
		late(go_heap_layout(versions[i]), table);
	}
	munmap(table, TABLE_BYTES);
	return verdict("go span");
}
