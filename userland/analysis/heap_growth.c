// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/blame.h"
#include "analysis/heap_estimate.h"
#include "analysis/heap_growth.h"
#include "model/address_range.h"
#include "model/allocator.h"
#include "model/judgement.h"
#include "model/kind.h"
#include "model/model.h"
#include "model/object.h"
#include "model/site.h"
#include "symbolize/frame.h"
#include "util/format.h"
#include "util/units.h"

#define EXPLAINED	0.5	/* of the growth, by what samples stand for */

bool heap_growth_is(const struct finding *f)
{
	if (!f->nsites || !f->judgement.first_touch || f->unjoined)
		return false;
	for (int k = 0; k < KINDS; k++)
		if (f->live[k] && k != LEAKTRACE_KIND_PAGE)
			return false;
	return true;
}

const char *heap_growth_rate(const struct finding *f, char buf[32])
{
	double per_min = f->judgement.rate_per_min * PAGE_BYTES;
	bool slow = per_min < 60 * 1024;
	char bytes[32];

	snprintf(buf, 32, "%.24s/%s", format_bytes(slow ? per_min : per_min / 60, bytes), slow ? "min" : "s");
	return buf;
}

const char *heap_growth_owner(struct model *m, const struct finding *f)
{
	uint64_t all = 0, in = 0;
	const char *owner = NULL;

	for (size_t i = 0; i < f->nsites; i++) {
		size_t n;
		const struct object *o = model_objects(m, f->sites[i], &n);

		for (size_t k = 0; k < n; k++) {
			const char *name = range_allocator(m, o[k].id);

			all += o[k].count;
			if (!name || !strcmp(name, ALLOCATOR_MALLOC))
				continue;
			owner = owner ?: name;
			in += strcmp(owner, name) ? 0 : o[k].count;
		}
	}
	return in * 2 > all ? owner : NULL;
}

static int by_pages(const void *a, const void *b)
{
	const struct heap_toucher *x = a, *y = b;

	return (x->pages < y->pages) - (x->pages > y->pages);
}

static bool is_same(const struct symbol_frame *a, const struct symbol_frame *b)
{
	return a->function && b->function ? !strcmp(a->function, b->function) :
		!a->function && !b->function && a->offset == b->offset;
}

unsigned int heap_growth_touchers(struct model *m, const struct finding *f,
				  struct heap_toucher list[HEAP_TOUCHERS])
{
	struct heap_toucher *all = calloc(f->nsites, sizeof(*all));
	size_t n = 0, k;

	for (size_t i = 0; all && i < f->nsites; i++) {
		const struct site *s = model_site(m, f->sites[i]);
		const struct symbol_frame *frame = blamed_frame_of_site(m, s);

		if (s->kind != LEAKTRACE_KIND_PAGE || !frame)
			continue;
		for (k = 0; k < n && !is_same(all[k].frame, frame); k++)
			;
		n += k == n;
		all[k].pages += site_live(s);
		if (all[k].frame && all[k].of_line >= site_live(s))
			continue;
		all[k].frame = frame;
		all[k].of_line = site_live(s);
	}
	if (n)
		qsort(all, n, sizeof(*all), by_pages);
	n = n < HEAP_TOUCHERS ? n : HEAP_TOUCHERS;
	if (n)
		memcpy(list, all, n * sizeof(*list));
	free(all);
	return n;
}

static bool is_of_samples(const struct finding *f)
{
	return f->nsites && f->judgement.verdict >= VERDICT_SUSPECT && f->live[LEAKTRACE_KIND_HEAP];
}

void heap_growth_join(struct model *m, void (*merge)(struct model *m, struct finding *to,
						     struct finding *from, enum cause why))
{
	struct finding *growth = NULL, *most = NULL;
	double explained = 0, largest = 0;

	for (size_t i = 0; i < m->nfindings; i++) {
		struct finding *f = &m->findings[i];
		struct heap_sums sums;

		if (heap_growth_is(f) && f->judgement.verdict == VERDICT_SUSPECT &&
		    (!growth || f->live[LEAKTRACE_KIND_PAGE] > growth->live[LEAKTRACE_KIND_PAGE]))
			growth = f;
		if (!is_of_samples(f))
			continue;
		heap_sums_of_sites(m, f->sites, f->nsites, &sums);
		explained += sums.bytes;
		if (!most || sums.bytes > largest) {
			most = f;
			largest = sums.bytes;
		}
	}
	if (growth && most && explained >= EXPLAINED * growth->live[LEAKTRACE_KIND_PAGE] * PAGE_BYTES)
		merge(m, most, growth, CAUSE_HEAP);
}
