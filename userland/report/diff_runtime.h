/* SPDX-License-Identifier: GPL-2.0 */
/* The runtime's part of the difference between two snapshots. */
#ifndef LEAKTRACE_REPORT_DIFF_RUNTIME_H
#define LEAKTRACE_REPORT_DIFF_RUNTIME_H

#include <stddef.h>
#include <stdio.h>

struct difference_report;
struct json_object;
struct report_style;
struct runtime_difference;

unsigned int runtime_difference_leaks(const struct difference_report *r);
void runtime_difference_sum(FILE *f, const struct difference_report *r);
size_t runtime_difference_text(FILE *f, const struct difference_report *r, const struct report_style *style);
struct json_object *runtime_difference_json(const struct runtime_difference *d);	/* the caller owns it */

#endif
