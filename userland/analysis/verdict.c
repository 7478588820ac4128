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

#include "model/alarm_limits.h"
#include "analysis/thresholds.h"
#include "analysis/verdict.h"

#define TREND_Z		2.33	/* one false trend in a hundred */
#define HEAP_SHARE	0.6	/* of all growth, to be named the cause of a heap's */
#define FILLING_S	600.0	/* growth that slows down is early for as long */
#define SLOWER		0.75	/* the second half of its growth, by the first */
#define STILL		0.25	/* of the time in which it grew, without a birth */

enum {
	SUSPECT_OLD = 5,
	RECENT = 3,
	GENERATIONS = 4,
};

static bool spread(const struct measures *x)
{
	return x->generations >= fmax(GENERATIONS, 0.45 * x->buckets);
}

/*
 * Growth that slows down: an exponential approach has hardly any second half,
 * and in a shorter window, it was faster before.
 */
static bool saturates(const struct measures *x)
{
	return x->second_half * 4 < x->first_half ||
		(x->before_s > 0 && x->live / x->window_s < 0.5 * x->before / x->before_s);
}

/*
 * Attached in the middle of its life, a pool that is renewed grows only on paper:
 * as many as come, of those that were there before, go.
 */
static bool turns_over(const struct measures *x)
{
	return x->turnover >= LEAK_OLD && x->turnover > 0.7 * x->live;
}

/*
 * An allocator's pages are touched by whoever gets them next, and what a program
 * keeps on purpose grows as a leak does: in the heap a site must stand out, and
 * in another allocator's range nothing is sure.
 */
static bool blurred(const struct measures *x)
{
	return x->pooled || (x->heap && x->share < HEAP_SHARE);
}

static enum verdict decide(const struct measures *x)
{
	bool growing = x->z > TREND_Z && x->recent >= RECENT && !saturates(x);

	if (x->stack)
		return VERDICT_OK;	/* a stack grows to its depth, and has a limit */
	if (x->old >= leak_old_min(x->window_s) && x->births >= leak_old_min(x->window_s) && spread(x)) {
		if (growing && x->sure > 0.5)
			return turns_over(x) || blurred(x) ? VERDICT_SUSPECT : VERDICT_LEAK;
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

/*
 * What a pool or a cache does until it is full: it has grown for seconds only, or
 * ever more slowly, by more than chance (births without memory differ by their
 * square root), or it has stopped. No verdict depends on it, for a leak may do the
 * same; but nobody is called out of bed for it.
 */
static bool early(const struct measures *x, const struct bench *bench)
{
	double first = x->grew_first, second = x->grew_second;
	double horizon_s = bench->min_age_s > 0 ? bench->min_age_s : HORIZON_S;
	double least_s = ALARM_AFTER_S / HORIZON_S * horizon_s;

	if (x->heap)
		least_s = ALARM_AFTER_HEAP_S;
	if (bench->window_s > 0)
		least_s = fmin(least_s, bench->window_s / 2);
	if (x->grew_s < least_s || x->idle_s > x->grew_s * STILL)
		return true;
	return x->grew_s < FILLING_S && second < SLOWER * first &&
		first - second > 2 * sqrt(first + second);
}

double verdict_confidence(enum verdict v, const struct measures *x)
{
	double c = fmin(1, fmax(0, x->sure * (1 - x->p)));

	if (v == VERDICT_CACHE)
		return fmin(c, 0.3);
	if (v == VERDICT_SUSPECT)
		return fmin(c, 0.6);
	return v == VERDICT_OK ? fmin(c, 0.1) : c;
}

/*
 * The whole life first; a site that was busy for long before it began to leak
 * is seen in one of the shorter windows.
 */
static enum verdict measure_windows(struct measures *best, const struct court *court,
				    const struct site *s, const struct births *b,
				    const struct curve *c)
{
	static const double lengths[] = { 0, 3600, 600, 60 };
	const struct bench *bench = court->bench;
	double end_s = model_end_ns(court->m) / 1e9, life_s = end_s - s->first_ns / 1e9;
	struct measures common = { .kind = s->kind, .type = s->type, .unjoined = b->exits };
	enum verdict verdict = VERDICT_OK;

	common.life_p50_s = histogram_quantile_s(s->lifetimes, 0.5);
	common.life_p95_s = histogram_quantile_s(s->lifetimes, 0.95);
	common.life_max_s = s->lifetime_max_ns / 1e9;
	measure_place(&common, court, b);

	for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
		struct measures x = common;
		double window_s = i ? lengths[i] : bench->window_s;
		enum verdict v;

		if (i && (window_s * 2 > life_s || bench->window_s > 0))
			continue;
		measure(&x, s, b, c, window_s > 0 ? end_s - window_s : 0, end_s, bench);
		v = decide(&x);
		if (i && v != VERDICT_LEAK)
			continue;
		if (!i || v > verdict) {
			follow(&x.following, b->exits ? NULL : c, end_s - x.window_s, court->m->history);
			*best = x;
			verdict = v;
		}
	}
	return verdict;
}

static void count_exits(struct judgement *j, const struct births *b)
{
	for (size_t i = 0; i < b->n; i++) {
		j->unjoined += b->o[i].unjoined;
		j->zombies += !!(b->o[i].flags & LEAKTRACE_OBJECT_F_ZOMBIE);
	}
}

/*
 * All of a judgement but its sentences: of one site, or of several that were
 * added up. b are its live objects, oldest first.
 */
void judge_births(const struct court *court, struct judgement *j, const struct site *s,
		  const struct births *b, const struct curve *c, struct measures *x)
{
	double grew_s = s->last_ns > s->first_ns ? (s->last_ns - s->first_ns) / 1e9 : 0;
	struct births exits = { .o = b->o, .n = b->n, .exits = true };
	const struct model *m = court->m;
	struct measures y;
	enum verdict v;

	judgement_clear(j);
	count_exits(j, b);
	measure_life(j, s, b, model_end_ns(m) / 1e9);
	if (grew_s > 0 && site_live(s) > 1)
		j->rate_per_min = (site_live(s) - 1) / grew_s * 60;
	j->verdict = measure_windows(x, court, s, b, c);
	if (j->unjoined) {
		v = measure_windows(&y, court, s, &exits, NULL);
		if (v > j->verdict) {
			j->verdict = v;
			j->exits = true;
			*x = y;
		}
	}
	if (j->verdict == VERDICT_LEAK && x->p > court->chance)
		j->verdict = VERDICT_SUSPECT;
	if (j->verdict >= VERDICT_SUSPECT && x->slope > 0)
		j->rate_per_min = x->slope * 60;
	j->early = early(x, court->bench);
	j->confidence = verdict_confidence(j->verdict, x);
}
