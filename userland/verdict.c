// SPDX-License-Identifier: GPL-2.0
/*
 * The judge. For each site: the births of what still lives, the counters and
 * the lifetimes of the dead become measures, the measures a verdict. No single
 * rule decides: age alone takes pools for leaks, growth alone takes load for
 * one. The combination and its numbers were chosen on recordings of real
 * programs, see the comment at each.
 *
 *   T            max(3 s, 3 x the 95th percentile of lifetimes); a minute for
 *                heap, which allocators give back late
 *   old          lives and is older than T
 *   late         died, but after more than T: what is old does get released
 *   generations  slices of time of which something still lives
 *   recent       born in the last two thirds: it still grows. A pool that has
 *                filled has none.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "leaktrace.h"

#define HORIZON_S	3.0
#define HEAP_HORIZON_S	60.0
#define TREND_Z		2.33	/* one false trend in a hundred */
#define FALSE_FINDINGS	0.01	/* share of findings, over all sites */

enum {
	LEAK_OLD = 8,		/* fewer are not enough to wake a colleague */
	SUSPECT_OLD = 5,
	RECENT = 3,
	GENERATIONS = 4,
	CURVE_POINTS = 12,
	BUCKETS_MAX = 60,
	CURVE_ENOUGH = 10,	/* samples of a session that outweigh birth times */
};

/* What lives, of one site: moments of birth, with how many each. */
struct births {
	const struct object *o;
	size_t n;
	bool exits;		/* count exits of threads instead */
};

static uint64_t birth_ns(const struct births *b, size_t i)
{
	return b->exits ? b->o[i].exited_ns : b->o[i].born_ns;
}

static bool counts(const struct births *b, size_t i)
{
	const struct object *o = &b->o[i];

	if (o->flags & LEAKTRACE_OBJECT_F_BASELINE)
		return false;
	if (b->exits)
		return o->unjoined;
	return !(o->flags & LEAKTRACE_OBJECT_F_EXITED);
}

static double horizon_s(const struct site *s, const struct measures *x, const struct bench *b)
{
	double t = b->min_age_s > 0 ? b->min_age_s : HORIZON_S;

	if (x->heap)
		t = fmax(t, HEAP_HORIZON_S);
	return s->died && !x->unjoined ? fmax(t, 3 * x->life_p95_s) : t;
}

/* Births of what lives as a curve: how many of them there were at each time. */
static void measure_curve(struct measures *x, const struct births *b, const struct curve *c,
			  double start_s, double end_s)
{
	double t[64], y[64] = { 0 };
	unsigned int n = 0;

	if (c && !x->unjoined)
		for (unsigned int i = 0; i < c->n; i++)
			if (c->t_s[i] >= start_s) {
				t[n] = c->t_s[i];
				y[n++] = c->live[i];
			}
	if (n < CURVE_ENOUGH) {
		n = fmin(64, fmax(CURVE_POINTS, x->buckets));
		for (unsigned int i = 0; i < n; i++) {
			t[i] = start_s + (end_s - start_s) * (i + 1) / n;
			y[i] = 0;
		}
		for (size_t i = 0; i < b->n; i++) {
			double at = birth_ns(b, i) / 1e9;

			if (!counts(b, i) || at < start_s)
				continue;
			for (unsigned int j = n; j-- > 0 && t[j] >= at;)
				y[j] += b->o[i].count;
		}
	}
	x->z = mann_kendall(y, n);
	x->p = normal_tail(x->z);
	x->slope = theil_sen(t, y, n, &x->slope_low, &x->slope_high);
}

/*
 * Slices are a second at least, and no more than there are births, so that a
 * leak of one an hour is spread over its slices as one of ten a second is.
 */
static void measure_slices(struct measures *x, const struct births *b, double start_s,
			   double end_s)
{
	bool seen[BUCKETS_MAX] = { false };
	double span = end_s - start_s;

	x->buckets = fmin(BUCKETS_MAX, fmin(ceil(span), fmax(x->births, 1)));
	if (x->buckets < 1)
		x->buckets = 1;
	x->bucket_s = span / x->buckets;
	for (size_t i = 0; i < b->n; i++) {
		double at = birth_ns(b, i) / 1e9;
		unsigned int k;

		if (!counts(b, i) || at < start_s || at > end_s)
			continue;
		k = x->bucket_s > 0 ? (at - start_s) / x->bucket_s : 0;
		seen[k < x->buckets ? k : x->buckets - 1] = true;
		if (at > end_s - span * 2 / 3)
			x->recent += b->o[i].count;
	}
	for (unsigned int k = 0; k < x->buckets; k++)
		x->generations += seen[k];
}

/* Where the growth lies between the first birth and the last. */
static void measure_halves(struct measures *x, const struct births *b, double start_s,
			   double last_s)
{
	for (size_t i = 0; i < b->n; i++) {
		double at = birth_ns(b, i) / 1e9;

		if (!counts(b, i) || at < start_s || at > last_s)
			continue;
		if (at > (start_s + last_s) / 2)
			x->second_half += b->o[i].count;
		else
			x->first_half += b->o[i].count;
	}
}

/* All of x that depends on the window [from_s, end]. from_s 0: the whole life. */
static void measure(struct measures *x, const struct site *s, const struct births *b,
		    const struct curve *c, double from_s, double end_s, const struct bench *bench)
{
	double start_s = fmax(from_s, s->first_ns / 1e9), mature_s, last_s = 0;
	uint64_t last_moment = 0;

	x->whole = from_s <= s->first_ns / 1e9;
	if (x->unjoined || b->n == 0)
		x->whole = true;
	x->born = s->born;
	x->died = x->unjoined ? 0 : s->died;
	x->horizon_s = horizon_s(s, x, bench);
	x->window_s = fmax(0, end_s - start_s);
	for (size_t i = 0; i < b->n; i++) {
		double at = birth_ns(b, i) / 1e9;

		if (!counts(b, i) || at < start_s)
			continue;
		x->live += b->o[i].count;
		x->births += birth_ns(b, i) != last_moment;
		last_moment = birth_ns(b, i);
		last_s = fmax(last_s, at);
		if (end_s - at > x->horizon_s)
			x->old += b->o[i].count;
	}
	x->idle_s = last_s ? end_s - last_s : 0;
	x->late = x->unjoined ? 0 : histogram_above(s->lifetimes, x->horizon_s);
	x->sure = wilson_low(x->old, x->old + x->late);
	/*
	 * Where most die, what is young says nothing: only births that have
	 * had time to die are looked at. Where hardly any does, all count.
	 */
	mature_s = x->died * 10 > x->born ? end_s - x->horizon_s : end_s;
	if (mature_s > start_s)
		measure_slices(x, b, start_s, mature_s);
	measure_halves(x, b, start_s, fmin(last_s, mature_s));
	measure_curve(x, b, c, start_s, end_s);
}

static bool spread(const struct measures *x)
{
	return x->generations >= fmax(GENERATIONS, 0.35 * x->buckets);
}

/* Growth that slows down: an exponential approach has hardly any second half. */
static bool saturates(const struct measures *x)
{
	return x->second_half * 6 < x->first_half;
}

static enum verdict decide(const struct measures *x)
{
	bool growing = x->z > TREND_Z && x->recent >= RECENT && !saturates(x);

	if (x->stack)
		return VERDICT_OK;	/* a stack grows to its depth, and has a limit */
	if (x->old >= LEAK_OLD && x->births >= LEAK_OLD && spread(x)) {
		if (growing && x->sure > 0.5)
			return VERDICT_LEAK;
		if (!growing || x->sure < 0.2)
			return VERDICT_CACHE;
		return VERDICT_SUSPECT;
	}
	/* filled up, and then left alone: over time its slices get few */
	if (x->old >= LEAK_OLD && x->births >= LEAK_OLD && !growing && !x->died &&
	    x->window_s - x->idle_s >= GENERATIONS && x->idle_s > x->window_s / 2)
		return VERDICT_CACHE;
	if (x->births >= SUSPECT_OLD && x->generations >= 3 && x->recent >= 2 && !saturates(x) &&
	    x->window_s >= 2 && (x->old >= SUSPECT_OLD || !x->died || x->heap) &&
	    (!x->late || x->sure > 0.3))
		return VERDICT_SUSPECT;
	return VERDICT_OK;
}

static double confidence(enum verdict v, const struct measures *x)
{
	double c = fmin(1, fmax(0, x->sure * (1 - x->p)));

	if (v == VERDICT_CACHE)
		return fmin(c, 0.3);
	if (v == VERDICT_SUSPECT)
		return fmin(c, 0.6);
	return v == VERDICT_OK ? fmin(c, 0.1) : c;
}

/* Pages: most of what lives is in a heap, or on the first thread's stack. */
static void place(struct measures *x, const struct model *m, const struct births *b)
{
	uint64_t heap = 0, stack = 0, all = 0;

	if (x->kind != LEAKTRACE_KIND_PAGE)
		return;
	for (size_t i = 0; i < b->n; i++) {
		uint64_t n = b->o[i].count;

		all += n;
		heap += range_is_heap(m, b->o[i].id) ? n : 0;
		stack += range_is_stack(m, b->o[i].id) ? n : 0;
	}
	x->heap = heap * 2 > all;
	x->stack = stack * 2 > all;
}

/*
 * The whole life first; a site that was busy for long before it began to leak
 * is seen in one of the shorter windows.
 */
static enum verdict measure_windows(struct measures *best, const struct model *m,
				    const struct site *s, const struct births *b,
				    const struct curve *c, const struct bench *bench, bool exits)
{
	static const double lengths[] = { 0, 3600, 600, 60 };
	double end_s = model_end_ns(m) / 1e9, life_s = end_s - s->first_ns / 1e9;
	enum verdict verdict = VERDICT_OK;

	for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
		struct measures x = { .kind = s->kind, .type = s->type, .unjoined = exits };
		double window_s = i ? lengths[i] : bench->window_s;
		enum verdict v;

		if (i && (window_s * 2 > life_s || bench->window_s > 0))
			continue;
		x.life_p50_s = histogram_quantile_s(s->lifetimes, 0.5);
		x.life_p95_s = histogram_quantile_s(s->lifetimes, 0.95);
		x.life_max_s = s->lifetime_max_ns / 1e9;
		place(&x, m, b);
		measure(&x, s, b, c, window_s > 0 ? end_s - window_s : 0, end_s, bench);
		v = decide(&x);
		if (i && v != VERDICT_LEAK)
			continue;
		if (!i || v > verdict) {
			*best = x;
			verdict = v;
		}
	}
	return verdict;
}

static void describe_life(struct judgement *j, const struct site *s, const struct births *b,
			  double end_s)
{
	uint64_t live = 0, half = 0;

	j->life_p50_s = histogram_quantile_s(s->lifetimes, 0.5);
	j->life_p99_s = histogram_quantile_s(s->lifetimes, 0.99);
	j->life_max_s = s->lifetime_max_ns / 1e9;
	for (size_t i = 0; i < b->n; i++)
		live += counts(b, i) ? b->o[i].count : 0;
	for (size_t i = 0; i < b->n; i++) {
		double age = fmax(0, end_s - birth_ns(b, i) / 1e9);

		if (!counts(b, i))
			continue;
		if (age > j->age_max_s)
			j->age_max_s = age;
		half += b->o[i].count;
		if (half * 2 >= live) {
			j->age_p50_s = age;
			live = UINT64_MAX / 2;	/* found: births are in order */
		}
	}
}

static void judge_site(struct model *m, struct site *s, const struct bench *bench,
		       const struct curve *c, struct measures *x)
{
	struct births b = { 0 }, exits;
	struct judgement *j = &s->judgement;
	double grew_s = s->last_ns > s->first_ns ? (s->last_ns - s->first_ns) / 1e9 : 0;
	struct measures y;
	enum verdict v;

	judgement_clear(j);
	b.o = model_objects(m, s->id, &b.n);
	for (size_t i = 0; i < b.n; i++) {
		j->unjoined += b.o[i].unjoined;
		j->zombies += !!(b.o[i].flags & LEAKTRACE_OBJECT_F_ZOMBIE);
	}
	describe_life(j, s, &b, model_end_ns(m) / 1e9);
	if (grew_s > 0 && site_live(s) > 1)
		j->rate_per_min = (site_live(s) - 1) / grew_s * 60;
	j->verdict = measure_windows(x, m, s, &b, c, bench, false);
	if (j->unjoined) {
		exits = b;
		exits.exits = true;
		v = measure_windows(&y, m, s, &exits, NULL, bench, true);
		if (v > j->verdict) {
			j->verdict = v;
			*x = y;
		}
	}
	j->confidence = confidence(j->verdict, x);
}

/*
 * Judge all sites of a model whose dumps are complete and settled. curve, if
 * any, gives what a session sampled of a site.
 */
void judge(struct model *m, const struct bench *bench,
	   const struct curve *(*curve)(uint32_t site, void *arg), void *arg)
{
	struct measures *x = calloc(m->nsites ?: 1, sizeof(*x));
	double *p = calloc(m->nsites ?: 1, sizeof(*p)), threshold;
	size_t tests = 0;

	if (!x || !p)
		goto out;
	thread_look(m);
	for (size_t i = 0; i < m->nsites; i++) {
		struct site *s = &m->sites[i];

		judge_site(m, s, bench, curve ? curve(s->id, arg) : NULL, &x[i]);
		if (x[i].births >= LEAK_OLD)
			p[tests++] = x[i].p;
	}
	/* many sites are tested at once: chance must not make one a leak */
	threshold = false_discovery(p, tests, FALSE_FINDINGS);
	for (size_t i = 0; i < m->nsites; i++) {
		struct judgement *j = &m->sites[i].judgement;

		if (j->verdict == VERDICT_LEAK && x[i].p > threshold)
			j->verdict = VERDICT_SUSPECT;
		evidence_write(j, &x[i], m);
	}
out:
	free(x);
	free(p);
}

void judgement_clear(struct judgement *j)
{
	for (int i = 0; i < EVIDENCE_MAX; i++)
		free(j->evidence[i]);
	memset(j, 0, sizeof(*j));
}

const char *verdict_name(enum verdict v)
{
	static const char *const names[] = {
		[VERDICT_OK] = "ok", [VERDICT_CACHE] = "cache",
		[VERDICT_SUSPECT] = "suspect", [VERDICT_LEAK] = "leak",
	};

	return names[v];
}
