// SPDX-License-Identifier: GPL-2.0
/* Reads the runtime's own structures, which are as hostile as the rest of the program. */
#include <stdlib.h>
#include <string.h>

#include "elf/image.h"
#include "runtime/go/chain.h"
#include "runtime/go/content.h"
#include "runtime/go/heap_layout.h"
#include "runtime/go/process.h"
#include "runtime/go/span.h"
#include "runtime/go/type.h"
#include "util/array.h"
#include "util/macros.h"
#include "util/unaligned.h"

enum {
	CHANNEL_MIN_BYTES = 96, CHANNEL_MAX_BYTES = 160, MAP_BYTES = 48, TABLE_BYTES = 32,
	CHANNELS_MAX = 1 << 16, DEPTH_MAX = 40, SLOTS_OF_BUCKET = 8,
	BUCKET_MIN_BYTES = 24, BUCKET_MAX_BYTES = 4096,
};

/*
 * Whether that may be the code of a closure or a method value, which the compiler names
 * after where it is. Other functions have none in the heap, but a number may look like
 * the address of one.
 */
static bool is_closure_code(const struct go_process *p, uint64_t at)
{
	static const char *const parts[] = { ".func", ".gowrap", ".deferwrap", "-fm", "-range" };
	const char *name;
	struct go_func f;

	if (!go_table_find(&p->table, at - p->bias, &f) || f.start != at - p->bias)
		return false;
	name = go_func_name(&p->table, &f);
	for (size_t i = 0; name && i < ARRAY_SIZE(parts); i++)
		if (strstr(name, parts[i]))
			return true;
	return false;
}

/* A closure begins with the address of its code. */
static void know_closure(struct go_content *c, const struct go_object *o)
{
	struct go_link *l = &c->chains->link[o->link];
	const struct go_process *p = c->process;
	uint64_t first = u64_at(o->copy);

	if (first && l->pc != UINT64_MAX && l->pc != first && elf_image_is_code(p->image, first - p->bias) &&
	    is_closure_code(p, first))
		l->pc = l->pc ? UINT64_MAX : first;
}

/* A channel has the type of its elements. */
static bool is_channel(struct go_content *c, const unsigned char *p, uint32_t *elem)
{
	uint64_t type = u64_at(p + c->layout->chan_type);

	if (!go_types_is_static(c->types, type) || u64_at(p) > u64_at(p + 8))
		return false;
	*elem = go_types_find(c->types, type);
	return *elem && c->types->type[*elem].bytes == u16_at(p + 24);
}

/* A map that has a directory: its length and what is computed of it. */
static bool is_swiss_map(const unsigned char *p)
{
	enum { LENGTH = 24, DEPTH = 32, SHIFT = 33 };

	return p[DEPTH] < DEPTH_MAX && u64_at(p + LENGTH) == 1ULL << p[DEPTH] && p[SHIFT] == 64 - p[DEPTH];
}

/*
 * A map with buckets: there are twice as many for each step, in one object, and no more
 * entries than may be in so many.
 */
static bool is_bucket_map(struct go_content *c, const unsigned char *p)
{
	enum { FLAGS = 8, STEPS = 9, BUCKETS = 16, OLD = 24, EXTRA = 40, FLAGS_MAX = 15 };
	uint64_t steps = p[STEPS], buckets = u64_at(p + BUCKETS), old = u64_at(p + OLD), extra = u64_at(p + EXTRA);
	uint32_t span = go_spans_at(c->spans, buckets);
	const struct go_span *s;

	if (p[FLAGS] > FLAGS_MAX || !steps || steps >= DEPTH_MAX || span == GO_SPAN_NONE ||
	    u64_at(p) >> steps >= SLOTS_OF_BUCKET ||
	    (old && go_spans_at(c->spans, old) == GO_SPAN_NONE) ||
	    (extra && go_spans_at(c->spans, extra) == GO_SPAN_NONE))
		return false;
	s = &c->spans->span[span];
	return buckets == go_span_address(s, go_span_object(s, buckets)) &&
	       s->object_bytes >> steps >= BUCKET_MIN_BYTES && s->object_bytes >> steps < BUCKET_MAX_BYTES;
}

/* What the object of an unknown role is; what a map counts may look like the address of code. */
static void know_container(struct go_content *c, struct go_object *o)
{
	uint32_t elem;

	if (o->bytes == MAP_BYTES && (c->layout->swiss_maps ? is_swiss_map(o->copy) : is_bucket_map(c, o->copy))) {
		o->role = GO_ROLE_MAP;
	} else if (o->bytes >= CHANNEL_MIN_BYTES && o->bytes <= CHANNEL_MAX_BYTES &&
		   is_channel(c, o->copy, &elem)) {
		o->role = GO_ROLE_CHAN;
		o->type = elem;
	}
}

/** go_content_know() - what an object is that nothing else tells */
void go_content_know(struct go_content *c, struct go_object *o)
{
	struct go_link *l = &c->chains->link[o->link];
	uint8_t before = o->role;

	if (before == GO_ROLE_UNKNOWN)
		know_container(c, o);
	if (o->role != before) {
		l->known_role = o->role;
		l->known_type = o->type;
	} else if (o->bytes >= 8 && (before == GO_ROLE_UNKNOWN || before == GO_ROLE_FUNC)) {
		know_closure(c, o);
	}
}

/*
 * A channel whose buffer is full, or that has values though nothing was ever taken out: a
 * buffer is a ring, and it would have gone on.
 */
static void count_channel(struct go_content *c, const struct go_object *o)
{
	enum { CLOSED = 28, SENT = 8, RECEIVED = 16, RECEIVERS = 24 };
	const unsigned char *p = o->copy, *type = p + c->layout->chan_type;
	uint64_t values = u64_at(p), places = u64_at(p + 8);
	uint32_t closed;
	bool is_full = places && values == places;

	memcpy(&closed, p + CLOSED, sizeof(closed));
	c->chains->link[o->link].entries += values;
	if (o->bytes < c->layout->chan_type + RECEIVERS + 8ULL || closed || !values || values > places ||
	    u64_at(type + RECEIVERS) || c->channels >= CHANNELS_MAX)
		return;
	if (!is_full && (u64_at(type + RECEIVED) || u64_at(type + SENT) != values))
		return;
	if (!array_reserve(c->channel, c->capacity, c->channels, 1))
		return;
	c->channel[c->channels++] = (struct go_channel){
		.at = o->at, .link = o->link, .received_at = u64_at(type + RECEIVED), .values = values,
		.places = places,
	};
}

/*
 * How many entries there are in a large map or table, and places for them. Small ones
 * hardly ever shrink to less than what they need.
 */
static void count_map(struct go_content *c, const struct go_object *o)
{
	enum { STEPS = 9, CAPACITY = 2, STORE = 16, PLACES_MIN = 128 };
	struct go_link *l = &c->chains->link[o->link];
	uint64_t entries = 0, places = 0;
	uint32_t span;

	if (o->role == GO_ROLE_MAP_TABLE && o->bytes >= TABLE_BYTES) {
		entries = u16_at(o->copy);
		places = u16_at(o->copy + CAPACITY);
	} else if (o->role == GO_ROLE_MAP && o->bytes >= MAP_BYTES && !c->layout->swiss_maps &&
		   o->copy[STEPS] < DEPTH_MAX) {
		entries = u64_at(o->copy);
		places = (uint64_t)SLOTS_OF_BUCKET << o->copy[STEPS];
	}
	if (places < PLACES_MIN || entries > places)
		return;
	span = go_spans_at(c->spans, u64_at(o->copy + STORE));
	if (span == GO_SPAN_NONE)
		return;
	l->entries += entries;
	l->places += places;
	l->places_bytes += c->spans->span[span].object_bytes;
}

/** go_content_count() - how full it is */
void go_content_count(struct go_content *c, const struct go_object *o)
{
	if (o->role == GO_ROLE_CHAN)
		count_channel(c, o);
	else if (o->role == GO_ROLE_MAP || o->role == GO_ROLE_MAP_TABLE)
		count_map(c, o);
}

/** go_content_close() - release it */
void go_content_close(struct go_content *c)
{
	free(c->channel);
	memset(c, 0, sizeof(*c));
}
