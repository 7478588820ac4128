// SPDX-License-Identifier: GPL-2.0
#include <stdlib.h>
#include <string.h>

#include "runtime/python/objects.h"
#include "runtime/python/past.h"
#include "util/clock.h"
#include "util/hash.h"

static int by_hash(const void *a, const void *b)
{
	const struct python_past_count *x = a, *y = b;

	return x->hash < y->hash ? -1 : x->hash > y->hash;
}

static bool make(struct python_past_counts *c, size_t max)
{
	c->count = malloc((max + 1) * sizeof(*c->count));
	c->n = 0;
	return c->count;
}

/* One entry for each hash. */
static void sum(struct python_past_counts *c)
{
	size_t kept = 0;

	qsort(c->count, c->n, sizeof(*c->count), by_hash);
	for (size_t i = 0; i < c->n; i++) {
		struct python_past_count *last = kept ? &c->count[kept - 1] : NULL;

		if (!last || last->hash != c->count[i].hash) {
			c->count[kept++] = c->count[i];
			continue;
		}
		last->objects += c->count[i].objects;
		last->bytes += c->count[i].bytes;
		last->reached += c->count[i].reached;
	}
	c->n = kept;
}

static uint64_t hash_row(const struct python_row *r)
{
	return hash_bytes(HASH_START, r->name, strlen(r->name)) + r->is_other;
}

/** python_past_keep() - keep what there is now; false: no memory */
bool python_past_keep(struct python_past *past, const struct python_objects *o)
{
	const struct python_links *l = &o->reach.links;

	past->at_s = monotonic_ns() / 1e9;
	if (!make(&past->rows, o->rows) || !make(&past->roots, l->roots) || !make(&past->links, l->n))
		return false;
	for (size_t i = 0; i < o->rows; i++)
		past->rows.count[past->rows.n++] = (struct python_past_count){
			hash_row(&o->row[i]), o->row[i].objects, o->row[i].bytes, o->row[i].reached };
	for (size_t i = 0; i < l->roots; i++)
		past->roots.count[past->roots.n++] = (struct python_past_count){
			l->root[i].hash, l->root[i].objects, l->root[i].bytes, 0 };
	for (size_t i = 1; i < l->n; i++)
		past->links.count[past->links.n++] = (struct python_past_count){
			l->link[i].hash, l->link[i].objects, l->link[i].bytes, 0 };
	sum(&past->rows);
	sum(&past->roots);
	sum(&past->links);
	return true;
}

/* What it was, which is used up by who asks; of what is new, nothing. */
static struct python_past_count take(struct python_past_counts *c, uint64_t hash)
{
	struct python_past_count key = { .hash = hash }, *then, was = { 0 };

	then = c->n ? bsearch(&key, c->count, c->n, sizeof(key), by_hash) : NULL;
	if (then) {
		was = *then;
		then->objects = then->bytes = then->reached = 0;
	}
	return was;
}

/** python_past_compare() - say what has grown since then */
void python_past_compare(struct python_past *past, struct python_objects *o)
{
	struct python_links *l = &o->reach.links;
	struct python_past_count then;

	for (size_t i = 0; i < o->rows; i++) {
		then = take(&past->rows, hash_row(&o->row[i]));
		o->row[i].grown_objects = o->row[i].objects - then.objects;
		o->row[i].grown_bytes = o->row[i].bytes - then.bytes;
		o->row[i].grown_reached = o->row[i].reached - then.reached;
	}
	for (size_t i = 0; i < l->roots; i++) {
		then = take(&past->roots, l->root[i].hash);
		l->root[i].grown_objects = l->root[i].objects - then.objects;
		l->root[i].grown_bytes = l->root[i].bytes - then.bytes;
	}
	for (size_t i = 1; i < l->n; i++) {
		then = take(&past->links, l->link[i].hash);
		l->link[i].grown_objects = l->link[i].objects - then.objects;
		l->link[i].grown_bytes = l->link[i].bytes - then.bytes;
	}
	o->window_s = monotonic_ns() / 1e9 - past->at_s;
}

/** python_past_free() - release it */
void python_past_free(struct python_past *past)
{
	free(past->rows.count);
	free(past->roots.count);
	free(past->links.count);
	memset(past, 0, sizeof(*past));
}
