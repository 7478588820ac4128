// SPDX-License-Identifier: GPL-2.0
/* Against values worked out by hand or taken from the literature. */
#include <math.h>
#include <stdbool.h>

#include <linux/leaktrace.h>

#include "analysis/statistics.h"
#include "check.h"

static bool near(double a, double b, double within)
{
	return fabs(a - b) <= within;
}

static void trends(void)
{
	double up[] = { 1, 2, 3, 4, 5, 6 }, flat[] = { 3, 3, 3, 3, 3, 3 };
	double down[] = { 6, 5, 4, 3, 2, 1 }, saw[] = { 1, 2, 3, 1, 2, 3, 1, 2, 3 };

	/* S = 15, variance 85/3 */
	CHECK(near(mann_kendall(up, 6), 14 / sqrt(85.0 / 3), 1e-9));
	CHECK(near(mann_kendall(down, 6), -14 / sqrt(85.0 / 3), 1e-9));
	CHECK(mann_kendall(flat, 6) == 0);
	CHECK(mann_kendall(saw, 9) < 2.33);
	CHECK(mann_kendall(up, 2) == 0);
}

static void slopes(void)
{
	double t[] = { 0, 1, 2, 3, 4 }, y[] = { 1, 3, 5, 7, 900 }, low, high;

	CHECK(near(theil_sen(t, y, 5, &low, &high), 2, 1e-9), "one outlier of five");
	CHECK(low <= 2 && high >= 2);
	CHECK(theil_sen(t, y, 1, &low, &high) == 0);
	CHECK(theil_sen(y, t, 0, &low, &high) == 0);
}

static void intervals(void)
{
	CHECK(near(wilson_low(10, 10), 0.7225, 0.001));
	CHECK(near(wilson_low(5, 10), 0.2366, 0.001));
	CHECK(wilson_low(0, 0) == 0 && wilson_low(0, 10) < 1e-9);
	CHECK(near(normal_tail(2.326), 0.01, 0.0001));
}

static void histograms(void)
{
	uint32_t h[LEAKTRACE_LIFETIME_BUCKETS] = { 0 };

	CHECK(histogram_quantile_s(h, 0.5) == 0 && histogram_within(h, 20, 1) == 0);
	h[20] = 100;			/* 1.05 s to 2.1 s */
	CHECK(histogram_quantile_s(h, 0.5) > 1.04 && histogram_quantile_s(h, 0.5) < 2.1);
	CHECK(near(histogram_within(h, 20, 1), 100, 1e-9) && histogram_within(h, 20, 2.2) == 0);
	h[0] = 900;
	CHECK(histogram_quantile_s(h, 0.5) < 1e-5 && histogram_count(h) == 1000);
	h[LEAKTRACE_LIFETIME_BUCKETS - 1] = UINT32_MAX;
	CHECK(isfinite(histogram_quantile_s(h, 0.99)));
}

static void survivors(void)
{
	/* of ten two die in the first bucket, of the eight left one has come no further */
	double dead[] = { 2, 1, 0 }, alive[] = { 0, 1, 6 };
	double all_die[] = { 0, 100, 0 }, none[] = { 0, 0, 0 }, few[] = { 0, 0, 1 };

	CHECK(near(kaplan_meier(dead, alive, 3), 0.8 * (1 - 1 / 7.5), 1e-9));
	CHECK(kaplan_meier(all_die, none, 3) == 0);
	CHECK(kaplan_meier(none, alive, 3) == 1);
	CHECK(kaplan_meier(none, none, 3) == 1);
	/* the last of a hundred, and it dies: nothing is known of the others */
	alive[0] = 99;
	alive[1] = alive[2] = 0;
	CHECK(kaplan_meier(few, alive, 3) == 1);
	CHECK(histogram_bucket(0) == 0 && histogram_bucket(1e-6) == 0);
	CHECK(histogram_bucket(1.1) == 20 && histogram_bucket(1e300) == LEAKTRACE_LIFETIME_BUCKETS - 1);
}

static void discoveries(void)
{
	double one[] = { 0.009 }, many[] = { 0.009, 0.5, 0.6, 0.7, 0.8 };

	CHECK(false_discovery(one, 1, 0.01) == 0.009);
	CHECK(false_discovery(many, 5, 0.01) < 0);
	CHECK(false_discovery(many, 0, 0.01) < 0);
}

int main(void)
{
	trends();
	slopes();
	intervals();
	histograms();
	survivors();
	discoveries();
	return verdict("statistics");
}
