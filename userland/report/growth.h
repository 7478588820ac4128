/* SPDX-License-Identifier: GPL-2.0 */
/* What grew since attach and is no object of a kind: see model/limits.h. */
#ifndef LEAKTRACE_REPORT_GROWTH_H
#define LEAKTRACE_REPORT_GROWTH_H

#include <stdio.h>

struct json_object;
struct model;
struct report_style;

void report_growth(FILE *f, const struct model *m, const struct report_style *style);
struct json_object *report_json_growth(const struct model *m);	/* NULL: nothing grew */

#endif
