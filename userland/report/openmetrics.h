/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Judged models as OpenMetrics text. Families are collected over all targets,
 * because each may occur only once.
 */
#ifndef LEAKTRACE_REPORT_OPENMETRICS_H
#define LEAKTRACE_REPORT_OPENMETRICS_H

#include <stdbool.h>
#include <stdio.h>

struct metrics;
struct model;

struct metrics *metrics_new(void);		/* NULL: no memory */
void metrics_add(struct metrics *x, struct model *m);
/* As OpenMetrics, or as the older text format (0.0.4). 0 or -errno. */
int metrics_write(struct metrics *x, FILE *f, bool openmetrics);
void metrics_free(struct metrics *x);

#endif
