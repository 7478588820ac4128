// SPDX-License-Identifier: GPL-2.0
/* Which sites are judged together: those with the same call path. */
#include <stdlib.h>
#include <string.h>

#include "analysis/candidate.h"
#include "analysis/mapping_share.h"
#include "analysis/measure.h"
#include "model/curve.h"
#include "model/judgement.h"
#include "model/model.h"
#include "model/object.h"
#include "model/site.h"

/* Whether some objects live longer than most of the site's objects do. */
static bool has_survivors(const struct site *s, const struct measures *x)
{
	return s->judgement.verdict >= VERDICT_SUSPECT || (x->old && x->old > x->late);
}

static int by_path(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;

	if (x->site->kind != y->site->kind)
		return x->site->kind - y->site->kind;
	if (x->site->type != y->site->type)
		return x->site->type - y->site->type;
	if (x->path.hash != y->path.hash)
		return x->path.hash > y->path.hash ? 1 : -1;
	return (x->site->id > y->site->id) - (x->site->id < y->site->id);
}

/* Stacks are only named if there is more than one candidate. */
void candidates_gather(struct candidates *all, struct model *m, struct measures *x)
{
	size_t worth = 0;

	for (size_t i = 0; i < m->nsites; i++)
		worth += has_survivors(&m->sites[i], &x[i]);
	all->p = worth > 1 ? calloc(worth, sizeof(*all->p)) : NULL;
	for (size_t i = 0; all->p && i < m->nsites; i++) {
		struct candidate *p = &all->p[all->n];

		if (!has_survivors(&m->sites[i], &x[i]))
			continue;
		p->site = &m->sites[i];
		all->n += call_path_read(m, p->site, &p->path) > 0;
	}
	if (all->n)
		qsort(all->p, all->n, sizeof(*all->p), by_path);
}

static bool same_path(const struct candidate *a, const struct candidate *b)
{
	return a->site->kind == b->site->kind && a->site->type == b->site->type &&
		call_path_same(&a->path, &b->path);
}

void candidates_group(struct candidates *all)
{
	for (size_t i = 0; i < all->n; i++)
		all->p[i].head = i;
	for (size_t i = 0; i < all->n; i++)
		for (size_t j = i + 1; all->p[i].head == i && j < all->n; j++) {
			if (all->p[j].site->kind != all->p[i].site->kind)
				break;
			if (all->p[j].head == j && same_path(&all->p[i], &all->p[j]))
				all->p[j].head = i;
		}
}

static int by_birth(const void *a, const void *b)
{
	const struct object *x = a, *y = b;

	return (x->born_ns > y->born_ns) - (x->born_ns < y->born_ns);
}

static void add_site(struct site *sum, const struct site *s)
{
	sum->born += s->born;
	sum->died += s->died;
	if (!sum->first_ns || s->first_ns < sum->first_ns)
		sum->first_ns = s->first_ns;
	if (s->last_ns > sum->last_ns)
		sum->last_ns = s->last_ns;
	if (s->lifetime_max_ns > sum->lifetime_max_ns)
		sum->lifetime_max_ns = s->lifetime_max_ns;
	for (int i = 0; i < LEAKTRACE_LIFETIME_BUCKETS; i++)
		sum->lifetimes[i] += s->lifetimes[i];
}

/* Combines a group into one site and its objects, which the caller frees. */
struct object *candidates_pool(struct model *m, const struct candidates *all, size_t head,
			       struct site *sum, size_t *n)
{
	struct object *o = NULL, *part, *bigger;
	size_t more;

	*n = 0;
	*sum = (struct site){ .kind = all->p[head].site->kind, .type = all->p[head].site->type };
	for (size_t i = head; i < all->n; i++) {
		if (all->p[i].head != head)
			continue;
		add_site(sum, all->p[i].site);
		part = model_objects(m, all->p[i].site->id, &more);
		bigger = reallocarray(o, *n + more + 1, sizeof(*o));
		if (!bigger)
			continue;
		o = bigger;
		if (more)
			memcpy(o + *n, part, more * sizeof(*o));
		*n += more;
	}
	if (*n)
		qsort(o, *n, sizeof(*o), by_birth);
	return o;
}

/* The sum of a group's curves, at the times of the representative's. */
struct curve *candidates_curve(const struct candidates *all, size_t head)
{
	const struct analysis_ctx *ctx = all->ctx;
	const struct curve *first, *c;
	struct curve *sum;

	first = ctx->curve ? ctx->curve(all->p[head].site->id, ctx->arg) : NULL;
	sum = first ? malloc(sizeof(*sum)) : NULL;
	if (!sum)
		return NULL;
	*sum = *first;
	for (size_t i = head + 1; i < all->n; i++) {
		if (all->p[i].head != head)
			continue;
		c = ctx->curve(all->p[i].site->id, ctx->arg);
		for (unsigned int j = 0, k = 0; c && c->n && j < sum->n; j++) {
			while (k + 1 < c->n && c->t_s[k + 1] <= sum->t_s[j])
				k++;
			if (c->t_s[k] <= sum->t_s[j])
				sum->live[j] += c->live[k];
		}
	}
	return sum;
}
