// SPDX-License-Identifier: GPL-2.0
/* The runtime's part of the difference between two snapshots, greatest growth first. */
#include <stdio.h>
#include <string.h>

#include <json-c/json.h>

#include "model/judgement.h"
#include "model/runtime.h"
#include "model/runtime_delta.h"
#include "report/diff.h"
#include "report/diff_runtime.h"
#include "report/json.h"
#include "report/text.h"
#include "util/format.h"
#include "util/json.h"
#include "util/style.h"

enum { DIFFERENCES = 10 };	/* without --all */

static const struct runtime_site *site_of(const struct runtime_difference *d)
{
	return d->site ?: d->before;
}

/** runtime_difference_leaks() - how much of what grew is a leak */
unsigned int runtime_difference_leaks(const struct difference_report *r)
{
	unsigned int n = 0;

	for (size_t i = 0; i < r->nruntime; i++) {
		const struct runtime_difference *d = &r->runtime[i];

		n += d->live > d->live_before && d->site->judgement->verdict == VERDICT_LEAK;
	}
	return n;
}

static void write_kind(FILE *f, const struct difference_report *r, const char *kind)
{
	uint64_t up = 0, down = 0;
	char a[32], b[32];

	for (size_t i = 0; i < r->nruntime; i++) {
		const struct runtime_difference *d = &r->runtime[i];

		if (strcmp(site_of(d)->kind, kind))
			continue;
		if (d->live > d->live_before)
			up += d->live - d->live_before;
		else
			down += d->live_before - d->live;
	}
	fprintf(f, "%10s  +%s", kind, format_count(up, a));
	if (down)
		fprintf(f, "  -%s", format_count(down, b));
	fputc('\n', f);
}

/** runtime_difference_sum() - print what came and went of each kind */
void runtime_difference_sum(FILE *f, const struct difference_report *r)
{
	for (size_t i = 0; i < r->nruntime; i++) {
		const struct runtime_site *s = site_of(&r->runtime[i]);
		size_t k;

		/* what is held is counted where it was allocated */
		for (k = 0; k < i && strcmp(site_of(&r->runtime[k])->kind, s->kind); k++)
			;
		if (k == i && !s->holder)
			write_kind(f, r, s->kind);
	}
}

static void write_amount(FILE *f, const struct runtime_difference *d)
{
	char amount[40], before[32];

	if (d->bytes || d->bytes_before)
		fprintf(f, "%s (%s before)  ", format_bytes_change((int64_t)(d->bytes - d->bytes_before), amount),
			format_bytes(d->bytes_before, before));
	else
		fprintf(f, "%s (%s before)  ", format_count_change((int64_t)(d->live - d->live_before), amount),
			format_count(d->live_before, before));
}

/** runtime_difference_text() - print what grew or shrank; returns how much was left out */
size_t runtime_difference_text(FILE *f, const struct difference_report *r, const struct report_style *style)
{
	size_t shown = style->all || r->nruntime < DIFFERENCES ? r->nruntime : DIFFERENCES;

	for (size_t i = 0; i < shown; i++) {
		write_amount(f, &r->runtime[i]);
		report_runtime_site(f, site_of(&r->runtime[i]), style, false);
		fputc('\n', f);
	}
	return r->nruntime - shown;
}

/** runtime_difference_json() - a site with the numbers of both snapshots */
struct json_object *runtime_difference_json(const struct runtime_difference *d)
{
	struct json_object *o = report_json_runtime_site(site_of(d));

	json_put(o, "growth", json_object_new_int64((int64_t)(d->live - d->live_before)));
	json_put(o, "live_before", json_number(d->live_before));
	json_put(o, "live", json_number(d->live));
	json_put(o, "growth_bytes", json_object_new_int64((int64_t)(d->bytes - d->bytes_before)));
	json_put(o, "bytes_before", json_number(d->bytes_before));
	json_put(o, "bytes", json_number(d->bytes));
	return o;
}
