/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Statistics.
 *
 * h is a histogram of lifetimes as in a site: LEAKTRACE_LIFETIME_BUCKETS
 * counts.
 */
#ifndef LEAKTRACE_ANALYSIS_STATISTICS_H
#define LEAKTRACE_ANALYSIS_STATISTICS_H

#include <stddef.h>
#include <stdint.h>

double mann_kendall(const double *y, size_t n);		/* z */
double theil_sen(const double *t, const double *y, size_t n, double *low, double *high);
double normal_tail(double z);				/* P(Z > z) */
double wilson_low(double k, double n);			/* 95 % */
double histogram_quantile_s(const uint32_t *h, double q);
double histogram_within(const uint32_t *h, int i, double s);
int histogram_bucket(double s);
uint64_t histogram_count(const uint32_t *h);
double kaplan_meier(const double *dead, const double *alive, int n);
double false_discovery(double *p, size_t n, double q);	/* sorts p; returns the threshold */

#endif
