// SPDX-License-Identifier: GPL-2.0
/* A heap as JSON. */
#include <inttypes.h>
#include <stdio.h>

#include "model/allocator.h"
#include "heap/report.h"
#include "heap/snapshot.h"
#include "util/json.h"

static struct json_object *classes_of(const struct heap_usage *u)
{
	struct json_object *list = json_object_new_array(), *o;

	for (unsigned int i = 0; i < HEAP_CLASSES; i++) {
		const struct heap_class *c = &u->size[i];

		if (!c->live_blocks && !c->free_blocks && !c->returnable_bytes)
			continue;
		o = json_object_new_object();
		json_put(o, "max_bytes", i == HEAP_CLASSES - 1 ? NULL : json_number(heap_class_max_bytes(i)));
		json_put_number(o, "live_blocks", c->live_blocks);
		json_put_number(o, "live_bytes", c->live_bytes);
		json_put_number(o, "free_blocks", c->free_blocks);
		json_put_number(o, "free_bytes", c->free_bytes);
		json_put_number(o, "fragmented_bytes", c->fragmented_bytes);
		json_put_number(o, "returnable_bytes", c->returnable_bytes);
		json_object_array_add(list, o);
	}
	return list;
}

static void put_usage(struct json_object *o, const struct heap_usage *u)
{
	json_put_number(o, "bytes", u->bytes);
	json_put_number(o, "live_blocks", u->live_blocks);
	json_put_number(o, "live_bytes", u->live_bytes);
	json_put_number(o, "free_blocks", heap_usage_free_blocks(u));
	json_put_number(o, "free_bytes", heap_usage_free_bytes(u));
	json_put_number(o, "fragmented_blocks", u->fragmented_blocks);
	json_put_number(o, "fragmented_bytes", u->fragmented_bytes);
	json_put_number(o, "cached_blocks", u->cached_blocks);
	json_put_number(o, "cached_bytes", u->cached_bytes);
	json_put_number(o, "top_bytes", u->top_bytes);
	json_put_number(o, "overhead_bytes", u->overhead_bytes);
	json_put_number(o, "returnable_bytes", u->returnable_bytes);
	json_put_number(o, "unread_bytes", u->unread_bytes);
	json_put(o, "classes", classes_of(u));
}

static struct json_object *arenas_of(const struct heap_snapshot *s)
{
	struct json_object *list = json_object_new_array(), *o;
	char name[24];

	for (size_t i = 0; i <= s->glibc.n; i++) {
		if (!s->usage[i].bytes)
			continue;
		o = json_object_new_object();
		snprintf(name, sizeof(name), i == s->glibc.n ? "mapped" : i ? "%zu" : "main", i + 1);
		json_put(o, "arena", json_string(name));
		json_put_number(o, "threads", i < s->glibc.n ? s->glibc.arena[i].threads : 0);
		put_usage(o, &s->usage[i]);
		json_object_array_add(list, o);
	}
	return list;
}

static struct json_object *allocator(const struct heap_snapshot *s)
{
	struct json_object *o = json_object_new_object(), *list = json_object_new_array();
	char version[16] = "";
	const char *other;

	if (s->glibc.minor)
		snprintf(version, sizeof(version), "2.%u", s->glibc.minor);
	json_put(o, "name", json_string("glibc"));
	json_put(o, "version", json_string(version));
	for (unsigned int i = 0; (other = allocator_loaded(&s->process->maps, i)); i++)
		json_object_array_add(list, json_string(other));
	json_put(o, "not_read", list);
	return o;
}

static struct json_object *words_of(const struct lost_group *g)
{
	struct json_object *list = json_object_new_array();
	char hex[24];

	for (unsigned int i = 0; i < g->nwords; i++) {
		snprintf(hex, sizeof(hex), "0x%016" PRIx64, g->words[i]);
		json_object_array_add(list, json_string(hex));
	}
	return list;
}

static struct json_object *lost_group(const struct lost_group *g)
{
	struct json_object *o = json_object_new_object(), *examples = json_object_new_array();
	char hex[24];

	json_put_number(o, "block_bytes", g->content_bytes);
	json_put(o, "type", json_string(g->type));
	json_put(o, "points_into", json_string(g->where));
	json_put_number(o, "blocks", g->blocks);
	json_put_number(o, "bytes", g->bytes);
	json_put_number(o, "indirect_blocks", g->indirect_blocks);
	json_put_number(o, "indirect_bytes", g->indirect_bytes);
	json_put(o, "first_words", words_of(g));
	for (unsigned int i = 0; i < g->examples; i++) {
		snprintf(hex, sizeof(hex), "%#" PRIx64, g->example[i]);
		json_object_array_add(examples, json_string(hex));
	}
	json_put(o, "examples", examples);
	return o;
}

static struct json_object *unreachable(const struct heap_lost *l)
{
	struct json_object *o = json_object_new_object(), *list = json_object_new_array();

	json_put_number(o, "scans", l->scans);
	json_put_number(o, "blocks", l->blocks);
	json_put_number(o, "bytes", l->bytes);
	json_put_number(o, "indirect_blocks", l->indirect_blocks);
	json_put_number(o, "indirect_bytes", l->indirect_bytes);
	json_put_number(o, "in_one_scan_only", l->single_blocks);
	json_put_number(o, "uncompared_blocks", l->uncompared_blocks);
	json_put_number(o, "read_bytes", l->read_bytes);
	json_put_number(o, "unread_bytes", l->unread_bytes);
	for (size_t i = 0; i < l->groups; i++)
		json_object_array_add(list, lost_group(&l->group[i]));
	json_put(o, "groups", list);
	return o;
}

/** heap_json() - everything as one object, which the caller owns */
struct json_object *heap_json(const struct heap_snapshot *s)
{
	struct json_object *o = json_object_new_object(), *target = json_object_new_object();
	struct json_object *total = json_object_new_object();

	json_put_number(o, "leaktrace", 1);
	json_put_number(target, "pid", s->process->pid);
	json_put(target, "comm", json_string(s->process->comm));
	json_put_number(target, "rss_bytes", s->process->rss_bytes);
	json_put(o, "target", target);
	json_put(o, "allocator", allocator(s));
	put_usage(total, &s->total);
	json_put(o, "total", total);
	json_put(o, "arenas", arenas_of(s));
	json_put(o, "unreachable", unreachable(&s->lost));
	json_put_number(o, "torn_reads", s->torn + s->glibc.torn);
	json_put_number(o, "memory_bytes", heap_memory_bytes());
	return o;
}
