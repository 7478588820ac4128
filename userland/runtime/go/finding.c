// SPDX-License-Identifier: GPL-2.0
/* Judges what a walk has seen. What is small, in itself or as a share of the heap, is not told. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/go/finding.h"
#include "runtime/go/holders.h"
#include "runtime/go/process.h"
#include "util/array.h"
#include "util/format.h"

enum {
	BYTES_MIN = 1 << 20, SHARE = 100 /* one in so many bytes of the heap */,
	USED_SHARE = 4 /* an array or a map is told if at most one in so many parts is used */,
	GOROUTINES_MIN = 10, IDLE_BYTES_MIN = 32 << 20, IDLE_SHARE = 3, PLACES_MIN = 16, GROWN_BYTES_MIN = 64 << 10, GROWN_MIN = 64 /* entries */,
};

static bool add(struct go_holders *h, const struct go_finding *f)
{
	const struct go_reach *r = &h->reach;

	static const struct {
		uint64_t bytes, share;	/* at least so many, and one in so many of the heap */
	} least[GO_FINDINGS] = {
		[GO_FINDING_GROWTH] = { GROWN_BYTES_MIN, UINT64_MAX },
		/* a pool is there to keep something */
		[GO_FINDING_POOL] = { 4 * BYTES_MIN, SHARE / 10 },
	};
	uint64_t share = least[f->kind].share ?: SHARE;

	if (f->bytes < (least[f->kind].bytes ?: BYTES_MIN) || f->bytes < r->bytes / share)
		return true;
	if (!array_reserve(h->finding, h->findings_capacity, h->findings, 1))
		return false;
	h->finding[h->findings++] = *f;
	return true;
}

static bool add_link(struct go_holders *h, enum go_finding_kind kind, uint32_t link, uint64_t bytes, uint64_t objects)
{
	struct go_finding f = { kind, h->reach.chains.link[link].root, link, bytes, objects };

	return add(h, &f);
}

/* Arrays of which slices and strings refer to a small part, by link. */
static void sum_unused(struct go_reach *r)
{
	for (size_t i = 0; i < r->spans.n; i++) {
		const struct go_span *s = &r->spans.span[i];

		for (uint32_t k = 0; s->used && k < s->objects; k++) {
			uint32_t link = r->link[s->first + k];
			uint64_t used = s->used[k];

			if (link < GO_LINK_FIRST || !used || used > s->object_bytes / USED_SHARE)
				continue;
			r->chains.link[link].unused_bytes += s->object_bytes - used;
			r->chains.link[link].unused++;
		}
	}
}

static bool judge_slices(struct go_holders *h)
{
	const struct go_chains *c = &h->reach.chains;

	sum_unused(&h->reach);
	/* what is in a pool is to be filled again */
	for (uint32_t i = GO_LINK_FIRST; i < c->n; i++)
		if (c->root[c->link[i].root].kind != GO_ROOT_POOL &&
		    !add_link(h, GO_FINDING_SLICE, i, c->link[i].unused_bytes, c->link[i].unused))
			return false;
	return true;
}

/* How many maps: a large one has tables, which its directory lists. */
static uint64_t maps_of(const struct go_chains *c, uint32_t link)
{
	while (c->link[link].way.role == GO_ROLE_MAP_TABLE || c->link[link].way.role == GO_ROLE_MAP_DIRECTORY)
		link = c->link[link].way.parent;
	return c->link[link].objects;
}

static bool judge_maps(struct go_holders *h)
{
	const struct go_chains *c = &h->reach.chains;

	for (uint32_t i = GO_LINK_FIRST; i < c->n; i++) {
		const struct go_link *l = &c->link[i];

		if (l->places && l->grown_entries >= GROWN_MIN && l->grown_entries < l->entries &&
		    !add_link(h, GO_FINDING_GROWTH, i, l->grown_below_bytes, maps_of(c, i)))
			return false;
		if (!l->places || l->entries > l->places / USED_SHARE)
			continue;
		if (!add_link(h, GO_FINDING_MAP, i, (double)l->places_bytes * (l->places - l->entries) / l->places,
			      maps_of(c, i)))
			return false;
	}
	return true;
}

static int by_link(const void *a, const void *b)
{
	const struct go_channel *x = a, *y = b;

	return x->link < y->link ? -1 : x->link > y->link;
}

/* Of what is behind the channels of one link, the part that is in those that nobody reads. */
static bool judge_channels(struct go_holders *h)
{
	const struct go_chains *c = &h->reach.chains;
	struct go_content *content = &h->reach.content;

	if (content->channels)
		qsort(content->channel, content->channels, sizeof(*content->channel), by_link);
	for (size_t i = 0, next; i < content->channels; i = next) {
		const struct go_link *l = &c->link[content->channel[i].link];
		uint64_t values = 0, channels = 0;

		for (next = i; next < content->channels && content->channel[next].link == content->channel[i].link;
		     next++) {
			const struct go_channel *one = &content->channel[next];

			/* a small ring comes by its beginning often */
			if (h->window_s > 0 ? !one->is_as_before : one->received_at || one->places < PLACES_MIN)
				continue;
			values += one->values;
			channels++;
		}
		if (channels && values <= l->entries &&
		    !add_link(h, GO_FINDING_CHANNEL, content->channel[i].link,
			      (double)l->below_bytes * values / l->entries, channels))
			return false;
	}
	return true;
}

static bool judge_roots(struct go_holders *h)
{
	const struct go_chains *c = &h->reach.chains;

	for (uint32_t i = 0; i < c->roots; i++) {
		const struct go_root *r = &c->root[i];
		struct go_finding f = { GO_FINDING_FINALIZER, i, GO_LINK_NONE, r->bytes, r->holders };

		if (r->kind == GO_ROOT_GOROUTINE && r->holders >= GOROUTINES_MIN)
			f.kind = GO_FINDING_GOROUTINE;
		else if (r->kind == GO_ROOT_POOL)
			f.kind = GO_FINDING_POOL;
		else if (r->kind == GO_ROOT_QUEUE)
			f.kind = GO_FINDING_QUEUE;
		else if (r->kind != GO_ROOT_FINALIZER)
			continue;
		if (!add(h, &f))
			return false;
	}
	return true;
}

/* Free memory, if it is a good part of what the program takes. */
static bool judge_idle(struct go_holders *h)
{
	struct go_finding f = { GO_FINDING_IDLE, GO_ROOT_NONE, GO_LINK_NONE, h->memory.idle, 0 };

	return !h->memory_known || f.bytes < IDLE_BYTES_MIN || f.bytes < h->rss_bytes / IDLE_SHARE || add(h, &f);
}

static int most_bytes(const void *a, const void *b)
{
	const struct go_finding *x = a, *y = b;

	return x->bytes > y->bytes ? -1 : x->bytes < y->bytes;
}

/** go_findings_judge() - what could be let go, most bytes first; false: no memory */
bool go_findings_judge(struct go_holders *h)
{
	if (!judge_slices(h) || !judge_maps(h) || !judge_channels(h) || !judge_roots(h) || !judge_idle(h))
		return false;
	if (h->findings)
		qsort(h->finding, h->findings, sizeof(*h->finding), most_bytes);
	return true;
}

/** go_finding_name() - what the kind is called */
const char *go_finding_name(enum go_finding_kind kind)
{
	static const char *const names[GO_FINDINGS] = {
		[GO_FINDING_SLICE] = "slice", [GO_FINDING_MAP] = "map",
		[GO_FINDING_GROWTH] = "growth", [GO_FINDING_CHANNEL] = "channel",
		[GO_FINDING_GOROUTINE] = "goroutine", [GO_FINDING_FINALIZER] = "finalizer",
		[GO_FINDING_QUEUE] = "queue", [GO_FINDING_POOL] = "pool",
		[GO_FINDING_IDLE] = "idle",
	};

	return names[kind];
}

static void say_map(const struct go_link *l, const char *bytes, char *buf, size_t len)
{
	char entries[32], places[32];

	snprintf(buf, len, "%s are places of maps that are free: %s entries in %s places; a map never shrinks, "
		 "a new one has to take its place", bytes, format_count(l->entries, entries),
		 format_count(l->places, places));
}

static void say_growth(const struct go_holders *h, const struct go_link *l, const char *bytes, char *buf, size_t len)
{
	char grown[32], entries[32], window[32];

	snprintf(buf, len, "%s more in %s: %s entries have been added to %s, and stay until they are deleted",
		 bytes, format_seconds(h->window_s, window), format_count(l->grown_entries, grown),
		 format_count(l->entries - l->grown_entries, entries));
}

static void say_channel(const struct go_holders *h, const struct go_finding *f, const char *bytes, char *buf, size_t len)
{
	char count[32], window[32];

	snprintf(buf, len, "%s wait in %s channel%s from which nothing has %sbeen received%s%s", bytes,
		 format_count(f->objects, count), f->objects == 1 ? "" : "s", h->window_s > 0 ? "" : "ever ",
		 h->window_s > 0 ? " in " : "", h->window_s > 0 ? format_seconds(h->window_s, window) : "");
}

static void say_queue(const struct go_holders *h, const char *bytes, const char *count, char *buf, size_t len)
{
	const char *function = h->counts.finalizing ?
		go_function(h->reach.process, h->counts.finalizing) : NULL;

	snprintf(buf, len, "%s wait for the finalizers of %s objects to be run%s%s", bytes, count,
		 function ? ": behind one that has not returned yet, " : "", function ?: "");
}

/** go_finding_say() - a sentence: what it is, and what has to change */
void go_finding_say(const struct go_holders *h, const struct go_finding *f, char *buf, size_t len)
{
	const struct go_link *l = &h->reach.chains.link[f->link];
	char bytes[32], count[32], each[32];

	format_bytes(f->bytes, bytes);
	format_count(f->objects, count);
	format_bytes(f->bytes / (f->objects ?: 1), each);
	switch (f->kind) {
	case GO_FINDING_SLICE:
		snprintf(buf, len, "%s in %s arrays are kept by slices or strings that are a small part of them: "
			 "copy what is needed (slices.Clone, strings.Clone)", bytes, count);
		break;
	case GO_FINDING_MAP:
		say_map(l, bytes, buf, len);
		break;
	case GO_FINDING_GROWTH:
		say_growth(h, l, bytes, buf, len);
		break;
	case GO_FINDING_CHANNEL:
		say_channel(h, f, bytes, buf, len);
		break;
	case GO_FINDING_GOROUTINE:
		snprintf(buf, len, "%s are kept by %s goroutines, %s by each", bytes, count, each);
		break;
	case GO_FINDING_FINALIZER:
		snprintf(buf, len, "%s are kept for the finalizers of %s objects, and by nothing else: finalizers of "
			 "objects that lead to themselves never run", bytes, count);
		break;
	case GO_FINDING_QUEUE:
		say_queue(h, bytes, count, buf, len);
		break;
	case GO_FINDING_POOL:
		snprintf(buf, len, "%s are in pools: two collections without a use let them go, so what is put back "
			 "should not be larger than what is needed next", bytes);
		break;
	case GO_FINDING_IDLE:
		snprintf(buf, len, "%s are free memory that the runtime keeps for later, and no leak: "
			 "debug.FreeOSMemory returns it, GOMEMLIMIT keeps it down", bytes);
		break;
	default:
		buf[0] = '\0';
	}
}
