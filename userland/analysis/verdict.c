// SPDX-License-Identifier: GPL-2.0
/*
 * Decides the verdict of a site from its measures: the creation times of its
 * live objects, its counters and the lifetimes of released ones. No single rule
 * is enough: by age alone a pool looks like a leak, by growth alone a busy
 * program does. The combination and its numbers were chosen on recordings of
 * real programs; see the comment at each.
 *
 *   T            max(3 s, 3 x the 95th percentile of lifetimes); one minute for
 *                heap memory, which allocators return late
 *   old          live and older than T
 *   late         released, but after more than T: old objects do get released
 *   generations  intervals of the window from which objects are still live
 *   recent       live, created in the last two thirds of the window: the site
 *                still grows. A pool that has filled up has none.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/analysis.h"
#include "analysis/load_correlation.h"
#include "analysis/mapping_share.h"
#include "analysis/measure.h"
#include "analysis/statistics.h"
#include "analysis/thresholds.h"
#include "analysis/verdict.h"
#include "model/hysteresis.h"
#include "model/curve.h"
#include "model/judgement.h"
#include "model/model.h"
#include "model/object.h"
#include "model/site.h"
#include "util/macros.h"

#define TREND_Z		2.33	/* one false positive in a hundred */
#define HEAP_SHARE	0.6	/* of all growth, for news of the heap's growth */
#define LONG_SHARE	0.1	/* of the window: a long life */
#define FILLING_S	600.0	/* slowing growth counts as early for this long */
#define SLOWER		0.75	/* ratio of the second half of the growth to the first */
#define STILL		0.25	/* share of the time of growth without a creation */

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
 * Growth that saturates: an exponential approach has nearly no growth in its
 * second half, and in a short window the rate was higher before.
 */
static bool saturates(const struct measures *x)
{
	return x->second_half * 4 < x->first_half ||
		(x->before_s > 0 && x->live / x->window_s < 0.5 * x->before / x->before_s);
}

/*
 * If tracing began in the middle of its life, a pool whose objects are replaced
 * only seems to grow: as many of its baseline objects are released as are
 * created.
 */
static bool turns_over(const struct measures *x)
{
	return x->turnover >= LEAK_OLD && x->turnover > 0.7 * x->live;
}

static bool third_given_back(const struct measures *x)
{
	return x->died * 3 >= x->born;
}

/*
 * Much of the memory was given back, some of it after a long time: what is left
 * may be given back as well. An allocator keeps the peak of what it once held.
 */
static bool given_back(const struct measures *x)
{
	return third_given_back(x) && x->life_max_s > LONG_SHARE * x->window_s;
}

/*
 * In the memory of an allocator any allocation may touch a page first, and memory
 * that is kept on purpose grows like a leak: pages show that it grows, but not by
 * whom. Nor is it known where it is not known what the memory was.
 */
static bool blurred(const struct measures *x)
{
	return x->heap || x->pooled || x->unplaced;
}

/*
 * An allocator's memory that comes and goes, and was no more than before for most of the
 * time: of all pairs of looks half saw no growth. What is there now may go as well.
 */
static bool comes_and_goes(const struct measures *x)
{
	return x->heap && third_given_back(x) && x->slope <= 0;
}

static bool has_grown(const struct measures *x)
{
	return x->old >= leak_old_min(x->window_s) && x->births >= leak_old_min(x->window_s) && spread(x);
}

static bool is_growing(const struct measures *x)
{
	return x->z > TREND_Z && x->recent >= RECENT && !saturates(x);
}

/* Growth of the heap that elsewhere were a leak, nearly all of it at this call path. */
static bool heap_grows(const struct measures *x)
{
	return x->heap && has_grown(x) && is_growing(x) && x->sure > 0.5 && !turns_over(x) &&
		x->share >= HEAP_SHARE && !given_back(x);
}

static enum verdict decide(const struct measures *x)
{
	bool growing = is_growing(x);

	/* a stack grows to its maximum depth, a shared mapping is touched once: both have an end */
	if (x->stack || x->fixed)
		return VERDICT_OK;
	if (has_grown(x)) {
		if (growing && x->sure > 0.5)
			return turns_over(x) || blurred(x) ? VERDICT_SUSPECT : VERDICT_LEAK;
		if (!growing || x->sure < 0.2)
			return VERDICT_CACHE;
		return VERDICT_SUSPECT;
	}
	/* filled up, then unchanged: its survivors are in few intervals */
	if (x->old >= LEAK_OLD && x->births >= LEAK_OLD && !growing && !x->died &&
	    x->window_s - x->idle_s >= GENERATIONS && x->idle_s > x->window_s / 2)
		return VERDICT_CACHE;
	if (x->births >= SUSPECT_OLD && x->generations >= 3 && x->recent >= 2 && !saturates(x) &&
	    !comes_and_goes(x) && x->window_s >= 2 && (x->old >= SUSPECT_OLD || !x->died || x->heap) &&
	    (!x->late || x->sure > 0.3))
		return VERDICT_SUSPECT;
	return VERDICT_OK;
}

/*
 * Growth that a pool or cache shows until it is full: it has lasted only
 * seconds, or it slows by more than chance (the standard deviation of a Poisson
 * process is the square root of the count), or it has stopped. The verdict does
 * not depend on it, because a leak may do the same; but it is not worth an
 * alarm yet.
 */
static bool early(const struct measures *x, const struct analysis_options *opts)
{
	double first = x->grew_first, second = x->grew_second;
	double horizon_s = opts->min_age_s > 0 ? opts->min_age_s : HORIZON_S;
	double least_s = ALARM_AFTER_S / HORIZON_S * horizon_s;

	if (opts->window_s > 0)
		least_s = fmin(least_s, opts->window_s / 2);
	if (x->grew_s < least_s || x->idle_s > x->grew_s * STILL)
		return true;
	return x->grew_s < FILLING_S && second < SLOWER * first &&
		first - second > 2 * sqrt(first + second);
}

double verdict_confidence(enum verdict v, const struct measures *x)
{
	double c = fmin(1, fmax(0, x->sure * (1 - x->p)));

	if (v == VERDICT_CACHE)
		return fmin(c, CACHE_CONFIDENCE_MAX);
	if (v == VERDICT_SUSPECT)
		return fmin(c, 0.6);
	return v == VERDICT_OK ? fmin(c, 0.1) : c;
}

/*
 * First the whole life; shorter windows find the leak of a site that was busy
 * long before it began to leak.
 */
static enum verdict measure_windows(struct measures *best, const struct analysis_ctx *ctx,
				    const struct site *s, const struct births *b,
				    const struct curve *c)
{
	static const double lengths[] = { 0, 3600, 600, 60 };
	const struct analysis_options *opts = ctx->opts;
	double end_s = model_end_ns(ctx->m) / 1e9, life_s = end_s - s->first_ns / 1e9;
	struct measures common = { .kind = s->kind, .type = s->type, .unjoined = b->exits };
	enum verdict verdict = VERDICT_OK;

	common.life_p50_s = histogram_quantile_s(s->lifetimes, 0.5);
	common.life_p95_s = histogram_quantile_s(s->lifetimes, 0.95);
	common.life_max_s = s->lifetime_max_ns / 1e9;
	measure_mappings(&common, ctx, b);

	for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
		struct measures x = common;
		double window_s = i ? lengths[i] : opts->window_s;
		enum verdict v;

		if (i && (window_s * 2 > life_s || opts->window_s > 0))
			continue;
		measure(&x, s, b, c, window_s > 0 ? end_s - window_s : 0, end_s, opts);
		v = decide(&x);
		if (i && v != VERDICT_LEAK && !heap_grows(&x))
			continue;
		if (!i || v > verdict || (v == verdict && heap_grows(&x) && !heap_grows(best))) {
			correlate_with_load(&x.correlation, b->exits ? NULL : c, end_s - x.window_s, ctx->m->history);
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
 * Everything in a judgement but its evidence: of one site, or of several added
 * up. b are the live objects, oldest first.
 */
void analysis_judge(const struct analysis_ctx *ctx, struct judgement *j, const struct site *s,
		    const struct births *b, const struct curve *c, struct measures *x)
{
	double grew_s = s->last_ns > s->first_ns ? (s->last_ns - s->first_ns) / 1e9 : 0;
	struct births exits = { .o = b->o, .n = b->n, .exits = true };
	const struct model *m = ctx->m;
	struct measures y;
	enum verdict v;

	judgement_clear(j);
	count_exits(j, b);
	measure_life(j, s, b, model_end_ns(m) / 1e9);
	if (grew_s > 0 && site_live(s) > 1)
		j->rate_per_min = (site_live(s) - 1) / grew_s * 60;
	j->verdict = measure_windows(x, ctx, s, b, c);
	if (j->unjoined) {
		v = measure_windows(&y, ctx, s, &exits, NULL);
		if (v > j->verdict) {
			j->verdict = v;
			j->exits = true;
			*x = y;
		}
	}
	if (j->verdict == VERDICT_LEAK && x->p > ctx->chance)
		j->verdict = VERDICT_SUSPECT;
	if (j->verdict >= VERDICT_SUSPECT && x->slope > 0)
		j->rate_per_min = x->slope * 60;
	j->early = early(x, ctx->opts);
	j->first_touch = (x->heap || x->pooled) && !x->outside;
	j->heap_grows = !x->outside && j->verdict == VERDICT_SUSPECT && heap_grows(x) && x->p <= ctx->chance;
	j->confidence = verdict_confidence(j->verdict, x);
}
