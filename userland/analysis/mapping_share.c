// SPDX-License-Identifier: GPL-2.0
/*
 * The context of a site: how much of the baseline was released, and for pages,
 * in which mappings they are. The pages of an allocator are touched by
 * whichever allocation comes next, so in its mappings a page says little about
 * who keeps it. The brk heap and glibc's arenas are known by their layout, the
 * mappings of other allocators by being shared between sites, even if one site
 * has nearly all of the pages, or by the library that is loaded.
 */
#include <stdlib.h>

#include "analysis/heap_estimate.h"
#include "analysis/mapping_share.h"
#include "analysis/measure.h"
#include "model/address_range.h"
#include "model/allocator.h"
#include "model/baseline.h"
#include "model/limits.h"
#include "model/model.h"
#include "model/object.h"
#include "model/target.h"
#include "util/proc_maps.h"

enum {
	MANY_OTHERS = 3,
	SHARED_MAPS = 8,		/* a leak of shared mappings has made more of them than that */
};

static ptrdiff_t map_of(const struct model *m, uint64_t address)
{
	const struct map *map = m->maps ? maps_find(m->maps, address) : NULL;

	return map ? map - m->maps->map : -1;
}

/* Objects are sorted by site, so a site counts once per mapping. */
static void count_site(struct analysis_ctx *ctx, uint32_t site, uint32_t *last, ptrdiff_t map)
{
	if (last[map] == site)
		return;
	last[map] = site;
	ctx->map_sites[map]++;
}

/* By kind and type, and those that were gone before they could be seen. */
static void count_released(struct analysis_ctx *ctx)
{
	for (int k = 0; k < KINDS; k++) {
		const struct kind_totals *n = &ctx->m->target.kind[k];
		uint64_t released = n->baseline > n->baseline_live ? n->baseline - n->baseline_live : 0;

		for (int t = 0; t < __LEAKTRACE_TYPE_MAX && released; t++) {
			uint64_t seen = ctx->m->baseline_seen[k][t];
			uint64_t now = seen ? baseline_of_type(ctx->m, k, t) : 0;

			ctx->released[k][t] = seen > now ? seen - now : 0;
			released -= ctx->released[k][t] < released ? ctx->released[k][t] : released;
		}
		ctx->released_unseen[k] = released;
	}
}

/* Whether there are as many shared mappings as when they were first counted. */
static bool shared_as_before(const struct model *m)
{
	const struct limit_growth *g = &m->limits[LIMIT_SHARED_MAPS].growth;
	uint64_t now = 0;

	for (size_t i = 0; i < m->maps->n; i++)
		now += m->maps->map[i].shared;
	return g->looks && now <= g->first + SHARED_MAPS;
}

void analysis_ctx_init(struct analysis_ctx *ctx)
{
	struct model *m = ctx->m;
	size_t n = m->maps ? m->maps->n : 0;
	uint32_t *last;

	count_released(ctx);
	ctx->shared_as_before = m->maps && shared_as_before(m);
	ctx->mapping_allocator = m->maps && allocator_loaded(m->maps, 0);
	ctx->map_pages = calloc(n + 1, sizeof(*ctx->map_pages));
	ctx->own_pages = calloc(n + 1, sizeof(*ctx->own_pages));
	ctx->map_sites = calloc(n + 1, sizeof(*ctx->map_sites));
	last = calloc(n + 1, sizeof(*last));
	for (size_t i = 0; i < m->nobjects; i++) {
		const struct object *o = &m->objects[i];
		ptrdiff_t map;

		if (o->kind != LEAKTRACE_KIND_PAGE || !o->site)
			continue;
		ctx->pages += o->count;
		map = map_of(m, o->id);
		if (map >= 0 && ctx->map_pages)
			ctx->map_pages[map] += o->count;
		if (map >= 0 && ctx->map_sites && last)
			count_site(ctx, o->site, last, map);
	}
	free(last);
}

void analysis_ctx_free(struct analysis_ctx *ctx)
{
	free(ctx->map_pages);
	free(ctx->own_pages);
	free(ctx->map_sites);
	ctx->map_pages = ctx->own_pages = NULL;
	ctx->map_sites = NULL;
}

/* The number of a site's pages in mappings that it shares with other sites. */
static uint64_t pooled_pages(const struct analysis_ctx *ctx, const struct births *b)
{
	uint64_t pooled = 0;

	if (!ctx->map_pages || !ctx->own_pages || !ctx->map_sites)
		return 0;
	for (size_t i = 0; i < b->n; i++) {
		ptrdiff_t map = map_of(ctx->m, b->o[i].id);

		if (map >= 0)
			ctx->own_pages[map] += b->o[i].count;
	}
	for (size_t i = 0; i < b->n; i++) {
		ptrdiff_t map = map_of(ctx->m, b->o[i].id);

		if (map < 0)
			continue;
		if (ctx->own_pages[map] * 4 < ctx->map_pages[map] * 3 ||
		    ctx->map_sites[map] >= 1 + b->more_sites + MANY_OTHERS)
			pooled += ctx->own_pages[map];
		ctx->own_pages[map] = 0;
	}
	return pooled;
}

/*
 * Whether a site's pages are in a few shared mappings. The first touch of a page
 * there takes no new memory if another process has touched it before, and the
 * mapping ends somewhere: only a number of mappings that grows is a leak.
 */
static bool in_few_shared(const struct analysis_ctx *ctx, const struct births *b)
{
	ptrdiff_t seen[SHARED_MAPS];
	int n = 0, k;

	for (size_t i = 0; i < b->n; i++) {
		ptrdiff_t map = map_of(ctx->m, b->o[i].id);

		if (map < 0 || !ctx->m->maps->map[map].shared)
			continue;
		for (k = 0; k < n && seen[k] != map; k++)
			;
		if (k == SHARED_MAPS)
			return false;
		if (k == n)
			seen[n++] = map;
	}
	return true;
}

/*
 * Whether it may be a mapping of an allocator that maps all of its memory: no file's, and no
 * stack of a thread, which has an inaccessible page below.
 */
static bool may_be_allocators(const struct analysis_ctx *ctx, uint64_t address)
{
	ptrdiff_t i = map_of(ctx->m, address);
	const struct map *map = i >= 0 ? &ctx->m->maps->map[i] : NULL, *below = i > 0 ? map - 1 : NULL;

	return map && !map->inode && !map->shared && map->write &&
		!(below && below->end == map->start && !below->read && !below->write);
}

static bool in_mapped_heap(const struct analysis_ctx *ctx, const struct births *b)
{
	uint64_t in = 0, all = 0;

	for (size_t i = 0; i < b->n && ctx->mapping_allocator; i++) {
		all += b->o[i].count;
		in += may_be_allocators(ctx, b->o[i].id) ? b->o[i].count : 0;
	}
	return in * 2 > all;
}

static uint64_t part_of(uint64_t released, uint64_t mine, uint64_t live)
{
	return live > mine ? (double)released * mine / live : released;
}

/*
 * The released baseline objects that a site's own may have replaced. Of what
 * type they were is known if they were seen; the others, and which of several
 * sites replaced them, are shared out by size.
 */
static uint64_t share_of_turnover(const struct analysis_ctx *ctx, unsigned int kind, unsigned int type,
				  const struct births *b)
{
	const struct kind_totals *k = &ctx->m->target.kind[kind];
	uint64_t live = k->live > k->baseline_live ? k->live - k->baseline_live : 0, mine = 0;

	for (size_t i = 0; i < b->n; i++)
		mine += birth_counts(b, i) ? b->o[i].count : 0;
	return part_of(ctx->released_unseen[kind], mine, live) +
		(type < __LEAKTRACE_TYPE_MAX ? part_of(ctx->released[kind][type], mine, live) : 0);
}

void measure_mappings(struct measures *x, const struct analysis_ctx *ctx, const struct births *b)
{
	uint64_t where[RANGES] = { 0 }, all = 0;

	x->outside = ctx->m->outside;
	x->turnover = share_of_turnover(ctx, x->kind, x->type, b);
	for (size_t i = 0; i < b->n && x->kind == LEAKTRACE_KIND_HEAP; i++)
		heap_sums_add(&x->sums, b->o[i].bytes, b->o[i].mean_bytes);
	if (x->kind != LEAKTRACE_KIND_PAGE)
		return;
	for (size_t i = 0; i < b->n; i++) {
		where[range_of(ctx->m, b->o[i].id)] += b->o[i].count;
		all += b->o[i].count;
	}
	x->heap = where[RANGE_HEAP] * 2 > all;
	x->stack = where[RANGE_STACK] * 2 > all;
	x->fixed = where[RANGE_SHARED] * 2 > all && (in_few_shared(ctx, b) || ctx->shared_as_before);
	/* who it is of is as little known of all memory as in the heap */
	if (x->outside && !x->stack && !x->fixed)
		x->heap = true;
	x->unplaced = where[RANGE_UNKNOWN] * 2 > all &&
		ctx->m->target.flags & LEAKTRACE_TARGET_F_EXITED;
	x->share = ctx->pages ? (double)all / ctx->pages : 0;
	x->pooled = !x->heap && !x->stack && (b->pooled || in_mapped_heap(ctx, b) || pooled_pages(ctx, b) * 2 > all);
	x->sampled = ctx->m->target.kind[LEAKTRACE_KIND_HEAP].born;
}
