// SPDX-License-Identifier: GPL-2.0
/* What of a heap could be let go, and what has grown between two walks: of made heaps. */
#include <stdlib.h>
#include <string.h>

#include "runtime/go/finding.h"
#include "runtime/go/holders.h"
#include "runtime/go/holders_growth.h"
#include "check.h"

enum { KIB = 1 << 10, MIB = 1 << 20 };

struct heap {
	struct go_holders h;
	struct go_type type[1];
};

static void begin(struct heap *k)
{
	memset(k, 0, sizeof(*k));
	go_chains_open(&k->h.reach.chains);
	k->h.reach.types.type = k->type;
	k->h.reach.bytes = 100ULL * MIB;
}

static void end(struct heap *k)
{
	free(k->h.finding);
	free(k->h.reach.content.channel);
	go_chains_close(&k->h.reach.chains);
}

static uint32_t root(struct heap *k, enum go_root_kind kind, uint64_t at)
{
	return go_chains_root(&k->h.reach.chains, kind, at, 0);
}

static struct go_link *behind(struct heap *k, uint32_t parent, uint64_t offset, uint8_t role)
{
	struct go_chains *c = &k->h.reach.chains;
	const struct go_way way = { .parent = parent, .offset = offset, .role = role, .object_bytes = 64 };

	return &c->link[go_chains_link(c, &way)];
}

/* The only finding's bytes; 0: there is none, -1: several, or another one. */
static int64_t judged(struct heap *k, enum go_finding_kind kind)
{
	struct go_holders *h = &k->h;

	h->findings = 0;
	go_chains_sum(&h->reach.chains);
	CHECK(go_findings_judge(h));
	if (!h->findings)
		return 0;
	return h->findings > 1 || h->finding[0].kind != kind ? -1 : (int64_t)h->finding[0].bytes;
}

static void maps(void)
{
	struct go_link *l;
	struct heap k;
	char text[512];

	begin(&k);
	l = behind(&k, root(&k, GO_ROOT_VARIABLE, 0x1000), 0, GO_ROLE_MAP);
	l->objects = 1;
	l->places = 1000;
	l->places_bytes = 10 * MIB;
	l->entries = 251;
	CHECK(judged(&k, GO_FINDING_MAP) == 0, "more than a quarter is used");
	l->entries = 100;
	CHECK(judged(&k, GO_FINDING_MAP) == 9 * MIB);
	go_finding_say(&k.h, &k.h.finding[0], text, sizeof(text));
	CHECK(strstr(text, "100 entries in 1,000 places"), "%s", text);
	k.h.reach.bytes = 901ULL * MIB;
	CHECK(judged(&k, GO_FINDING_MAP) == 0, "less than a hundredth of the heap");
	k.h.reach.bytes = 100ULL * MIB;
	l->places_bytes = MIB;
	CHECK(judged(&k, GO_FINDING_MAP) == 0, "less than 1 MiB");
	end(&k);
}

static void roots(void)
{
	static const struct {
		enum go_root_kind root;
		enum go_finding_kind finding;
		uint64_t holders, bytes;
		bool is_told;
	} rows[] = {
		{ GO_ROOT_VARIABLE, GO_FINDING_MAP, 1, 90 * MIB, false },
		{ GO_ROOT_GOROUTINE, GO_FINDING_GOROUTINE, 10, 2 * MIB, true },
		{ GO_ROOT_GOROUTINE, GO_FINDING_GOROUTINE, 9, 2 * MIB, false },
		{ GO_ROOT_GOROUTINE, GO_FINDING_GOROUTINE, 10, MIB - 1, false },
		{ GO_ROOT_FINALIZER, GO_FINDING_FINALIZER, 1, 2 * MIB, true },
		{ GO_ROOT_QUEUE, GO_FINDING_QUEUE, 1, 2 * MIB, true },
		{ GO_ROOT_POOL, GO_FINDING_POOL, 1, 10 * MIB, true },
		{ GO_ROOT_POOL, GO_FINDING_POOL, 1, 9 * MIB, false },
		{ GO_ROOT_TIMER, GO_FINDING_MAP, 100, 90 * MIB, false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct heap k;

		begin(&k);
		behind(&k, root(&k, rows[i].root, 0x1000), 0, GO_ROLE_VALUE)->bytes = rows[i].bytes;
		k.h.reach.chains.root[0].holders = rows[i].holders;
		CHECK(judged(&k, rows[i].finding) == (rows[i].is_told ? (int64_t)rows[i].bytes : 0), "row %zu", i);
		end(&k);
	}
}

static void channels(void)
{
	struct go_content *content;
	struct go_link *l;
	uint32_t link;
	struct heap k;

	begin(&k);
	content = &k.h.reach.content;
	l = behind(&k, root(&k, GO_ROOT_VARIABLE, 0x1000), 0, GO_ROLE_CHAN);
	link = l - k.h.reach.chains.link;
	l->entries = 400;
	l->bytes = 8 * MIB;
	content->channel = calloc(2, sizeof(*content->channel));
	content->channels = 2;
	content->channel[0] = (struct go_channel){ .link = link, .values = 100, .places = 1000 };
	content->channel[1] = (struct go_channel){ .link = link, .values = 200, .places = 1000, .received_at = 7 };
	CHECK(judged(&k, GO_FINDING_CHANNEL) == 2 * MIB, "a quarter of what all of them have");
	content->channel[0].places = 15;
	CHECK(judged(&k, GO_FINDING_CHANNEL) == 0, "a small ring comes by its beginning often");
	k.h.window_s = 1;
	CHECK(judged(&k, GO_FINDING_CHANNEL) == 0, "something was received in between");
	content->channel[1].is_as_before = true;
	CHECK(judged(&k, GO_FINDING_CHANNEL) == 4 * MIB);
	end(&k);
}

static void idle(void)
{
	struct heap k;

	begin(&k);
	k.h.memory.idle = 40 * MIB;
	k.h.rss_bytes = 119ULL * MIB;
	CHECK(judged(&k, GO_FINDING_IDLE) == 0, "not known");
	k.h.memory_known = true;
	CHECK(judged(&k, GO_FINDING_IDLE) == 40 * MIB);
	k.h.rss_bytes = 122ULL * MIB;
	CHECK(judged(&k, GO_FINDING_IDLE) == 0, "less than a third");
	k.h.memory.idle = 31 * MIB;
	k.h.rss_bytes = 40ULL * MIB;
	CHECK(judged(&k, GO_FINDING_IDLE) == 0, "less than 32 MiB");
	end(&k);
}

/* Another walk numbers its roots and links otherwise. */
static void walk(struct heap *k, bool later)
{
	uint32_t cache, queue;
	struct go_link *l;

	begin(k);
	queue = later ? root(k, GO_ROOT_GOROUTINE, 0x3000) : 0;
	cache = root(k, GO_ROOT_VARIABLE, 0x1000);
	if (!later)
		behind(k, root(k, GO_ROOT_VARIABLE, 0x2000), 0, GO_ROLE_VALUE)->bytes = 5 * KIB;
	else
		behind(k, queue, 0, GO_ROLE_VALUE)->bytes = 50 * KIB;
	l = behind(k, cache, 0, GO_ROLE_MAP);
	l->places = 4096;
	l->entries = later ? 3000 : 2000;
	l->bytes = later ? 300 * KIB : 200 * KIB;
	l->objects = 1;
	go_chains_sum(&k->h.reach.chains);
}

static void growth(void)
{
	struct go_past past = { 0 };
	struct heap then, now;
	const struct go_root *r;

	walk(&then, false);
	CHECK(go_past_keep(&past, &then.h));
	walk(&now, true);
	CHECK(go_past_root(&past, &now.h, 1) == 200 * KIB && go_past_root(&past, &now.h, 0) == 0);
	go_past_compare(&past, &now.h);
	r = now.h.reach.chains.root;
	CHECK(r[1].grown_bytes == 100 * KIB, "a cache that is larger");
	CHECK(r[0].grown_bytes == 50 * KIB, "what is new has all of it grown");
	CHECK(judged(&now, GO_FINDING_GROWTH) == 100 * KIB);
	CHECK(now.h.reach.chains.link[now.h.finding[0].link].grown_entries == 1000);
	end(&now);
	/* the same once more: nothing has grown */
	go_past_free(&past);
	CHECK(go_past_keep(&past, &then.h));
	go_past_compare(&past, &then.h);
	CHECK(!then.h.reach.chains.root[0].grown_bytes && judged(&then, GO_FINDING_GROWTH) == 0);
	go_past_free(&past);
	end(&then);
}

int main(void)
{
	maps();
	roots();
	channels();
	idle();
	growth();
	return verdict("go finding");
}
