// SPDX-License-Identifier: GPL-2.0
/*
 * One cause, one finding. Sites with the same call path are judged again
 * together, so that no part of a leak is missed because it is too small by
 * itself; what they share is reported once.
 */
#include <stdlib.h>
#include <string.h>

#include "analysis/call_path.h"
#include "analysis/candidate.h"
#include "analysis/common_cause.h"
#include "analysis/evidence.h"
#include "analysis/finding.h"
#include "analysis/finding_limit.h"
#include "analysis/heap_growth.h"
#include "analysis/kept_free.h"
#include "analysis/mapping_share.h"
#include "analysis/measure.h"
#include "analysis/sibling_path.h"
#include "analysis/thresholds.h"
#include "analysis/verdict.h"
#include "model/curve.h"
#include "model/finding.h"
#include "model/judgement.h"
#include "model/kind.h"
#include "model/limits.h"
#include "model/model.h"
#include "model/object.h"
#include "model/site.h"
#include "model/target.h"
#include "util/units.h"

#define SOON_S			86400.0
#define SMALL_SHARE		0.01	/* of the process's pages */
#define SMALL_PARTS_SHARE	0.05	/* if each part of the heap's growth is small by itself */
#define SMALL_BYTES_PER_H	(1 << 20)

enum { JOIN_MAX = 256 };		/* findings; with more a report is unreadable anyway */

/* A group is kept only if its verdict is as bad as that of its worst site. */
static bool judge_group(struct candidates *all, size_t head, struct finding *f)
{
	struct model *m = all->ctx->m;
	struct curve *c = candidates_curve(all, head);
	struct measures x = { 0 };
	struct births b = { 0 };
	struct site sum;
	struct object *o = candidates_pool(m, all, head, &sum, &b.n);
	enum verdict worst = VERDICT_SUSPECT;

	b.o = o;
	b.pooled = all->pooled;
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
	return f->judgement.weight;
}

static void weigh(struct model *m, struct finding *f)
{
	f->judgement.weight = limit_weight(m, LEAKTRACE_KIND_THREAD, f->unjoined);
	for (int k = 0; k < KINDS; k++)
		f->judgement.weight += limit_weight(m, k, f->live[k]);
}

/*
 * Whether a suspect is only a little memory: any program touches a few pages
 * more now and then. It counts if it is a share of the process, grows by much,
 * or takes the process to a limit soon.
 */
static bool is_small(struct model *m, const struct finding *f)
{
	const struct kind_totals *pages = &m->target.kind[LEAKTRACE_KIND_PAGE];
	uint64_t live = f->live[LEAKTRACE_KIND_PAGE];
	double per_min = 0;

	for (int k = 0; k < KINDS; k++)
		if (f->live[k] && k != LEAKTRACE_KIND_PAGE)
			return false;
	for (size_t i = 0; i < f->nsites; i++)
		per_min += model_site(m, f->sites[i])->judgement.rate_per_min;
	if (!live || f->unjoined || f->judgement.verdict != VERDICT_SUSPECT ||
	    (f->limit_s > 0 && f->limit_s < SOON_S))
		return false;
	return live * PAGE_BYTES < SMALL_BYTES || live < SMALL_SHARE * pages->live ||
		per_min * 60 * PAGE_BYTES < SMALL_BYTES_PER_H || pages->live < pages->baseline;
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
	return a->judgement.weight > b->judgement.weight;
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
static void merge(struct model *m, struct finding *f, struct finding *g, enum cause why)
{
	bool worse = g->judgement.verdict > f->judgement.verdict;
	struct judgement j = f->judgement;

	for (size_t i = 0; i < g->nsites; i++)
		add_part(f, model_site(m, g->sites[i]));
	f->mixed = true;
	if (why > f->cause)
		f->cause = why;
	if (g->cause > f->cause)
		f->cause = g->cause;
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

static bool may_join(struct model *m, const struct finding *f, const struct finding *g, enum cause *why)
{
	return f->nsites && g->nsites && f->judgement.verdict >= VERDICT_SUSPECT &&
		g->judgement.verdict >= VERDICT_SUSPECT && common_cause(m, f, g, why);
}

/*
 * Joins findings that have one cause, although their kinds or call paths differ.
 * What a finding has been given may explain one that was compared before.
 */
static void join(struct model *m)
{
	size_t n = m->nfindings;
	bool again = n <= JOIN_MAX;
	enum cause why;

	while (again) {
		again = false;
		for (size_t i = 0; i < n; i++)
			for (size_t j = i + 1; j < n; j++)
				if (may_join(m, &m->findings[i], &m->findings[j], &why)) {
					merge(m, &m->findings[i], &m->findings[j], why);
					again = true;
				}
	}
}

/*
 * The parts of the heap that shrink are in no finding: of many small ones that grow the sum says
 * little.
 */
static bool is_small_in_parts(struct model *m, const struct finding *f)
{
	return f->cause == CAUSE_HEAP && f->small && heap_growth_is(f) &&
		f->live[LEAKTRACE_KIND_PAGE] < SMALL_PARTS_SHARE * m->target.kind[LEAKTRACE_KIND_PAGE].live;
}

/* Sites of findings as candidates with one head. The caller frees them. */
static void take_sites(struct candidates *all, struct model *m, const struct finding *f)
{
	struct candidate *more = reallocarray(all->p, all->n + f->nsites, sizeof(*more));

	if (!more)
		return;
	all->p = more;
	for (size_t i = 0; i < f->nsites; i++)
		all->p[all->n++] = (struct candidate){ .site = model_site(m, f->sites[i]) };
}

static bool grows(const struct finding *f)
{
	return f->judgement.verdict == VERDICT_SUSPECT && heap_growth_is(f);
}

/*
 * The heap grows as one: who touched its pages first says little, so all of its growth is one
 * finding, and judged as one.
 */
static void join_heap(const struct analysis_ctx *ctx)
{
	struct candidates all = { .ctx = ctx, .pooled = true };
	struct finding *first = NULL, joint = { 0 };
	struct model *m = ctx->m;
	bool small = true;

	for (size_t i = 0; i < m->nfindings; i++)
		if (grows(&m->findings[i]))
			take_sites(&all, m, &m->findings[i]);
	if (all.n > 1 && judge_group(&all, 0, &joint)) {
		for (size_t i = 0; i < m->nfindings; i++) {
			struct finding *f = &m->findings[i];

			if (!grows(f))
				continue;
			small &= is_small(m, f);
			if (first)
				merge(m, first, f, CAUSE_HEAP);
			else
				first = f;
		}
		judgement_clear(&first->judgement);
		first->judgement = joint.judgement;
		first->cause = CAUSE_HEAP;
		first->small = small;
		first->mixed = true;
		for (size_t i = 0; i < all.n; i++)
			all.p[i].site->judgement.heap_grows = joint.judgement.heap_grows;
	} else {
		finding_clear(&joint);
	}
	free(all.p);
}

/* Growth that the program has already given back to malloc is no suspect. */
static void clear_free(struct model *m)
{
	for (size_t i = 0; i < m->nfindings; i++) {
		struct finding *f = &m->findings[i];

		if (!f->nsites || !kept_free_explains(m, f))
			continue;
		evidence_of_live_heap(m, f);
		f->judgement.verdict = VERDICT_CACHE;
		f->judgement.confidence = CACHE_CONFIDENCE_MAX < f->judgement.confidence ?
			CACHE_CONFIDENCE_MAX : f->judgement.confidence;
		f->judgement.heap_grows = false;
		for (size_t k = 0; k < f->nsites; k++) {
			struct judgement *j = &model_site(m, f->sites[k])->judgement;

			j->verdict = f->judgement.verdict;
			j->confidence = f->judgement.confidence;
			j->heap_grows = false;
		}
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
	for (size_t i = 0; i < kept; i++)
		weigh(m, &m->findings[i]);
	if (kept)
		qsort(m->findings, kept, sizeof(*m->findings), worst_first);
	for (size_t i = 0; i < kept; i++) {
		struct finding *f = &m->findings[i];

		lead(m, f);
		find_caller(m, f);
		finding_limit(m, f);
		f->small = is_small(m, f) || is_small_in_parts(m, f);
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

	candidates_gather(&all, m, x);
	candidates_group(&all);
	for (size_t i = 0; i < all.n; i++)
		if (all.p[i].head == i && !all.p[i].site->judgement.finding)
			make_group(&all, i);
	for (size_t i = 0; i < m->nsites; i++)
		make_single(m, &m->sites[i]);
	join(m);
	join_heap(ctx);
	heap_growth_join(m, merge);
	clear_free(m);
	number_findings(m);
	free(all.p);
}
