// SPDX-License-Identifier: GPL-2.0
/*
 * A site's births, deaths and ages as the numbers that a verdict is made of.
 * No opinions here: what they mean is verdict.c's business.
 */
#include <math.h>
#include <string.h>

#include "analysis/thresholds.h"
#include "analysis/verdict.h"

#define MOST		0.5

enum {
	CURVE_POINTS = 12,
	BUCKETS_MAX = 12,
	HORIZONS = 6,		/* each twice the one before */
	ENOUGH = 8,
	CURVE_ENOUGH = 10,	/* samples of a session that outweigh birth times */
};

uint64_t birth_ns(const struct births *b, size_t i)
{
	return b->exits ? b->o[i].exited_ns : b->o[i].born_ns;
}

bool birth_counts(const struct births *b, size_t i)
{
	const struct object *o = &b->o[i];

	if (o->flags & LEAKTRACE_OBJECT_F_BASELINE)
		return false;
	if (b->exits)
		return o->unjoined;
	return !(o->flags & LEAKTRACE_OBJECT_F_EXITED);
}

static double first_horizon_s(const struct site *s, const struct measures *x, const struct bench *b)
{
	double t = b->min_age_s > 0 ? b->min_age_s : HORIZON_S;

	if (x->heap)
		t = fmax(t, HEAP_HORIZON_S);
	return s->died && !x->unjoined ? fmax(t, 3 * x->life_p95_s) : t;
}

/*
 * What lives by its age, in the same buckets as the lifetimes of the dead, but
 * only what is older than horizon_s: with both, the share that is never
 * released can be told although some of the living will die yet.
 */
static uint64_t ages_above(const struct births *b, double start_s, double end_s, double horizon_s,
			   double *ages)
{
	uint64_t old = 0;

	memset(ages, 0, LEAKTRACE_LIFETIME_BUCKETS * sizeof(*ages));
	for (size_t i = 0; i < b->n; i++) {
		double at_s = birth_ns(b, i) / 1e9;

		if (!birth_counts(b, i) || at_s < start_s || end_s - at_s <= horizon_s)
			continue;
		ages[histogram_bucket(end_s - at_s)] += b->o[i].count;
		old += b->o[i].count;
	}
	return old;
}

/* The share of what reached the horizon that stays: Wilson's lower bound of it. */
static void measure_stay(struct measures *x, const struct site *s, const struct births *b,
			 double start_s, double end_s)
{
	double ages[LEAKTRACE_LIFETIME_BUCKETS], dead[LEAKTRACE_LIFETIME_BUCKETS], stay;

	x->old = ages_above(b, start_s, end_s, x->horizon_s, ages);
	x->late = 0;
	for (int i = 0; i < LEAKTRACE_LIFETIME_BUCKETS; i++) {
		dead[i] = x->unjoined ? 0 : histogram_within(s->lifetimes, i, x->horizon_s);
		x->late += dead[i];
	}
	stay = kaplan_meier(dead, ages, LEAKTRACE_LIFETIME_BUCKETS);
	x->sure = wilson_low(stay * (x->old + x->late), x->old + x->late);
}

/*
 * Lifetimes may have a long tail: of what is older than the first horizon, most
 * may die yet. Then a later one is looked for, which only what leaks outlives.
 */
static void measure_horizon(struct measures *x, const struct site *s, const struct births *b,
			    double start_s, double end_s, const struct bench *bench)
{
	struct measures first;

	x->horizon_s = first_horizon_s(s, x, bench);
	measure_stay(x, s, b, start_s, end_s);
	first = *x;
	for (int i = 0; i < HORIZONS && x->sure <= MOST && x->old >= ENOUGH; i++) {
		x->horizon_s *= 2;
		measure_stay(x, s, b, start_s, end_s);
	}
	if (x->sure <= MOST || x->old < ENOUGH)
		*x = first;
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

			if (!birth_counts(b, i) || at < start_s)
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
 * leak of one an hour is spread over its slices as one of ten a second is. There
 * are few, so that one that comes in bursts is, too.
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

		if (!birth_counts(b, i) || at < start_s || at > end_s)
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

		if (!birth_counts(b, i) || at < start_s || at > last_s)
			continue;
		if (at > (start_s + last_s) / 2)
			x->second_half += b->o[i].count;
		else
			x->first_half += b->o[i].count;
	}
}

/* What was born in thrice the window before it: is its pace the same? */
static void measure_before(struct measures *x, const struct site *s, const struct births *b,
			   double start_s)
{
	double from_s = fmax(s->first_ns / 1e9, start_s - 3 * x->window_s);

	x->before_s = fmax(0, start_s - from_s);
	for (size_t i = 0; i < b->n; i++) {
		double at = birth_ns(b, i) / 1e9;

		if (birth_counts(b, i) && at >= from_s && at < start_s)
			x->before += b->o[i].count;
	}
}

/* Over what time did that which lives come, and did it come ever more slowly? */
static void measure_growth(struct measures *x, const struct births *b, double first_s, double last_s)
{
	x->grew_s = last_s - first_s;
	for (size_t i = 0; i < b->n; i++) {
		double at = birth_ns(b, i) / 1e9;

		if (!birth_counts(b, i) || at < first_s)
			continue;
		if (at > (first_s + last_s) / 2)
			x->grew_second += b->o[i].count;
		else
			x->grew_first += b->o[i].count;
	}
}

/* All of x that depends on the window [from_s, end]. from_s 0: the whole life. */
void measure(struct measures *x, const struct site *s, const struct births *b,
		    const struct curve *c, double from_s, double end_s, const struct bench *bench)
{
	double start_s = fmax(from_s, s->first_ns / 1e9), mature_s;
	double first_live_s = INFINITY, last_s = 0;
	uint64_t last_moment = 0;

	x->whole = from_s <= s->first_ns / 1e9;
	if (x->unjoined || b->n == 0)
		x->whole = true;
	x->born = s->born;
	x->died = x->unjoined ? 0 : s->died;
	measure_horizon(x, s, b, start_s, end_s, bench);
	x->window_s = fmax(0, end_s - start_s);
	for (size_t i = 0; i < b->n; i++) {
		double at = birth_ns(b, i) / 1e9;

		if (!birth_counts(b, i) || at < start_s)
			continue;
		x->live += b->o[i].count;
		x->births += birth_ns(b, i) != last_moment;
		last_moment = birth_ns(b, i);
		first_live_s = fmin(first_live_s, at);
		last_s = fmax(last_s, at);
	}
	if (x->births) {
		x->idle_s = end_s - last_s;
		measure_growth(x, b, first_live_s, last_s);
	}
	/*
	 * Where most die, what is young says nothing: only births that have
	 * had time to die are looked at. Where hardly any does, all count.
	 */
	mature_s = x->died * 10 > x->born ? end_s - x->horizon_s : end_s;
	if (mature_s > start_s)
		measure_slices(x, b, start_s, mature_s);
	measure_halves(x, b, start_s, fmin(last_s, mature_s));
	measure_before(x, s, b, start_s);
	measure_curve(x, b, c, start_s, end_s);
}

void measure_life(struct judgement *j, const struct site *s, const struct births *b,
			  double end_s)
{
	uint64_t live = 0, half = 0;

	j->life_p50_s = histogram_quantile_s(s->lifetimes, 0.5);
	j->life_p99_s = histogram_quantile_s(s->lifetimes, 0.99);
	j->life_max_s = s->lifetime_max_ns / 1e9;
	for (size_t i = 0; i < b->n; i++)
		live += birth_counts(b, i) ? b->o[i].count : 0;
	for (size_t i = 0; i < b->n; i++) {
		double age = fmax(0, end_s - birth_ns(b, i) / 1e9);

		if (!birth_counts(b, i))
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
