// SPDX-License-Identifier: GPL-2.0
/*
 * Measures a site: its creations, releases and ages as the numbers from which
 * verdict.c derives a verdict. Nothing is judged here.
 */
#include <math.h>
#include <string.h>

#include "analysis/analysis.h"
#include "analysis/measure.h"
#include "analysis/statistics.h"
#include "analysis/thresholds.h"
#include "model/curve.h"
#include "model/judgement.h"
#include "model/object.h"
#include "model/site.h"

#define MOST		0.5

enum {
	CURVE_POINTS = 12,
	BUCKETS_MAX = 12,
	HORIZONS = 6,		/* each twice as long as the one before */
	ENOUGH = 8,
	CURVE_ENOUGH = 10,	/* with so many samples a curve is preferred to birth times */
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

static double first_horizon_s(const struct site *s, const struct measures *x, const struct analysis_options *b)
{
	double t = b->min_age_s > 0 ? b->min_age_s : HORIZON_S;

	if (x->heap)
		t = fmax(t, HEAP_HORIZON_S);
	return s->died && !x->unjoined ? fmax(t, 3 * x->life_p95_s) : t;
}

/*
 * Live objects by age, in the same buckets as lifetimes, but only those older
 * than horizon_s: together they give the share that is never released, although
 * some of the live objects will still be.
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

/*
 * The share of objects older than the horizon that are never released: the
 * lower bound of Wilson's interval.
 */
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
 * Lifetimes may have a long tail: most objects older than the first horizon may
 * still be released. Then a later horizon is tried, which only leaked objects
 * outlive.
 */
static void measure_horizon(struct measures *x, const struct site *s, const struct births *b,
			    double start_s, double end_s, const struct analysis_options *opts)
{
	struct measures first;

	x->horizon_s = first_horizon_s(s, x, opts);
	measure_stay(x, s, b, start_s, end_s);
	first = *x;
	for (int i = 0; i < HORIZONS && x->sure <= MOST && x->old >= ENOUGH; i++) {
		x->horizon_s *= 2;
		measure_stay(x, s, b, start_s, end_s);
	}
	if (x->sure <= MOST || x->old < ENOUGH)
		*x = first;
}

/* The creation times of live objects as a curve: how many existed at each time. */
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
 * Divides the window into intervals of at least one second, and no more
 * intervals than objects, so that a leak of one object an hour is spread over
 * its intervals as one of ten a second is. There are only few, so that a leak
 * in bursts is too.
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

/* How the growth is distributed between the first and the last creation. */
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

/* The growth in three times the window before it, to compare the rates. */
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

/* Over what time the live objects were created, and whether the rate fell. */
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

/*
 * All fields of x that depend on the window [from_s, end_s]. from_s 0: the
 * whole life of the site.
 */
void measure(struct measures *x, const struct site *s, const struct births *b,
	     const struct curve *c, double from_s, double end_s, const struct analysis_options *opts)
{
	double start_s = fmax(from_s, s->first_ns / 1e9), mature_s;
	double first_live_s = INFINITY, last_s = 0;
	uint64_t last_moment = 0;

	/* a window of exactly that length begins a rounding earlier or later */
	x->whole = from_s < s->first_ns / 1e9 + 1e-6;
	if (x->unjoined || b->n == 0)
		x->whole = true;
	x->born = s->born;
	x->died = x->unjoined ? 0 : s->died;
	measure_horizon(x, s, b, start_s, end_s, opts);
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
	 * If most objects are released, young ones prove nothing: only objects
	 * that have had time to be released are counted. If hardly any is
	 * released, all are.
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
			live = UINT64_MAX / 2;	/* done: objects are sorted by time */
		}
	}
}
