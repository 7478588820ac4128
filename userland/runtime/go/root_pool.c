// SPDX-License-Identifier: GPL-2.0
/*
 * What only a sync.Pool keeps. The package lists its pools in two slices, those that were
 * used since the last collection and those that were not; they are found by content.
 */
#include <stdlib.h>
#include <string.h>

#include "runtime/go/process.h"
#include "runtime/go/reach.h"
#include "runtime/go/root.h"
#include "runtime/go/variable.h"
#include "util/array.h"

enum { PROCS_MAX = 1 << 16, POOLS_MAX = 1 << 16, POOL_BYTES = 40, NEW = 32, OF_PROCESSOR_BYTES = 128 };

static uint64_t word(const unsigned char *p)
{
	uint64_t w;

	memcpy(&w, p, sizeof(w));
	return w;
}

/* What a pool has for each processor: an object of the heap, or nothing. One that is empty may say so. */
static bool is_store(struct go_reach *r, const unsigned char *p)
{
	uint64_t at = word(p), n = word(p + 8);
	uint32_t span = go_spans_at(&r->spans, at);

	if (!at)
		return true;
	return n <= PROCS_MAX && span != GO_SPAN_NONE &&
	       r->spans.span[span].object_bytes >= n * OF_PROCESSOR_BYTES;
}

static bool is_pool(struct go_reach *r, uint64_t at, struct go_pool *pool)
{
	const struct go_process *p = r->process;
	unsigned char copy[POOL_BYTES];

	if (!at || at & 7 || !go_read(p, at, copy, sizeof(copy)) || !is_store(r, copy) || !is_store(r, copy + 16) ||
	    !(word(copy) | word(copy + 16)) || (word(copy + NEW) && !go_function(p, go_word(p, word(copy + NEW)))))
		return false;
	*pool = (struct go_pool){ at, { word(copy), word(copy + 16) } };
	return true;
}

/* A slice all of whose elements are pools; false: no memory. */
static bool read_list(struct go_reach *r, struct go_pools *pools, const unsigned char *slice)
{
	uint64_t at = word(slice), n = word(slice + 8), *list;
	size_t before = pools->n;
	bool good = true;

	if (!n || n > word(slice + 16) || n > POOLS_MAX || go_spans_at(&r->spans, at) == GO_SPAN_NONE)
		return true;
	list = malloc(n * sizeof(*list));
	if (list && go_read(r->process, at, list, n * sizeof(*list)))
		for (uint64_t i = 0; good && i < n; i++) {
			if (!array_reserve(pools->pool, pools->capacity, pools->n, 1)) {
				free(list);
				return false;
			}
			good = is_pool(r, list[i], &pools->pool[pools->n]);
			pools->n++;
		}
	else
		good = false;
	free(list);
	if (!good) {
		pools->n = before;
		return true;
	}
	if (!array_reserve(pools->list, pools->lists_capacity, pools->lists, 1))
		return false;
	pools->list[pools->lists++] = at;
	return true;
}

static int by_address(const void *a, const void *b)
{
	const struct go_pool *x = a, *y = b;

	return x->at < y->at ? -1 : x->at > y->at;
}

/* Most pools are in both lists. */
static void merge(struct go_pools *pools)
{
	size_t kept = 0;

	if (pools->n)
		qsort(pools->pool, pools->n, sizeof(*pools->pool), by_address);
	for (size_t i = 0; i < pools->n; i++)
		if (!kept || pools->pool[kept - 1].at != pools->pool[i].at)
			pools->pool[kept++] = pools->pool[i];
	pools->n = kept;
}

/** go_roots_close_pools() - find what pools have, and leave it out until go_roots_pools(); false: no memory */
bool go_roots_close_pools(struct go_reach *r, const struct go_variables *v, struct go_pools *pools)
{
	memset(pools, 0, sizeof(*pools));
	for (int i = 0; i < GO_VARIABLE_PARTS; i++)
		for (uint64_t k = 0; k + 24 <= v->part[i].bytes; k += 8)
			if (!read_list(r, pools, v->part[i].copy + k))
				return false;
	merge(pools);
	/* a collection empties the lists: they hold nothing */
	for (size_t i = 0; i < pools->lists; i++)
		go_reach_close_object(r, pools->list[i]);
	for (size_t i = 0; i < pools->n; i++)
		for (int k = 0; k < 2; k++)
			go_reach_close_object(r, pools->pool[i].store[k]);
	return true;
}

/** go_pools_free() - release it */
void go_pools_free(struct go_pools *pools)
{
	free(pools->pool);
	free(pools->list);
	memset(pools, 0, sizeof(*pools));
}

/** go_roots_pools() - what pools have */
void go_roots_pools(struct go_reach *r, const struct go_variables *v, struct go_pools *pools)
{
	for (size_t i = 0; i < pools->n; i++) {
		const struct go_pool *pool = &pools->pool[i];
		struct go_variable owner = go_variables_at(v, pool->at);
		/* one that is in the heap has no name */
		bool is_variable = go_spans_at(&r->spans, pool->at) == GO_SPAN_NONE;
		uint32_t link = go_chains_root(&r->chains, GO_ROOT_POOL, is_variable ? owner.at : 0, 0);

		if (link)
			r->chains.root[r->chains.link[link].root].holders++;
		for (int k = 0; k < 2; k++) {
			go_reach_open_object(r, pool->store[k]);
			go_reach_see(r, link, 0, pool->store[k], 0);
		}
	}
	for (size_t i = 0; i < pools->lists; i++) {
		go_reach_open_object(r, pools->list[i]);
		go_reach_see(r, go_chains_root(&r->chains, GO_ROOT_RUNTIME, 0, 0), 0, pools->list[i], 0);
	}
	go_pools_free(pools);
}
