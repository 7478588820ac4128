// SPDX-License-Identifier: GPL-2.0
/* The difference between two snapshots as text and as JSON, greatest growth first. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "analysis/heap_estimate.h"
#include "model/delta.h"
#include "model/finding.h"
#include "model/judgement.h"
#include "model/kind.h"
#include "model/model.h"
#include "model/runtime_delta.h"
#include "model/site.h"
#include "model/target.h"
#include "model/workload.h"
#include "report/diff.h"
#include "report/diff_runtime.h"
#include "report/json.h"
#include "report/report.h"
#include "report/text.h"
#include "util/format.h"
#include "util/json.h"
#include "util/style.h"

enum { DIFFERENCES = 10 };	/* without --all */

static bool grew(const struct difference *d)
{
	return d->live > d->live_before;
}

unsigned int difference_leaks(const struct difference_report *r)
{
	unsigned int n = 0;

	for (size_t i = 0; i < r->n; i++)
		if (grew(&r->d[i]) && r->d[i].site->judgement.verdict == VERDICT_LEAK)
			n++;
	return n + runtime_difference_leaks(r);
}

static void write_target(FILE *f, const char *lead, const struct model *m)
{
	const struct target *t;
	char when[64], label[600];

	if (!m) {
		fprintf(f, "%snot in this file\n", lead);
		return;
	}
	t = &m->target;
	format_time(t->now_ns / 1e9 + m->wall_minus_mono_s, when, sizeof(when));
	workload_label(&m->workload, label, sizeof(label));
	fprintf(f, "%s%s, pid %u%s%s%s%s, %s\n", lead, *t->comm ? t->comm : "?", t->pid, *label ? ", " : "", label,
		m->exe ? ", " : "", m->exe ?: "", when);
}

static void write_losses(FILE *f, struct model *m, const char *which)
{
	struct losses l;

	if (!m)
		return;
	report_losses(m, &l);
	if (l.exact)
		fprintf(f, "%s: exact\n", which);
	for (unsigned int i = 0; i < l.ninexact; i++)
		fprintf(f, "%s: not exact: %s\n", which, l.inexact[i]);
}

/* Of heap: what the samples of a path stand for. */
struct heap_difference {
	struct heap_sums before, after;
	struct heap_change change;
};

/* false: another kind */
static bool heap_difference_of(const struct difference_report *r, const struct difference *d,
			       struct heap_difference *h)
{
	*h = (struct heap_difference){ 0 };
	if ((d->site ?: d->before)->kind != LEAKTRACE_KIND_HEAP)
		return false;
	if (r->newer)
		heap_sums_of_sites(r->newer, d->ids, d->nids, &h->after);
	if (r->older && !r->same)
		heap_sums_of_sites(r->older, d->ids_before, d->nids_before, &h->before);
	heap_sums_change(r->older && !r->same ? &h->before : NULL, &h->after, &h->change);
	return true;
}

/* "+12 MiB (95 %: +9.6 MiB to +14 MiB)" */
static void write_heap_change(FILE *f, const struct heap_change *c)
{
	char a[40], b[40], e[40];

	fprintf(f, "%s (95 %%: %s to %s)", format_bytes_change(llround(c->bytes), a),
		format_bytes_change(llround(c->interval.low), b), format_bytes_change(llround(c->interval.high), e));
}

static void write_heap_sum(FILE *f, const struct difference_report *r)
{
	struct heap_sums before = { 0 }, after = { 0 };
	struct heap_difference h;
	struct heap_change change;
	bool any = false;

	for (size_t i = 0; i < r->n; i++) {
		if (!heap_difference_of(r, &r->d[i], &h))
			continue;
		heap_sums_join(&before, &h.before);
		heap_sums_join(&after, &h.after);
		any = true;
	}
	if (!any)
		return;
	heap_sums_change(r->older && !r->same ? &before : NULL, &after, &change);
	fprintf(f, "%10s  ", kind_name(LEAKTRACE_KIND_HEAP));
	write_heap_change(f, &change);
	fputc('\n', f);
}

static void write_sum(FILE *f, const struct difference_report *r)
{
	uint64_t up[KINDS] = { 0 }, down[KINDS] = { 0 };
	char a[32], b[32];

	for (size_t i = 0; i < r->n; i++) {
		const struct difference *d = &r->d[i];
		unsigned int k = (d->site ?: d->before)->kind;

		if (grew(d))
			up[k] += d->live - d->live_before;
		else
			down[k] += d->live_before - d->live;
	}
	for (int k = 0; k < KINDS; k++) {
		if (k == LEAKTRACE_KIND_HEAP)
			write_heap_sum(f, r);
		if (k == LEAKTRACE_KIND_HEAP || (!up[k] && !down[k]))
			continue;
		fprintf(f, "%10s  +%s", kind_name(k), format_count(up[k], a));
		if (down[k])
			fprintf(f, "  -%s", format_count(down[k], b));
		fputc('\n', f);
	}
	runtime_difference_sum(f, r);
	fprintf(f, r->n || r->nruntime ? "\n" : "nothing grew\n\n");
}

static void write_site(FILE *f, struct model *m, const struct site *s, const struct report_style *style)
{
	struct finding g = { .sites = (uint32_t[]){ s->id }, .nsites = 1 };

	g.live[s->kind] = site_live(s);
	g.judgement = s->judgement;
	report_finding(f, m, &g, style, false);
}

static void write_amount(FILE *f, const struct difference_report *r, const struct difference *d)
{
	struct heap_difference h;
	char amount[40], before[32];

	if (heap_difference_of(r, d, &h)) {
		write_heap_change(f, &h.change);
		format_bytes(llround(h.before.bytes), before);
	} else {
		fputs(format_count_change((int64_t)(d->live - d->live_before), amount), f);
		format_count(d->live_before, before);
	}
	if (!r->same)
		fprintf(f, " (%s before)", before);
	fputs("  ", f);
}

void difference_text(FILE *f, const struct difference_report *r, const struct report_style *style)
{
	size_t shown = r->n, left;

	write_target(f, "old  ", r->older);
	write_target(f, "new  ", r->newer);
	fprintf(f, "%s\n\n", r->same ? "the same process: created between the two and still live" :
		!r->newer ? "not in the newer file: see 'leaktrace report' of the older one" :
		!r->older ? "not in the older file: everything created since attach and still live" :
		"different runs: live objects at the end of each, matched by function names");
	if (r->newer)
		write_sum(f, r);
	if (!style->all && shown > DIFFERENCES)
		shown = DIFFERENCES;
	for (size_t i = 0; i < shown; i++) {
		const struct difference *d = &r->d[i];

		write_amount(f, r, d);
		write_site(f, d->model, d->site ?: d->before, style);
		fputc('\n', f);
	}
	left = r->n - shown + runtime_difference_text(f, r, style);
	write_losses(f, r->older, "old");
	write_losses(f, r->newer, "new");
	if (left)
		fprintf(f, "not shown: %zu more call paths (--all shows them)\n", left);
}

/* "target" and "losses" are taken from the JSON report, so that they stay the same. */
static struct json_object *part_of(struct model *m)
{
	struct json_object *all, *o;
	char when[64];

	if (!m)
		return NULL;
	all = report_json(m);
	o = json_object_new_object();
	format_time(m->target.now_ns / 1e9 + m->wall_minus_mono_s, when, sizeof(when));
	json_put(o, "target", json_object_get(json_object_object_get(all, "target")));
	json_put(o, "losses", json_object_get(json_object_object_get(all, "losses")));
	json_put(o, "taken_at", json_object_new_string(when));
	json_object_put(all);
	return o;
}

/* Of heap, as in a report: what the samples stand for. */
static void put_heap_difference(struct json_object *o, const struct heap_difference *h)
{
	struct json_object *both = json_object_new_array(), *interval;

	json_put(o, "growth", json_object_new_int64(llround(h->after.blocks) - llround(h->before.blocks)));
	json_put(o, "live_before", json_number(llround(h->before.blocks)));
	json_put(o, "live", json_number(llround(h->after.blocks)));
	json_put(o, "bytes", json_number(llround(h->after.bytes)));
	json_put(o, "bytes_before", json_number(llround(h->before.bytes)));
	json_put(o, "growth_bytes", json_object_new_int64(llround(h->change.bytes)));
	json_object_array_add(both, json_object_new_int64(llround(h->change.interval.low)));
	json_object_array_add(both, json_object_new_int64(llround(h->change.interval.high)));
	if (json_object_object_get_ex(o, "interval", &interval))
		json_put(interval, "growth_bytes", both);
	else
		json_object_put(both);
}

static struct json_object *json_difference(const struct difference_report *r, const struct difference *d)
{
	struct json_object *o = report_json_site(d->model, d->site ?: d->before);
	struct heap_difference h;

	if (heap_difference_of(r, d, &h)) {
		put_heap_difference(o, &h);
		return o;
	}
	json_put(o, "growth", json_object_new_int64((int64_t)(d->live - d->live_before)));
	json_put(o, "live_before", json_number(d->live_before));
	json_put(o, "live", json_number(d->live));
	return o;
}

int difference_json(FILE *f, const struct difference_report *r)
{
	struct json_object *o = json_object_new_object(), *list = json_object_new_array();

	json_put(o, "leaktrace", json_object_new_int(1));
	json_put(o, "same_process", json_object_new_boolean(r->same));
	json_put(o, "old", part_of(r->older));
	json_put(o, "new", part_of(r->newer));
	for (size_t i = 0; i < r->n; i++)
		json_object_array_add(list, json_difference(r, &r->d[i]));
	for (size_t i = 0; i < r->nruntime; i++)
		json_object_array_add(list, runtime_difference_json(&r->runtime[i]));
	json_put(o, "sites", list);
	json_write_line(f, o);
	return ferror(f) ? -1 : 0;
}
