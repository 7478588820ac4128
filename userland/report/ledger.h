/* SPDX-License-Identifier: GPL-2.0 */
/* What the memory of a target and of its cgroup is used for: see model/ledger.h. */
#ifndef LEAKTRACE_REPORT_LEDGER_H
#define LEAKTRACE_REPORT_LEDGER_H

#include <stdio.h>

struct json_object;
struct ledger_malloc;
struct model;
struct report_style;

void report_ledger(FILE *f, struct model *m, const struct report_style *style);	/* nothing without pages */
struct json_object *report_json_ledger(struct model *m);	/* NULL: it is not known */
struct json_object *report_json_malloc(const struct ledger_malloc *a);

#endif
