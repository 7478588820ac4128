// SPDX-License-Identifier: GPL-2.0
/* The tree of chains, and how full channels and maps are, of each version of the runtime. */
#include <stdlib.h>
#include <string.h>

#include "runtime/go/chain.h"
#include "runtime/go/content.h"
#include "runtime/go/heap_layout.h"
#include "runtime/go/span.h"
#include "check.h"

static uint32_t behind(struct go_chains *c, uint32_t parent, uint32_t type, uint64_t offset)
{
	const struct go_way way = { .parent = parent, .type = type, .offset = offset, .object_bytes = 64,
				    .role = GO_ROLE_VALUE };

	return go_chains_link(c, &way);
}

static void tree(void)
{
	struct go_chains c;
	uint32_t cache, queue, record, blob, other;

	CHECK(go_chains_open(&c));
	cache = go_chains_root(&c, GO_ROOT_VARIABLE, 0x1000, 0);
	queue = go_chains_root(&c, GO_ROOT_VARIABLE, 0x2000, 0);
	CHECK(cache >= GO_LINK_FIRST && queue != cache && c.roots == 2);
	CHECK(go_chains_root(&c, GO_ROOT_VARIABLE, 0x1000, 0) == cache, "a root is one");
	CHECK(go_chains_root(&c, GO_ROOT_GOROUTINE, 0x1000, 0) != cache, "of another kind");
	record = behind(&c, cache, 5, 0);
	blob = behind(&c, record, 6, 8);
	other = behind(&c, queue, 5, 0);
	CHECK(record != blob && other != record, "one way from two roots is two links");
	CHECK(behind(&c, cache, 5, 0) == record && behind(&c, record, 6, 8) == blob, "what is known is found");
	c.link[record].bytes = 100;
	c.link[record].objects = 2;
	c.link[blob].bytes = 1000;
	c.link[blob].objects = 3;
	c.link[other].bytes = 7;
	go_chains_sum(&c);
	CHECK(c.root[0].bytes == 1100 && c.root[0].objects == 5 && c.root[1].bytes == 7);
	CHECK(c.link[cache].below_bytes == 1100 && c.link[record].below_bytes == 1100 &&
	      c.link[blob].below_bytes == 1000);
	go_chains_close(&c);
}

/* A list is one link, be it of one type, of two in turns, or of a type that is not known. */
static void lists(void)
{
	struct go_chains c;
	uint32_t root, first, second, link;

	go_chains_open(&c);
	root = go_chains_root(&c, GO_ROOT_VARIABLE, 0x1000, 0);
	first = link = behind(&c, root, 5, 0);
	for (int i = 0; i < 1000; i++)
		link = behind(&c, link, 5, 16);
	CHECK(link == first && c.link[first].depth == 1);
	second = behind(&c, first, 6, 8);
	CHECK(second != first && behind(&c, second, 5, 8) == first && behind(&c, first, 6, 8) == second);
	first = link = behind(&c, root, 0, 24);
	CHECK(behind(&c, first, 0, 24) == first && behind(&c, first, 0, 32) != first,
	      "where the type is not known, the field tells");
	/* never the same: it has an end all the same */
	for (uint32_t i = 0; i < 100; i++)
		link = behind(&c, link, 100 + i, 0);
	CHECK(c.link[link].depth == 60 && c.folded, "depth %u", c.link[link].depth);
	go_chains_close(&c);
}

/* Beyond what the first tables have room for. */
static void many(void)
{
	enum { MANY = 5000 };
	struct go_chains c;
	static uint32_t root[MANY], link[MANY];
	int wrong = 0;

	go_chains_open(&c);
	for (uint32_t i = 0; i < MANY; i++) {
		root[i] = go_chains_root(&c, GO_ROOT_GOROUTINE, 0x1000 + i, 7);
		link[i] = behind(&c, root[i], 1 + i % 3, i);
	}
	for (uint32_t i = 0; i < MANY; i++)
		wrong += go_chains_root(&c, GO_ROOT_GOROUTINE, 0x1000 + i, 7) != root[i] ||
			behind(&c, root[i], 1 + i % 3, i) != link[i];
	CHECK(!wrong && c.n == GO_LINK_FIRST + 2 * MANY && c.roots == MANY);
	go_chains_close(&c);
}

struct made {			/* a channel or a map, as it is in memory */
	unsigned char bytes[160];
};

static void put(struct made *m, int at, uint64_t value, int bytes)
{
	memcpy(m->bytes + at, &value, bytes);
}

/* What was sent and received is counted behind the type. */
static struct made channel(const struct go_heap_layout *l, uint64_t values, uint64_t places, uint64_t sent,
			   uint64_t received)
{
	struct made m = { 0 };

	put(&m, 0, values, 8);
	put(&m, 8, places, 8);
	put(&m, l->chan_type + 8, sent, 8);
	put(&m, l->chan_type + 16, received, 8);
	return m;
}

static void channels(const struct go_heap_layout *l)
{
	struct go_chains c;
	struct go_content content = { .layout = l, .chains = &c };
	struct go_object o = { .at = 0xc000010000, .bytes = 96, .role = GO_ROLE_CHAN };
	struct made m;

	go_chains_open(&c);
	o.link = go_chains_root(&c, GO_ROOT_VARIABLE, 0x1000, 0);
#define COUNTED(...) ({ m = channel(l, __VA_ARGS__); o.copy = m.bytes; go_content_count(&content, &o); content.channels; })
	CHECK(COUNTED(0, 8, 0, 0) == 0, "empty");
	CHECK(COUNTED(3, 8, 5, 2) == 0, "somebody takes out");
	CHECK(COUNTED(3, 8, 3, 0) == 1, "never taken out of");
	CHECK(content.channel[0].values == 3 && content.channel[0].places == 8 &&
	      content.channel[0].at == 0xc000010000);
	CHECK(COUNTED(8, 8, 2, 2) == 2 && content.channel[1].received_at == 2, "full");
	CHECK(COUNTED(9, 8, 9, 0) == 2, "torn");
	m = channel(l, 3, 8, 3, 0);
	put(&m, 28, 1, 4);
	go_content_count(&content, &o);
	CHECK(content.channels == 2, "closed");
	m = channel(l, 3, 8, 3, 0);
	put(&m, l->chan_type + 24, 0xc000020000, 8);
	go_content_count(&content, &o);
	CHECK(content.channels == 2, "somebody waits to receive");
#undef COUNTED
	go_content_close(&content);
	go_chains_close(&c);
}

/* One span of one object, which is what the map has for its entries. */
static void maps(const struct go_heap_layout *l)
{
	enum { ENTRIES = 100, BUCKET_STEPS = 9 };
	const uint64_t at = 0xc000000000;
	uint32_t pages[8192], *arena[] = { pages };
	struct go_span span = { .start = at, .end = at + 8192, .object_bytes = 8192, .objects = 1 };
	struct go_spans spans = { .span = &span, .n = 1, .low = at, .high = at + 8192, .arena = arena, .arenas = 1 };
	struct go_chains c;
	struct go_content content = { .layout = l, .chains = &c, .spans = &spans };
	struct made m = { 0 };
	struct go_object o = { .copy = m.bytes, .bytes = 48 };
	const struct go_link *k;

	memset(pages, 0, sizeof(pages));
	go_chains_open(&c);
	o.link = go_chains_root(&c, GO_ROOT_VARIABLE, 0x1000, 0);
	k = &c.link[o.link];
	put(&m, 0, ENTRIES, l->swiss_maps ? 2 : 8);
	if (l->swiss_maps)
		put(&m, 2, 1024, 2);
	else
		put(&m, 9, BUCKET_STEPS, 1);
	put(&m, 16, at, 8);
	o.role = l->swiss_maps ? GO_ROLE_MAP_TABLE : GO_ROLE_MAP;
	go_content_count(&content, &o);
	CHECK(k->entries == ENTRIES && k->places == (l->swiss_maps ? 1024 : 8 << BUCKET_STEPS) &&
	      k->places_bytes == 8192, "1.%d", l->minor);
	put(&m, 16, 0xdead0000, 8);
	go_content_count(&content, &o);
	CHECK(k->entries == ENTRIES, "its places are nowhere");
	put(&m, 16, at, 8);
	put(&m, 0, 5000, l->swiss_maps ? 2 : 8);
	go_content_count(&content, &o);
	CHECK(k->entries == ENTRIES, "more entries than places");
	go_content_close(&content);
	go_chains_close(&c);
}

int main(void)
{
	tree();
	lists();
	many();
	for (int minor = 0; minor < 100; minor++) {
		const struct go_heap_layout *l = go_heap_layout(minor);

		CHECK(!l == !(minor == 19 || (minor >= 21 && minor <= 27)), "1.%d", minor);
		if (!l)
			continue;
		channels(l);
		maps(l);
	}
	return verdict("go chain");
}
