// SPDX-License-Identifier: GPL-2.0
/*
 * One cause, one finding. Sites with the same call path are judged again
 * together, so that no part of a leak is missed because it is too small by
 * itself; what they share is reported once.
 */
#include <stdlib.h>
#include <string.h>

#include "analysis/call_path.h"
#include "analysis/common_cause.h"
#include "analysis/evidence.h"
#include "analysis/finding.h"
#include "analysis/finding_limit.h"
#include "analysis/mapping_share.h"
#include "analysis/measure.h"
#include "analysis/sibling_path.h"
#include "analysis/verdict.h"
#include "model/curve.h"
#include "model/finding.h"
#include "model/judgement.h"
#include "model/kind.h"
#include "model/model.h"
#include "model/object.h"
#include "model/site.h"

enum { JOIN_MAX = 256 };		/* findings; with more a report is unreadable anyway */

struct candidate {
	struct site *site;
	struct measures *x;
	struct call_path path;
	size_t head;			/* representative of its group (union-find) */
};

struct candidates {
	struct candidate *p;
	size_t n;
	const struct analysis_ctx *ctx;
};

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
static void gather(struct candidates *all, struct model *m, struct measures *x)
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
		p->x = &x[i];
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

static void group(struct candidates *all)
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
static struct object *pool(struct model *m, const struct candidates *all, size_t head,
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
static struct curve *pool_curve(const struct candidates *all, size_t head)
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

/* A group is kept only if its verdict is as bad as that of its worst site. */
static bool judge_group(struct candidates *all, size_t head, struct finding *f)
{
	struct model *m = all->ctx->m;
	struct curve *c = pool_curve(all, head);
	struct measures x = { 0 };
	struct births b = { 0 };
	struct site sum;
	struct object *o = pool(m, all, head, &sum, &b.n);
	enum verdict worst = VERDICT_SUSPECT;

	b.o = o;
	for (size_t i = head + 1; i < all->n; i++)
		b.more_sites += all->p[i].head == head;
	analysis_judge(all->ctx, &f->judgement, &sum, &b, c, &x);
	evidence_write(&f->judgement, &x);
	free(o);
	free(c);
	for (size_t i = head; i < all->n; i++)
		if (all->p[i].head == head && all->p[i].site->judgement.verdict > worst)
			worst = all->p[i].site->judgement.verdict;
	return f->judgement.verdict >= worst;
}

static void add_part(struct finding *f, struct site *s)
{
	uint32_t *more = reallocarray(f->sites, f->nsites + 1, sizeof(*more));

	if (!more)
		return;
	f->sites = more;
	f->sites[f->nsites++] = s->id;
	f->born += s->born;
	f->died += s->died;
	f->live[s->kind] += site_live(s);
	f->unjoined += s->judgement.unjoined;
}

static struct finding *more_findings(struct model *m)
{
	struct finding *more = reallocarray(m->findings, m->nfindings + 1, sizeof(*more));

	if (!more)
		return NULL;
	m->findings = more;
	memset(&m->findings[m->nfindings], 0, sizeof(*more));
	return &m->findings[m->nfindings++];
}

static void make_group(struct candidates *all, size_t head)
{
	struct finding joint = { 0 }, *f;
	size_t n = 0;

	for (size_t i = head; i < all->n; i++)
		n += all->p[i].head == head;
	if (n < 2)
		return;
	f = judge_group(all, head, &joint) ? more_findings(all->ctx->m) : NULL;
	if (!f) {
		finding_clear(&joint);
		return;
	}
	*f = joint;
	for (size_t i = head; i < all->n; i++) {
		struct judgement *j = &all->p[i].site->judgement;

		if (all->p[i].head != head)
			continue;
		add_part(f, all->p[i].site);
		j->finding = all->ctx->m->nfindings;
		j->verdict = joint.judgement.verdict;
		j->confidence = joint.judgement.confidence;
	}
}

/* A finding of one site. */
static void make_single(struct model *m, struct site *s)
{
	struct judgement *j = &s->judgement;
	struct finding *f;

	if (j->finding || (j->verdict == VERDICT_OK && !j->unjoined && !j->zombies))
		return;
	f = more_findings(m);
	if (!f)
		return;
	f->judgement = *j;
	for (int i = 0; i < EVIDENCE_MAX; i++)
		f->judgement.evidence[i] = j->evidence[i] ? strdup(j->evidence[i]) : NULL;
	add_part(f, s);
	j->finding = m->nfindings;
}

uint64_t finding_weight(const struct finding *f)
{
	uint64_t n = f->unjoined;

	for (int k = 0; k < KINDS; k++)
		n += f->live[k];
	return n;
}

static int worst_first(const void *a, const void *b)
{
	const struct finding *x = a, *y = b;

	return judgement_order(&x->judgement, finding_weight(x), &y->judgement, finding_weight(y)) ?:
		(x->sites[0] > y->sites[0]) - (x->sites[0] < y->sites[0]);
}

/* The stack of a page says least about the cause. */
static bool tells_more(const struct site *a, const struct site *b)
{
	bool pages = a->kind == LEAKTRACE_KIND_PAGE, other = b->kind == LEAKTRACE_KIND_PAGE;

	if (a->judgement.verdict != b->judgement.verdict)
		return a->judgement.verdict > b->judgement.verdict;
	if (pages != other)
		return other;
	return site_live(a) + a->judgement.unjoined > site_live(b) + b->judgement.unjoined;
}

/* Puts the part first that represents the finding: the worst, and of these the heaviest. */
static void lead(struct model *m, struct finding *f)
{
	for (size_t i = 1; i < f->nsites; i++) {
		const struct site *first = model_site(m, f->sites[0]), *s = model_site(m, f->sites[i]);

		if (tells_more(s, first)) {
			f->sites[0] = s->id;
			f->sites[i] = first->id;
		}
	}
}

/* Moves the parts of g to f. */
static void merge(struct model *m, struct finding *f, struct finding *g)
{
	bool worse = g->judgement.verdict > f->judgement.verdict;
	struct judgement j = f->judgement;

	for (size_t i = 0; i < g->nsites; i++)
		add_part(f, model_site(m, g->sites[i]));
	f->mixed = true;
	if (worse) {
		f->judgement = g->judgement;
		g->judgement = j;
	}
	finding_clear(g);
}

/* The number of outer frames that all parts have in common. */
static void find_caller(struct model *m, struct finding *f)
{
	struct call_path head, part;

	call_path_read(m, model_site(m, f->sites[0]), &head);
	f->common = head.n;
	for (size_t i = 1; i < f->nsites; i++) {
		unsigned int n;

		call_path_read(m, model_site(m, f->sites[i]), &part);
		n = call_path_common(&head, &part);
		if (n && n < f->common)
			f->common = n;
	}
}

/* Joins findings that have one cause, although their kinds or call paths differ. */
static void join(struct model *m)
{
	size_t n = m->nfindings;

	for (size_t i = 0; i < n; i++)
		for (size_t j = i + 1; j < n && n <= JOIN_MAX; j++) {
			struct finding *f = &m->findings[i], *g = &m->findings[j];

			if (f->nsites && g->nsites && f->judgement.verdict >= VERDICT_SUSPECT &&
			    g->judgement.verdict >= VERDICT_SUSPECT &&
			    common_cause(m, f, g))
				merge(m, f, g);
		}
}

static void number_findings(struct model *m)
{
	size_t kept = 0;

	for (size_t i = 0; i < m->nfindings; i++) {
		if (m->findings[i].nsites)
			m->findings[kept++] = m->findings[i];
		else
			finding_clear(&m->findings[i]);
	}
	m->nfindings = kept;
	if (kept)
		qsort(m->findings, kept, sizeof(*m->findings), worst_first);
	for (size_t i = 0; i < kept; i++) {
		struct finding *f = &m->findings[i];

		lead(m, f);
		find_caller(m, f);
		finding_limit(m, f);
		evidence_of_limit(m, f);
		if (f->mixed)
			evidence_of_parts(m, f);
		f->judgement.finding = i + 1;
		for (size_t k = 0; k < f->nsites; k++)
			model_site(m, f->sites[k])->judgement.finding = i + 1;
	}
	for (size_t i = 0; i < kept; i++)
		sibling_path_find(m, &m->findings[i]);
}

void findings_make(const struct analysis_ctx *ctx, struct measures *x)
{
	struct candidates all = { .ctx = ctx };
	struct model *m = ctx->m;

	gather(&all, m, x);
	group(&all);
	for (size_t i = 0; i < all.n; i++)
		if (all.p[i].head == i)
			make_group(&all, i);
	for (size_t i = 0; i < m->nsites; i++)
		make_single(m, &m->sites[i]);
	join(m);
	number_findings(m);
	free(all.p);
}
