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

static void merge(struct go_past_bytes *to, const struct go_past_bytes *from)
{
	to->bytes += from->bytes;
	to->entries += from->entries;
}

/* One entry for each hash. */
static size_t sum(struct go_past_bytes *list, size_t n)
{
	size_t kept = 0;

	qsort(list, n, sizeof(*list), by_hash);
	for (size_t i = 0; i < n; i++) {
		if (kept && list[kept - 1].hash == list[i].hash)
			merge(&list[kept - 1], &list[i]);
		else
			list[kept++] = list[i];
	}
	return kept;
}

static int by_address(const void *a, const void *b)
{
	const struct go_past_channel *x = a, *y = b;

	return x->at < y->at ? -1 : x->at > y->at;
}

static bool keep_channels(struct go_past *past, const struct go_content *c)
{
	past->channel = malloc((c->channels + 1) * sizeof(*past->channel));
	if (!past->channel)
		return false;
	for (size_t i = 0; i < c->channels; i++)
		past->channel[i] = (struct go_past_channel){ c->channel[i].at, c->channel[i].received_at };
	past->channels = c->channels;
	qsort(past->channel, past->channels, sizeof(*past->channel), by_address);
	return true;
}

static void compare_channels(const struct go_past *past, struct go_content *c)
{
	for (size_t i = 0; i < c->channels; i++) {
		struct go_past_channel key = { .at = c->channel[i].at }, *then;

		then = bsearch(&key, past->channel, past->channels, sizeof(key), by_address);
		c->channel[i].is_as_before = then && then->received_at == c->channel[i].received_at;
	}
}

/** go_past_keep() - keep what holds how much now; false: no memory */
bool go_past_keep(struct go_past *past, const struct go_holders *h)
{
	const struct go_chains *c = &h->reach.chains;
	uint64_t *hash = hash_links(&h->reach);

	past->root = malloc((c->roots + 1) * sizeof(*past->root));
	past->link = malloc(c->n * sizeof(*past->link));
	past->at_s = monotonic_ns() / 1e9;
	if (!hash || !past->root || !past->link || !keep_channels(past, &h->reach.content)) {
		free(hash);
		return false;
	}
	for (uint32_t i = 0; i < c->roots; i++)
		past->root[past->roots++] = (struct go_past_bytes){ hash_root(&c->root[i]), c->root[i].bytes, 0 };
	for (uint32_t i = GO_LINK_FIRST; i < c->n; i++)
		if (c->link[i].bytes)
			past->link[past->links++] = (struct go_past_bytes){ hash[i], c->link[i].bytes,
									    c->link[i].entries };
	past->roots = sum(past->root, past->roots);
	past->links = sum(past->link, past->links);
	free(hash);
	return true;
}

static void *copy_of(const void *from, size_t n, size_t each)
{
	void *to = malloc((n + 1) * each);

	return to ? memcpy(to, from, n * each) : NULL;
}

/** go_past_copy() - another one, as comparing uses one up; false: no memory */
bool go_past_copy(struct go_past *to, const struct go_past *past)
{
	*to = *past;
	to->root = copy_of(past->root, past->roots, sizeof(*past->root));
	to->link = copy_of(past->link, past->links, sizeof(*past->link));
	to->channel = copy_of(past->channel, past->channels, sizeof(*past->channel));
	return to->root && to->link && to->channel;
}

/* How much more it is; what is compared once is used up. */
static uint64_t more_than(uint64_t *then, uint64_t now)
{
	uint64_t used = *then < now ? *then : now;

	*then -= used;
	return now - used;
}

/* What it was; of what is new, nothing. */
static struct go_past_bytes *find(struct go_past_bytes *list, size_t n, uint64_t hash, struct go_past_bytes *nothing)
{
	struct go_past_bytes key = { .hash = hash }, *then = bsearch(&key, list, n, sizeof(*list), by_hash);

	*nothing = (struct go_past_bytes){ 0 };
	return then ?: nothing;
}

static void compare_links(struct go_past *past, struct go_chains *c, const uint64_t *hash)
{
	struct go_past_bytes nothing, *then;

	for (uint32_t i = GO_LINK_FIRST; i < c->n; i++) {
		struct go_link *l = &c->link[i];

		then = find(past->link, past->links, hash[i], &nothing);
		l->grown_bytes = l->grown_below_bytes = more_than(&then->bytes, l->bytes);
		l->grown_entries = more_than(&then->entries, l->entries);
	}
	for (uint32_t i = c->n; i-- > GO_LINK_FIRST;)
		if (c->link[i].way.role != GO_ROLE_ROOT)
			c->link[c->link[i].way.parent].grown_below_bytes += c->link[i].grown_below_bytes;
}

/** go_past_compare() - what has grown since; once */
void go_past_compare(struct go_past *past, struct go_holders *h)
{
	struct go_chains *c = &h->reach.chains;
	uint64_t *hash = hash_links(&h->reach);
	struct go_past_bytes nothing;

	if (!hash)
		return;
	for (uint32_t i = 0; i < c->roots; i++)
		c->root[i].grown_bytes = more_than(&find(past->root, past->roots, hash_root(&c->root[i]),
							 &nothing)->bytes, c->root[i].bytes);
	compare_links(past, c, hash);
	compare_channels(past, &h->reach.content);
	h->window_s = monotonic_ns() / 1e9 - past->at_s;
	free(hash);
}

/** go_past_root() - how much a root held then, before it was compared; 0: there was none */
uint64_t go_past_root(const struct go_past *past, const struct go_holders *h, uint32_t root)
{
	struct go_past_bytes nothing;

	return find(past->root, past->roots, hash_root(&h->reach.chains.root[root]), &nothing)->bytes;
}

/** go_past_free() - release it */
void go_past_free(struct go_past *past)
{
	free(past->root);
	free(past->link);
	free(past->channel);
	memset(past, 0, sizeof(*past));
}
