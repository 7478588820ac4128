// SPDX-License-Identifier: GPL-2.0
/*
 * Growth of memory by call path. The pages of a leak of small blocks are
 * touched at many sites, so they are added up for every function on their
 * stacks: the deepest function that still accounts for most of the growth is
 * the answer, and nothing more precise is known.
 */
#include <stdlib.h>
#include <string.h>

#include "analysis/call_path.h"
#include "analysis/common_cause.h"
#include "analysis/memory_growth.h"
#include "model/address_range.h"
#include "model/model.h"
#include "model/object.h"
#include "model/site.h"
#include "model/target.h"
#include "symbolize/frame.h"
#include "symbolize/library.h"
#include "util/array.h"

struct path_function {				/* a function on a site's stack */
	uint64_t function, pages;
	unsigned int depth;		/* from the outermost frame */
	const struct symbol_frame *frame;
};

struct path_functions {
	struct path_function *b;
	size_t n, capacity;
};

static int by_function(const void *a, const void *b)
{
	const struct path_function *x = a, *y = b;

	return (x->function > y->function) - (x->function < y->function);
}

static int by_pages(const void *a, const void *b)
{
	const struct memory_part *x = a, *y = b;

	if (x->pages != y->pages)
		return x->pages < y->pages ? 1 : -1;
	return (x->id > y->id) - (x->id < y->id);
}

static void add_function(struct path_functions *all, const struct path_function *b)
{
	if (!array_reserve(all->b, all->capacity, all->n, 1))
		return;
	all->b[all->n++] = *b;
}

/*
 * Adds each function of a stack once, even if it is recursive, but not main(),
 * its callers, or what is a library's: the allocator, a header's memset().
 */
static void add_stack(struct path_functions *all, struct model *m, const struct site *s)
{
	const struct symbol_frame *f;
	int n = model_frames(m, s->stack, &f), inner;
	bool has_own = frame_to_blame(f, n);
	unsigned int own;
	struct call_path p;

	inner = n - (int)call_path_read(m, s, &p);
	own = call_path_outer(m, s->stack) < p.n ? p.n - call_path_outer(m, s->stack) : 0;
	for (unsigned int i = 0; inner >= 0 && i < own; i++) {
		bool skip = has_own && frame_is_library(&f[inner + i]);

		for (unsigned int j = 0; j < i; j++)
			skip |= p.function[j] == p.function[i];
		if (!skip)
			add_function(all, &(struct path_function){ p.function[i], site_live(s), p.n - i,
						    &f[inner + i] });
	}
}

/* The deepest function with a sufficient share. */
static void find_path(struct memory_growth *x, struct path_functions *all)
{
	unsigned int deepest = 0;

	if (all->n)
		qsort(all->b, all->n, sizeof(*all->b), by_function);
	for (size_t i = 0, j; i < all->n; i = j) {
		uint64_t pages = 0;
		unsigned int depth = UINT32_MAX;

		for (j = i; j < all->n && all->b[j].function == all->b[i].function; j++) {
			pages += all->b[j].pages;
			if (all->b[j].depth < depth)
				depth = all->b[j].depth;
		}
		if (pages < MEMORY_PATH_SHARE * x->new_live || depth <= deepest)
			continue;
		deepest = depth;
		x->path = all->b[i].frame;
		x->path_share = (double)pages / x->new_live;
	}
}

static unsigned int top(struct memory_part *from, size_t n, struct memory_part *to)
{
	size_t kept = 0;

	/* merges entries with the same id, which are adjacent */
	for (size_t i = 0; i < n; i++) {
		if (kept && from[kept - 1].id == from[i].id)
			from[kept - 1].pages += from[i].pages;
		else
			from[kept++] = from[i];
	}
	if (kept)
		qsort(from, kept, sizeof(*from), by_pages);
	if (kept > MEMORY_PARTS)
		kept = MEMORY_PARTS;
	memcpy(to, from, kept * sizeof(*to));
	return kept;
}

static int by_id(const void *a, const void *b)
{
	const struct memory_part *x = a, *y = b;

	return (x->id > y->id) - (x->id < y->id);
}

static void find_parts(struct memory_growth *x, const struct model *m)
{
	struct memory_part *grew = calloc(m->nsites + 1, sizeof(*grew)), *gave;
	size_t ngrew = 0, ngave = 0;

	gave = calloc(m->nsites * LEAKTRACE_RELEASES_MAX + 1, sizeof(*gave));
	for (size_t i = 0; grew && gave && i < m->nsites; i++) {
		const struct site *s = &m->sites[i];

		if (s->kind != LEAKTRACE_KIND_PAGE)
			continue;
		if (site_live(s))
			grew[ngrew++] = (struct memory_part){ s->id, site_live(s) };
		for (unsigned int k = 0; k < s->releases; k++)
			gave[ngave++] = (struct memory_part){ s->release[k].stack,
							      s->release[k].count };
	}
	if (ngave)
		qsort(gave, ngave, sizeof(*gave), by_id);
	if (grew && gave) {
		x->ngrew = top(grew, ngrew, x->grew);
		x->ngave = top(gave, ngave, x->gave);
	}
	free(grew);
	free(gave);
}

bool memory_growth_read(struct model *m, struct memory_growth *x)
{
	const struct kind_totals *k = &m->target.kind[LEAKTRACE_KIND_PAGE];
	struct path_functions all = { 0 };

	memset(x, 0, sizeof(*x));
	if (!k->present || !(m->target.kinds & 1U << LEAKTRACE_KIND_PAGE))
		return false;
	x->baseline_given_back = k->baseline > k->baseline_live ? k->baseline - k->baseline_live : 0;
	for (size_t i = 0; i < m->nsites; i++) {
		const struct site *s = &m->sites[i];

		if (s->kind != LEAKTRACE_KIND_PAGE)
			continue;
		x->touched += s->born;
		x->given_back += s->died;
		x->new_live += site_live(s);
		if (site_live(s))
			add_stack(&all, m, s);
	}
	x->given_back += x->baseline_given_back;
	for (size_t i = 0; i < m->nobjects; i++) {
		const struct object *o = &m->objects[i];

		if (o->kind != LEAKTRACE_KIND_PAGE || !o->site)
			continue;
		x->range[range_of(m, o->id)] += o->count;
		x->ranged += o->count;
	}
	find_path(x, &all);
	find_parts(x, m);
	free(all.b);
	return x->touched || x->given_back;
}
