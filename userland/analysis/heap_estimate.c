// SPDX-License-Identifier: GPL-2.0
/*
 * A block of s bytes is sampled with probability p = 1 - exp(-(s + 16) / M), M being the mean
 * distance of samples, so each sample stands for 1 / p blocks. Blocks that are sampled almost
 * certainly are exact. The sum y of the others' weights w has the variance v = sum of w^2;
 * its interval is that of a Poisson variable whose counts are v / y large, as for weighted
 * histograms, with the largest weight as the block that may be just missing.
 */
#include <math.h>

#include <linux/leaktrace_gate.h>

#include "analysis/heap_estimate.h"
#include "model/model.h"
#include "model/object.h"
#include "model/site.h"

enum { MAX_STEPS = 400 };

static const double CERTAIN = 0.99;

void heap_sums_add(struct heap_sums *sums, uint64_t size_bytes, uint64_t mean_bytes)
{
	double size = size_bytes, p = -expm1(-(size + LEAKTRACE_GATE_EXTRA) / fmax(mean_bytes, 1));
	double weight;

	if (!size_bytes)
		size = 1;		/* malloc(0) has a block, too */
	weight = size / p;
	sums->samples++;
	sums->blocks += mean_bytes <= 1 ? 1 : 1 / p;
	if (mean_bytes <= 1 || p > CERTAIN) {
		sums->exact += mean_bytes <= 1 ? size_bytes : weight;
		sums->bytes += mean_bytes <= 1 ? size_bytes : weight;
		return;
	}
	sums->bytes += weight;
	sums->variance += weight * weight;
	sums->largest = fmax(sums->largest, weight);
}

void heap_sums_join(struct heap_sums *sums, const struct heap_sums *more)
{
	sums->samples += more->samples;
	sums->blocks += more->blocks;
	sums->bytes += more->bytes;
	sums->exact += more->exact;
	sums->variance += more->variance;
	sums->largest = fmax(sums->largest, more->largest);
}

/* The lower regularised incomplete gamma function: a series, or a continued fraction. */
static double gamma_p(double a, double x)
{
	double front = exp(a * log(x) - x - lgamma(a)), sum = 1 / a, term = sum;
	double b = x + 1 - a, c = 1e300, d, h;

	if (x <= 0)
		return 0;
	if (x < a + 1) {
		for (int i = 1; i < MAX_STEPS && term > sum * 1e-12; i++)
			sum += term *= x / (a + i);
		return front * sum;
	}
	h = d = 1 / b;
	for (int i = 1; i < MAX_STEPS; i++) {
		double an = -i * (i - a), step;

		b += 2;
		d = 1 / (an * d + b);
		c = b + an / c;
		step = d * c;
		h *= step;
		if (fabs(step - 1) < 1e-12)
			break;
	}
	return 1 - front * h;
}

/* The quantile of a chi-squared variable. */
static double chi2(double share, double freedom)
{
	double low = 0, high = freedom + 20 * sqrt(2 * freedom) + 40;

	for (int i = 0; i < 80; i++) {
		double mid = (low + high) / 2;

		if (gamma_p(freedom / 2, mid / 2) < share)
			low = mid;
		else
			high = mid;
	}
	return (low + high) / 2;
}

struct heap_interval heap_sums_interval(const struct heap_sums *sums)
{
	double y = sums->bytes - sums->exact, v = sums->variance, m = sums->largest;
	struct heap_interval interval = { sums->exact, sums->exact };

	if (y <= 0 || v <= 0)
		return interval;
	interval.low += v / (2 * y) * chi2(0.025, 2 * y * y / v);
	interval.high += (v + m * m) / (2 * (y + m)) *
			 chi2(0.975, 2 * (y + m) * (y + m) / (v + m * m));
	return interval;
}

/*
 * The slope of a line through counts that are added up is less sure than their sum: of a random
 * walk its variance is larger by a fifth.
 */
static const double SLOPE_VARIANCE = 1.2;

void heap_sums_rate(const struct heap_sums *sums, double samples, struct heap_rate *rate)
{
	struct heap_interval all = heap_sums_interval(sums);
	double wider = sqrt(SLOPE_VARIANCE * sums->samples / fmax(samples, 1)), below, above;

	if (sums->bytes <= 0)
		return;
	below = rate->bytes * wider * (1 - all.low / sums->bytes);
	above = rate->bytes * wider * (all.high / sums->bytes - 1);
	rate->interval.low = rate->bytes - hypot(rate->bytes - rate->interval.low, below);
	rate->interval.high = rate->bytes + hypot(rate->interval.high - rate->bytes, above);
}

/* Of no sample at all: as many bytes may have been there. */
static double unseen(const struct heap_sums *other)
{
	return other->largest * chi2(0.975, 2) / 2;
}

/* Each end is as far from the difference as the ends of both that make it are from them (MOVER). */
void heap_sums_change(const struct heap_sums *before, const struct heap_sums *after, struct heap_change *change)
{
	static const struct heap_sums none;
	const struct heap_sums *b = before ?: &none;
	struct heap_interval from = heap_sums_interval(b), to = heap_sums_interval(after);

	if (before && !b->samples)
		from.high = unseen(after);
	if (before && !after->samples)
		to.high = unseen(b);
	change->bytes = after->bytes - b->bytes;
	change->interval.low = change->bytes - hypot(after->bytes - to.low, from.high - b->bytes);
	change->interval.high = change->bytes + hypot(to.high - after->bytes, b->bytes - from.low);
}

static void add_site(struct model *m, uint32_t site, struct heap_sums *sums)
{
	size_t n;
	const struct object *o = model_objects(m, site, &n);

	for (size_t i = 0; i < n; i++)
		if (o[i].kind == LEAKTRACE_KIND_HEAP)
			heap_sums_add(sums, o[i].bytes, o[i].mean_bytes);
}

void heap_sums_of_sites(struct model *m, const uint32_t *sites, size_t n, struct heap_sums *sums)
{
	*sums = (struct heap_sums){ 0 };
	for (size_t i = 0; i < n; i++)
		add_site(m, sites[i], sums);
}

uint64_t heap_live_bytes(struct model *m)
{
	struct heap_sums sums = { 0 };

	for (size_t i = 0; i < m->nsites; i++)
		if (m->sites[i].kind == LEAKTRACE_KIND_HEAP)
			add_site(m, m->sites[i].id, &sums);
	return llround(sums.bytes);
}

uint64_t heap_mean_bytes(struct model *m)
{
	for (size_t i = 0; i < m->nsites; i++) {
		size_t n;
		const struct object *o = model_objects(m, m->sites[i].id, &n);

		if (m->sites[i].kind == LEAKTRACE_KIND_HEAP && n)
			return o[0].mean_bytes;
	}
	return 0;
}

void heap_estimate_site(struct model *m, const struct site *s, struct heap_estimate *e)
{
	struct heap_sums sums = { 0 };
	double blocks, bytes;

	add_site(m, s->id, &sums);
	*e = (struct heap_estimate){ .live = llround(sums.blocks), .live_bytes = llround(sums.bytes) };
	if (!s->died)
		return;
	blocks = sums.blocks + s->died * (sums.samples ? sums.blocks / sums.samples : 1);
	bytes = sums.bytes + s->died * (sums.samples ? sums.bytes / sums.samples : heap_mean_bytes(m));
	/* the sum is what is rounded: two halves do not become one more */
	e->died = llround(blocks) - e->live;
	e->died_bytes = llround(bytes) - e->live_bytes;
}
