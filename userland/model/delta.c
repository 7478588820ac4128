// SPDX-License-Identifier: GPL-2.0
/*
 * What happened between two snapshots. Counters only grow, so their difference
 * is what happened; objects created since are known by their time of creation.
 * Snapshots of different runs share nothing but the program: there, call paths
 * match if their stacks have the same names, or the same offsets in files with
 * the same build id.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/delta.h"
#include "model/judgement.h"
#include "model/kind.h"
#include "model/model.h"
#include "model/object.h"
#include "model/runtime_delta.h"
#include "model/site.h"
#include "model/target.h"
#include "symbolize/frame.h"
#include "util/format.h"

bool delta_same_target(const struct model *a, const struct model *b)
{
	return a->target.id == b->target.id && a->target.pid == b->target.pid &&
		a->target.attached_ns == b->target.attached_ns &&
		!strcmp(a->hostname ?: "", b->hostname ?: "");
}

static uint64_t minus(uint64_t a, uint64_t b)
{
	return a > b ? a - b : 0;
}

static void rebase_totals(struct target *t, const struct target *base)
{
	for (int k = 0; k < KINDS; k++) {
		struct kind_totals *n = &t->kind[k];
		const struct kind_totals *o = &base->kind[k];

		n->baseline = o->live;
		n->born = minus(n->born, o->born);
		n->died = minus(n->died, o->died);
		n->missed_births = minus(n->missed_births, o->missed_births);
		n->missed_deaths = minus(n->missed_deaths, o->missed_deaths);
		n->reborn = minus(n->reborn, o->reborn);
		n->foreign = minus(n->foreign, o->foreign);
		n->moved = minus(n->moved, o->moved);
		n->baseline_live = n->live;	/* minus what turns out to be younger */
	}
	t->attached_ns = base->now_ns;
}

/* Objects that existed at the earlier snapshot become baseline. */
static void rebase_objects(struct model *m, uint64_t from_ns)
{
	for (size_t i = 0; i < m->nobjects; i++) {
		struct object *o = &m->objects[i];
		struct kind_totals *n = &m->target.kind[o->kind];

		if (o->born_ns > from_ns && !(o->flags & LEAKTRACE_OBJECT_F_BASELINE)) {
			if (!(o->flags & LEAKTRACE_OBJECT_F_EXITED))
				n->baseline_live = minus(n->baseline_live, o->count);
			continue;
		}
		o->flags |= LEAKTRACE_OBJECT_F_BASELINE;
		o->site = 0;
	}
}

static void rebase_releases(struct site *s, const struct site *base)
{
	for (unsigned int i = 0; i < s->releases; i++)
		for (unsigned int j = 0; j < base->releases; j++)
			if (s->release[i].stack == base->release[j].stack)
				s->release[i].count = minus(s->release[i].count, base->release[j].count);
	s->released_elsewhere = minus(s->released_elsewhere, base->released_elsewhere);
}

/*
 * Objects created since that are not live were released. Lifetimes and release
 * stacks cannot be attributed: those of older objects stay included.
 */
static void rebase_site(struct model *m, struct site *s, const struct site *base)
{
	uint64_t live = 0, first_ns = 0;
	size_t n;
	struct object *o = model_objects(m, s->id, &n);

	for (size_t i = 0; i < n; i++) {
		if (o[i].flags & LEAKTRACE_OBJECT_F_EXITED)
			continue;
		live += o[i].count;
		if (!first_ns || o[i].born_ns < first_ns)
			first_ns = o[i].born_ns;
	}
	if (base) {
		s->born = minus(s->born, base->born);
		for (int i = 0; i < LEAKTRACE_LIFETIME_BUCKETS; i++)
			s->lifetimes[i] = minus(s->lifetimes[i], base->lifetimes[i]);
		s->lifetime_sum_ns = minus(s->lifetime_sum_ns, base->lifetime_sum_ns);
		rebase_releases(s, base);
	}
	s->born = s->born > live ? s->born : live;
	s->died = s->born - live;
	if (s->first_ns <= m->target.attached_ns)
		s->first_ns = first_ns && s->born == live ? first_ns : m->target.attached_ns;
}

int delta_rebase(struct model *m, const struct model *base)
{
	size_t kept = 0;

	if (!delta_same_target(m, base) || base->target.now_ns > m->target.now_ns)
		return -EINVAL;
	rebase_totals(&m->target, &base->target);
	memset(m->baseline_seen, 0, sizeof(m->baseline_seen));	/* another baseline */
	rebase_objects(m, base->target.now_ns);
	model_settle(m);
	for (size_t i = 0; i < m->nsites; i++) {
		struct site s = m->sites[i];
		const struct site *before = model_site((struct model *)base, s.id);

		rebase_site(m, &s, before);
		if (s.born)
			m->sites[kept++] = s;
		else
			judgement_clear(&s.judgement);
	}
	m->nsites = kept;
	if (m->runtime && base->runtime)
		runtime_delta_rebase(m->runtime, base->runtime);
	return 0;
}

/* --- by stack --- */

struct keyed {
	char *key;
	struct site *site;
	struct model *model;
	bool newer;
};

static void put_frame(FILE *f, const struct symbol_frame *s)
{
	/* names survive a rebuild, offsets are valid for one build only */
	if (s->function)
		fprintf(f, "%s\n", s->function);
	else
		fprintf(f, "%s+%llx\n", s->build_id ?: s->module ? path_base(s->module) : "?",
			(unsigned long long)s->offset);
}

static char *key_of(struct model *m, const struct site *s)
{
	const struct symbol_frame *frames;
	char *key = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&key, &len);
	int n = model_frames(m, s->stack, &frames);

	if (!f)
		return NULL;
	fprintf(f, "%u %u\n", s->kind, s->type);
	for (int i = 0; i < n; i++)
		put_frame(f, &frames[i]);
	if (!n)
		fprintf(f, "no stack\n");
	fclose(f);
	return key;
}

static int by_key(const void *a, const void *b)
{
	const struct keyed *x = a, *y = b;
	int order = strcmp(x->key ?: "", y->key ?: "");

	return order ? order : (int)x->newer - y->newer;
}

static int64_t growth(const struct difference *d)
{
	return (int64_t)(d->live - d->live_before);
}

static int by_growth(const void *a, const void *b)
{
	const struct difference *x = a, *y = b;

	if (growth(x) != growth(y))
		return growth(x) < growth(y) ? 1 : -1;
	if (x->site && y->site)
		return (x->site->id > y->site->id) - (x->site->id < y->site->id);
	return !x->site - !y->site;
}

static size_t take_keys(struct model *m, bool newer, struct keyed *k)
{
	for (size_t i = 0; i < m->nsites; i++)
		k[i] = (struct keyed){ key_of(m, &m->sites[i]), &m->sites[i], m, newer };
	return m->nsites;
}

static void add_id(uint32_t **ids, size_t *n, uint32_t id)
{
	uint32_t *more = reallocarray(*ids, *n + 1, sizeof(*more));

	if (!more)
		return;
	*ids = more;
	more[(*n)++] = id;
}

static void forget_ids(struct difference *d)
{
	free(d->ids);
	free(d->ids_before);
}

/* Adds up call paths with the same key; the one with most objects represents them all. */
static void add_up(struct difference *d, const struct keyed *k)
{
	uint64_t live = site_live(k->site);

	if (k->newer) {
		add_id(&d->ids, &d->nids, k->site->id);
		d->live += live;
		if (!d->site || live > site_live(d->site))
			d->site = k->site;
		d->model = k->model;
	} else {
		add_id(&d->ids_before, &d->nids_before, k->site->id);
		d->live_before += live;
		if (!d->before || live > site_live(d->before))
			d->before = k->site;
		if (!d->site)
			d->model = k->model;
	}
}

size_t delta_compare(struct model *older, struct model *newer, struct difference **list)
{
	size_t n = older->nsites + newer->nsites, kept = 0;
	struct keyed *k = calloc(n ?: 1, sizeof(*k));
	struct difference *d = calloc(n ?: 1, sizeof(*d));

	*list = d;
	if (k && d) {
		take_keys(newer, true, k + take_keys(older, false, k));
		qsort(k, n, sizeof(*k), by_key);
	}
	for (size_t i = 0; k && d && i < n;) {
		size_t first = i;

		memset(&d[kept], 0, sizeof(d[kept]));
		for (; i < n && k[i].key && k[first].key && !strcmp(k[i].key, k[first].key); i++)
			add_up(&d[kept], &k[i]);
		i += i == first;	/* out of memory for its key */
		if (d[kept].live != d[kept].live_before)
			kept++;
		else
			forget_ids(&d[kept]);
	}
	for (size_t i = 0; k && i < n; i++)
		free(k[i].key);
	free(k);
	if (kept)
		qsort(d, kept, sizeof(*d), by_growth);
	return kept;
}

void delta_free(struct difference *d, size_t n)
{
	for (size_t i = 0; d && i < n; i++)
		forget_ids(&d[i]);
	free(d);
}
