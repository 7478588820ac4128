// SPDX-License-Identifier: GPL-2.0
/*
 * Two walks are two exact live heaps: what has grown needs no garbage collection in
 * between. Roots and links are compared by what they are; the size of an object does not
 * count, as an array that grows is another object each time.
 */
#include <stdlib.h>
#include <string.h>

#include "runtime/go/holders.h"
#include "runtime/go/holders_growth.h"
#include "util/clock.h"

static uint64_t mix(uint64_t h, uint64_t v)
{
	h = (h ^ v) * 0x9e3779b97f4a7c15ULL;
	return h ^ h >> 29;
}

static uint64_t hash_root(const struct go_root *r)
{
	return mix(mix(mix(1, r->kind), r->at), r->creator);
}

/* Of each link, from those before it; NULL: no memory. */
static uint64_t *hash_links(const struct go_reach *r)
{
	const struct go_chains *c = &r->chains;
	uint64_t *hash = malloc(c->n * sizeof(*hash));

	if (!hash)
		return NULL;
	for (uint32_t i = GO_LINK_FIRST; i < c->n; i++) {
		const struct go_way *w = &c->link[i].way;

		hash[i] = w->role == GO_ROLE_ROOT ? hash_root(&c->root[c->link[i].root]) :
			mix(mix(mix(hash[w->parent], r->types.type[w->type].at), w->offset), w->role);
	}
	return hash;
}

static int by_hash(const void *a, const void *b)
{
	const struct go_past_bytes *x = a, *y = b;

	return x->hash < y->hash ? -1 : x->hash > y->hash;
}

/* One entry for each hash. */
static size_t sum(struct go_past_bytes *list, size_t n)
{
	size_t kept = 0;

	qsort(list, n, sizeof(*list), by_hash);
	for (size_t i = 0; i < n; i++) {
		if (kept && list[kept - 1].hash == list[i].hash)
			list[kept - 1].bytes += list[i].bytes;
		else
			list[kept++] = list[i];
	}
	return kept;
}

/** go_past_keep() - keep what holds how much now; false: no memory */
bool go_past_keep(struct go_past *past, const struct go_holders *h)
{
	const struct go_chains *c = &h->reach.chains;
	uint64_t *hash = hash_links(&h->reach);

	past->root = malloc((c->roots + 1) * sizeof(*past->root));
	past->link = malloc(c->n * sizeof(*past->link));
	past->at_s = monotonic_ns() / 1e9;
	if (!hash || !past->root || !past->link) {
		free(hash);
		return false;
	}
	for (uint32_t i = 0; i < c->roots; i++)
		past->root[past->roots++] = (struct go_past_bytes){ hash_root(&c->root[i]), c->root[i].bytes };
	for (uint32_t i = GO_LINK_FIRST; i < c->n; i++)
		if (c->link[i].bytes)
			past->link[past->links++] = (struct go_past_bytes){ hash[i], c->link[i].bytes };
	past->roots = sum(past->root, past->roots);
	past->links = sum(past->link, past->links);
	free(hash);
	return true;
}

/* How much more it is; what is compared once is used up. */
static uint64_t more_than(struct go_past_bytes *list, size_t n, uint64_t hash, uint64_t bytes)
{
	struct go_past_bytes key = { .hash = hash }, *then = bsearch(&key, list, n, sizeof(*list), by_hash);
	uint64_t used = !then ? 0 : then->bytes < bytes ? then->bytes : bytes;

	if (then)
		then->bytes -= used;
	return bytes - used;
}

/** go_past_compare() - what has grown since; once */
void go_past_compare(struct go_past *past, struct go_holders *h)
{
	struct go_chains *c = &h->reach.chains;
	uint64_t *hash = hash_links(&h->reach);

	if (!hash)
		return;
	for (uint32_t i = 0; i < c->roots; i++)
		c->root[i].grown_bytes = more_than(past->root, past->roots, hash_root(&c->root[i]), c->root[i].bytes);
	for (uint32_t i = GO_LINK_FIRST; i < c->n; i++)
		c->link[i].grown_bytes = more_than(past->link, past->links, hash[i], c->link[i].bytes);
	h->window_s = monotonic_ns() / 1e9 - past->at_s;
	free(hash);
}

/** go_past_free() - release it */
void go_past_free(struct go_past *past)
{
	free(past->root);
	free(past->link);
	memset(past, 0, sizeof(*past));
}
