// SPDX-License-Identifier: GPL-2.0
/* Statistics. All functions are pure; n is at most a few hundred, so O(n²) is fine. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <linux/leaktrace.h>

#include "analysis/statistics.h"

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/*
 * The z score of the Mann-Kendall trend test: makes no assumption about the
 * distribution, and corrects for ties. 0 if nothing can be said.
 */
double mann_kendall(const double *y, size_t n)
{
	double s = 0, ties = 0, var, *sorted;

	if (n < 3)
		return 0;
	for (size_t i = 0; i < n; i++)
		for (size_t j = i + 1; j < n; j++)
			s += (y[j] > y[i]) - (y[j] < y[i]);
	sorted = malloc(n * sizeof(*sorted));
	if (!sorted)
		return 0;
	memcpy(sorted, y, n * sizeof(*y));
	qsort(sorted, n, sizeof(*sorted), by_value);
	for (size_t i = 0, j; i < n; i = j) {
		for (j = i; j < n && sorted[j] == sorted[i]; j++)
			;
		ties += (double)(j - i) * (j - i - 1) * (2.0 * (j - i) + 5);
	}
	free(sorted);
	var = ((double)n * (n - 1) * (2.0 * n + 5) - ties) / 18;
	if (var <= 0)
		return 0;
	return (s - (s > 0) + (s < 0)) / sqrt(var);
}

/* The Theil-Sen slope, the median over all pairs, and its 95 % confidence interval by rank. */
double theil_sen(const double *t, const double *y, size_t n, double *low, double *high)
{
	size_t pairs = 0, capacity = n * (n - 1) / 2;
	double *slopes, slope, width;

	*low = *high = 0;
	if (n < 2)
		return 0;
	slopes = malloc(capacity * sizeof(*slopes));
	if (!slopes)
		return 0;
	for (size_t i = 0; i < n; i++)
		for (size_t j = i + 1; j < n; j++)
			if (t[j] > t[i])
				slopes[pairs++] = (y[j] - y[i]) / (t[j] - t[i]);
	if (!pairs) {
		free(slopes);
		return 0;
	}
	qsort(slopes, pairs, sizeof(*slopes), by_value);
	slope = pairs % 2 ? slopes[pairs / 2] :
		(slopes[pairs / 2 - 1] + slopes[pairs / 2]) / 2;
	width = 1.96 * sqrt((double)n * (n - 1) * (2.0 * n + 5) / 18);
	*low = slopes[(size_t)fmax(0, floor((pairs - width) / 2))];
	*high = slopes[(size_t)fmin(pairs - 1, ceil((pairs + width) / 2))];
	free(slopes);
	return slope;
}

double normal_tail(double z)
{
	return 0.5 * erfc(z / M_SQRT2);
}

double wilson_low(double k, double n)
{
	const double z = 1.96;
	double p, middle, half;

	if (n <= 0)
		return 0;
	p = k / n;
	middle = p + z * z / (2 * n);
	half = z * sqrt(p * (1 - p) / n + z * z / (4 * n * n));
	return (middle - half) / (1 + z * z / n);
}

uint64_t histogram_count(const uint32_t *h)
{
	uint64_t sum = 0;

	for (int i = 0; i < LEAKTRACE_LIFETIME_BUCKETS; i++)
		sum += h[i];
	return sum;
}

/* The lower bound of a bucket in seconds; the first bucket starts at 0. */
static double bucket_start(int i)
{
	return i ? ldexp(1e-6, i) : 0;
}

double histogram_quantile_s(const uint32_t *h, double q)
{
	double rank = q * histogram_count(h), seen = 0;

	for (int i = 0; i < LEAKTRACE_LIFETIME_BUCKETS; i++) {
		if (h[i] && seen + h[i] >= rank) {
			double start = bucket_start(i), end = bucket_start(i + 1);

			return start + (end - start) * (rank - seen) / h[i];
		}
		seen += h[i];
	}
	return 0;
}

int histogram_bucket(double s)
{
	int i = s < 1e-6 ? 0 : ilogb(s * 1e6);

	return i < LEAKTRACE_LIFETIME_BUCKETS ? i : LEAKTRACE_LIFETIME_BUCKETS - 1;
}

/* How many of bucket i lived longer than s, assuming an even distribution within it. */
double histogram_within(const uint32_t *h, int i, double s)
{
	double start = bucket_start(i), end = bucket_start(i + 1);

	return start >= s ? h[i] : end > s ? h[i] * (end - s) / (end - start) : 0;
}

/*
 * Kaplan-Meier: the share that outlives all buckets, where of those that
 * reached bucket i, dead[i] died in it and alive[i] have not passed it yet; the
 * latter were at risk for half of it. Buckets that few have reached are
 * ignored.
 */
double kaplan_meier(const double *dead, const double *alive, int n)
{
	double came = 0, all = 0, stay = 1;

	for (int i = 0; i < n; i++)
		all += dead[i] + alive[i];
	came = all;
	for (int i = 0; i < n && came >= fmax(5, all / 20); i++) {
		double risk = came - alive[i] / 2;

		if (dead[i] > 0 && risk > 0)
			stay *= 1 - fmin(1, dead[i] / risk);
		came -= dead[i] + alive[i];
	}
	return stay;
}

/*
 * Benjamini-Hochberg: the largest p that is significant when n tests were made
 * and no more than a share q of the findings may be false. Negative: none is.
 */
double false_discovery(double *p, size_t n, double q)
{
	double threshold = -1;

	qsort(p, n, sizeof(*p), by_value);
	for (size_t i = 0; i < n; i++)
		if (p[i] <= q * (i + 1) / n)
			threshold = p[i];
	return threshold;
}
