// SPDX-License-Identifier: GPL-2.0
/* Estimates from samples of a heap whose truth is known. */
#include <math.h>
#include <stdbool.h>
#include <stdint.h>

#include "analysis/heap_estimate.h"
#include "analysis/statistics.h"
#include "check.h"

static uint64_t state = 1;

static double uniform(void)
{
	state = state * 6364136223846793005ULL + 1442695040888963407ULL;
	return ((state >> 11) + 0.5) / 9007199254740992.0;
}

/* Blocks of one size: the estimate, and whether the truth is within its interval. */
static bool once(uint64_t size, uint64_t total, uint64_t mean, double *ratio)
{
	double p = -expm1(-(double)(size + 16) / mean);
	struct heap_sums sums = { 0 };
	struct heap_interval i;

	for (uint64_t have = 0; have < total; have += size)
		if (uniform() < p)
			heap_sums_add(&sums, size, mean);
	i = heap_sums_interval(&sums);
	*ratio = sums.bytes / total;
	return i.low <= total && total <= i.high;
}

static void many(uint64_t size, uint64_t total, uint64_t mean, double tolerance)
{
	double sum = 0, ratio;
	int right = 0;

	for (int i = 0; i < 400; i++) {
		right += once(size, total, mean, &ratio);
		sum += ratio;
	}
	CHECK(fabs(sum / 400 - 1) < tolerance, "blocks of %lu: %.3f of the truth", size, sum / 400);
	CHECK(right >= 372, "blocks of %lu: %d of 400 intervals have the truth", size, right);
}

static void sample(struct heap_sums *sums, uint64_t size, uint64_t total, uint64_t mean)
{
	double p = -expm1(-(double)(size + 16) / mean);

	*sums = (struct heap_sums){ 0 };
	for (uint64_t have = 0; have < total; have += size)
		if (uniform() < p)
			heap_sums_add(sums, size, mean);
}

/* Two runs of a program, and what is between them. */
static void changes(uint64_t before, uint64_t after, uint64_t mean)
{
	int right = 0;

	for (int i = 0; i < 400; i++) {
		struct heap_sums a, b;
		struct heap_change c;
		double truth = (double)after - before;

		sample(&a, 48, before, mean);
		sample(&b, 48, after, mean);
		heap_sums_change(&a, &b, &c);
		right += c.interval.low <= truth && truth <= c.interval.high;
	}
	CHECK(right >= 372, "%lu to %lu: %d of 400 intervals have the truth", before, after, right);
}

/* So many blocks are allocated until one is chosen. */
static double until_sample(double p)
{
	return 1 + floor(log(uniform()) / log1p(-p));
}

/* A site that keeps blocks of one size, so many bytes a second, and what a session saw of its samples. */
static bool rate_once(uint64_t size, double bytes_per_s, double window_s, uint64_t mean, double *ratio)
{
	double p = -expm1(-(double)(size + 16) / mean), t[60], live[60], low, high, each;
	struct heap_sums sums = { 0 };
	struct heap_rate rate;
	double at_s = until_sample(p) * size / bytes_per_s;

	for (int i = 0; i < 60; i++) {
		t[i] = window_s * (i + 1) / 60;
		for (; at_s <= t[i]; at_s += until_sample(p) * size / bytes_per_s)
			heap_sums_add(&sums, size, mean);
		live[i] = sums.samples;
	}
	rate.bytes = theil_sen(t, live, 60, &low, &high);
	each = sums.samples ? sums.bytes / sums.samples : 0;
	rate.bytes *= each;
	rate.interval = (struct heap_interval){ low * each, high * each };
	heap_sums_rate(&sums, sums.samples, &rate);
	*ratio = rate.bytes / bytes_per_s;
	return rate.interval.low <= bytes_per_s && bytes_per_s <= rate.interval.high;
}

static void rates(uint64_t size, double bytes_per_s, double window_s, uint64_t mean)
{
	double sum = 0, ratio;
	int right = 0;

	for (int i = 0; i < 400; i++) {
		right += rate_once(size, bytes_per_s, window_s, mean, &ratio);
		sum += ratio;
	}
	CHECK(fabs(sum / 400 - 1) < 0.05, "blocks of %lu, %g a second: %.3f of the truth", size, bytes_per_s, sum / 400);
	CHECK(right >= 372, "blocks of %lu, %g a second: %d of 400 intervals have the truth", size, bytes_per_s, right);
}

int main(void)
{
	struct heap_sums sums = { 0 };
	struct heap_interval i = heap_sums_interval(&sums);

	CHECK(i.low == 0 && i.high == 0, "nothing is nothing");
	for (int n = 0; n < 10; n++)
		heap_sums_add(&sums, 100, 1);
	i = heap_sums_interval(&sums);
	CHECK(sums.bytes == 1000 && sums.blocks == 10 && i.low == 1000 && i.high == 1000,
	      "every block is a sample: %g, %g to %g", sums.bytes, i.low, i.high);
	sums = (struct heap_sums){ 0 };
	heap_sums_add(&sums, 8 << 20, 64 << 10);
	i = heap_sums_interval(&sums);
	CHECK(fabs(i.low - (8 << 20)) < 1 && fabs(i.high - (8 << 20)) < 1, "a large one is exact");
	/* ten samples: what is known of their interval, by Poisson's */
	sums = (struct heap_sums){ 0 };
	for (int n = 0; n < 10; n++)
		heap_sums_add(&sums, 1, 1 << 20);
	i = heap_sums_interval(&sums);
	CHECK(fabs(i.low / sums.bytes - 0.4795) < 0.001 && fabs(i.high / sums.bytes - 1.8390) < 0.001,
	      "%g to %g", i.low / sums.bytes, i.high / sums.bytes);
	many(48, 10 << 20, 512 << 10, 0.05);
	many(4000, 10 << 20, 512 << 10, 0.05);
	many(48, 1 << 20, 64 << 10, 0.05);
	many(100000, 10 << 20, 64 << 10, 0.02);
	changes(1 << 20, 3 << 20, 64 << 10);
	changes(10 << 20, 10 << 20, 512 << 10);
	changes(0, 4 << 20, 512 << 10);
	changes(2 << 20, 0, 512 << 10);
	changes(100 << 10, 8 << 20, 512 << 10);
	rates(48, 10 << 10, 120, 64 << 10);
	rates(48, 1 << 20, 20, 64 << 10);
	rates(4000, 100 << 10, 60, 64 << 10);
	rates(100000, 1 << 20, 60, 64 << 10);
	rates(200, 10 << 20, 60, 512 << 10);
	return verdict("heap estimates");
}
