// SPDX-License-Identifier: GPL-2.0
/*
 * The report as text: totals, findings, how far the numbers can be trusted; and
 * at the very end, what was left out.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/finding.h"
#include "model/judgement.h"
#include "model/kind.h"
#include "model/model.h"
#include "model/runtime.h"
#include "model/site.h"
#include "model/target.h"
#include "report/growth.h"
#include "report/json.h"
#include "report/ledger.h"
#include "report/report.h"
#include "report/text.h"
#include "symbolize/stack.h"
#include "util/format.h"
#include "util/json.h"
#include "util/style.h"
#include "util/units.h"

enum {
	HEAD_LINES = 17,	/* totals and memory above the findings, losses below */
};

static void write_workload(FILE *f, const struct workload *w)
{
	const char *id = w->container_id ?: "";

	if (w->unit)
		fprintf(f, ", unit %s", w->unit);
	if (w->pod)
		fprintf(f, ", pod %s", w->pod);
	if (w->container)
		fprintf(f, ", container %s (%.12s)", w->container, id);
	else if (*id)
		fprintf(f, ", container %.12s", id);
}

void report_header(FILE *f, struct model *m, const struct report_style *style)
{
	const struct target *t = &m->target;
	char when[64], window[32], exe[256];

	format_time(t->attached_ns / 1e9 + m->wall_minus_mono_s, when, sizeof(when));
	fprintf(f, "%s%s%s, pid %u%s%s", BOLD(style), *t->comm ? t->comm : "?", PLAIN(style), t->pid,
		m->exe ? ", " : "", m->exe ? path_fit(m->exe, 50, exe, sizeof(exe)) : "");
	write_workload(f, &m->workload);
	fprintf(f, ", attached %s, traced for %s", when, format_seconds(model_end_s(m), window));
	if (t->flags & LEAKTRACE_TARGET_F_EXITED) {
		if (m->oom_killed)
			fprintf(f, ", killed by the OOM killer");
		else if (t->exit_code & 0x7f)
			fprintf(f, ", killed by signal %u", t->exit_code & 0x7f);
		else
			fprintf(f, ", exited with status %u", t->exit_code >> 8 & 0xff);
	}
	fputc('\n', f);
}

static void lost(FILE *f, uint64_t n, const char *what, bool *first)
{
	char a[32];

	if (!n)
		return;
	fprintf(f, "%s%s %s", *first ? "; lost: " : ", ", format_count(n, a), what);
	*first = false;
}

/* "98.2 % of objects and 99.1 % of bytes have complete stacks; incomplete: 12 (…), 3 (…)" */
static void write_stacks(FILE *f, const struct losses *l)
{
	char n[32];
	bool first = true;

	fprintf(f, "%.4g %% of objects", l->complete_stacks * 100);
	if (l->bytes)
		fprintf(f, " and %.4g %% of bytes", l->complete_bytes * 100);
	fprintf(f, " have complete stacks");
	for (int i = 0; i <= STACK_UNKNOWN; i++) {
		if (!l->ended[i].objects)
			continue;
		fprintf(f, "%s %s (%s)", first ? "; incomplete:" : ",",
			format_count(l->ended[i].objects, n),
			i == STACK_UNKNOWN ? "not known" : stack_status_text(i));
		first = false;
	}
}

static void write_exactness(FILE *f, const struct losses *l)
{
	bool first = true;
	char a[32];

	fprintf(f, "%s", l->exact ? "exact: verified against the kernel's own state" : "not exact");
	for (unsigned int i = 0; i < l->ninexact; i++)
		fprintf(f, "%s %s", i ? ";" : ":", l->inexact[i]);
	lost(f, l->events, "events", &first);
	lost(f, l->objects, "objects", &first);
	lost(f, l->stacks, "stacks", &first);
	if (first)
		fprintf(f, "; nothing lost");
	if (l->reconciled)
		fprintf(f, "; %s corrected", format_count(l->reconciled, a));
}

static const char *plural(size_t n)
{
	return n == 1 ? "" : "s";
}

static void write_missing_debug(FILE *f, const struct losses *l)
{
	unsigned int others = l->missing_debug.files - 1;
	const char *module = l->missing_debug.module ?: "the program";

	fprintf(f, "inlined functions and tail calls of %s are not named: its debug information is in %s, which is "
		"missing, or of another build", path_base(module), l->missing_debug.file);
	if (others)
		fprintf(f, " (and %u other file%s)", others, plural(others));
	fprintf(f, "; put it there, or %s.dwp beside %s", path_base(module), module);
}

static void write_unknown_script(FILE *f, const struct losses *l)
{
	fprintf(f, "lines of the script are not shown: %s is not known to leaktrace; stacks have the interpreter's "
		"functions only", l->unknown_script);
}

static void wrapped(FILE *f, void (*write)(FILE *f, const struct losses *l), const struct losses *l,
		    const struct report_style *style)
{
	char *buf = NULL;
	size_t len = 0;
	FILE *all = open_memstream(&buf, &len);

	if (!all)
		return;
	write(all, l);
	fclose(all);
	report_sentence(f, "", buf, style);
	free(buf);
}

/* Always printed, and always last: how far these numbers can be trusted. */
static void write_losses(FILE *f, struct model *m, const struct report_style *style)
{
	struct losses l;

	report_losses(m, &l);
	fputs(l.exact ? "" : verdict_color(style, VERDICT_SUSPECT), f);
	wrapped(f, write_exactness, &l, style);
	fputs(l.exact ? "" : PLAIN(style), f);
	wrapped(f, write_stacks, &l, style);
	if (l.missing_debug.files)
		wrapped(f, write_missing_debug, &l, style);
	if (*l.unknown_script)
		wrapped(f, write_unknown_script, &l, style);
}

/* A finding as text, and its number of lines, so that the report fits on the screen. */
static char *finding_text(struct model *m, const struct report_item *item, const struct report_style *style,
			  bool brief, int *lines)
{
	char *buf = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&buf, &len);

	*lines = 0;
	if (!f)
		return NULL;
	if (item->children)
		report_children_finding(f, m, item, style, brief);
	else if (item->l)
		report_runtime_site(f, item->l, style, brief);
	else if (item->kept_free)
		report_kept_free(f, m, style, brief);
	else
		report_finding(f, m, item->g, style, brief);
	fputc('\n', f);
	fclose(f);
	for (size_t i = 0; i < len; i++)
		*lines += buf[i] == '\n';
	return buf;
}

/* What is too small to mention is moved to the end, and left out; returns how many are not. */
static size_t put_small_last(struct report_item *items, size_t n)
{
	size_t told = 0;

	for (size_t i = 0; i < n; i++) {
		struct report_item item = items[i];

		if (report_is_small(&item))
			continue;
		memmove(&items[told + 1], &items[told], (i - told) * sizeof(*items));
		items[told++] = item;
	}
	return told;
}

/*
 * Leaks are always written in full. On a terminal that has no pager the others are, too, while
 * they fit, then in brief, and the last may be left out.
 */
static size_t write_findings(FILE *f, struct model *m, const struct report_item *items, size_t n,
			     const struct report_style *style)
{
	int lines_left = style->rows - HEAD_LINES, lines;
	bool all = style->all || !style->rows, brief = false;
	size_t shown = 0;

	for (; shown < n; shown++) {
		const struct report_item *item = &items[shown];
		bool whole = all || !shown || report_item_verdict(item) == VERDICT_LEAK;
		char *buf = finding_text(m, item, style, brief && !whole, &lines);

		if (!whole && !brief && lines > lines_left) {
			free(buf);
			buf = finding_text(m, item, style, true, &lines);
			brief = true;
		}
		if (!whole && brief && lines > lines_left) {
			free(buf);
			break;
		}
		lines_left -= lines;
		fputs(buf ?: "", f);
		free(buf);
	}
	return shown;
}

/* A site without a finding; written with --all only. */
static void write_site(FILE *f, struct model *m, const struct site *s, const struct report_style *style)
{
	struct finding g = { .sites = (uint32_t[]){ s->id }, .nsites = 1, .differing_frame = -1 };

	g.live[s->kind] = site_live(s);
	g.judgement = s->judgement;
	report_finding(f, m, &g, style, false);
}

static size_t write_runtime_sites(FILE *f, struct model *m, const struct report_style *style)
{
	const struct runtime_site *l = NULL;
	size_t n = m->runtime ? runtime_sites(m->runtime, &l) : 0, others = 0;

	for (size_t i = 0; i < n; i++) {
		if (l[i].own || l[i].judgement->verdict > VERDICT_OK)
			continue;
		others++;
		if (style->all) {
			report_runtime_site(f, &l[i], style, false);
			fputc('\n', f);
		}
	}
	return others;
}

static size_t write_sites(FILE *f, struct model *m, const struct report_style *style)
{
	struct site **sites;
	size_t n = report_rank(m, &sites), others = 0;

	for (size_t i = 0; i < n; i++) {
		if (sites[i]->judgement.finding)
			continue;
		others++;
		if (style->all) {
			write_site(f, m, sites[i], style);
			fputc('\n', f);
		}
	}
	free(sites);
	return others + write_runtime_sites(f, m, style);
}

static void write_not_shown(FILE *f, size_t findings, size_t small, size_t sites)
{
	if (!findings && !small && !sites)
		return;
	fprintf(f, "not shown: ");
	if (findings)
		fprintf(f, "%zu more finding%s", findings, plural(findings));
	if (small)
		fprintf(f, "%s%zu suspect%s of little memory", findings ? ", " : "", small, plural(small));
	if (sites)
		fprintf(f, "%s%zu call path%s without findings", findings + small ? ", " : "", sites, plural(sites));
	fprintf(f, " (--all shows %s)\n", findings + small + sites == 1 ? "it" : "them");
}

static void write_no_leak(FILE *f, struct model *m)
{
	char window[32];

	if (report_too_short(m))
		fprintf(f, "watched for %s: too short to tell (needs %d s)\n\n",
			format_seconds(model_end_s(m), window), REPORT_TELLS_AFTER_S);
	else
		fprintf(f, "no leak found\n\n");
}

/* Findings that another process's report has already told are not repeated. */
static size_t without_told(struct report_item *items, size_t n)
{
	size_t kept = 0;

	for (size_t i = 0; i < n; i++)
		if (!items[i].g || !items[i].g->told)
			items[kept++] = items[i];
	return kept;
}

void report_text(FILE *f, struct model *m, const struct report_style *style)
{
	struct report_item *items;
	size_t all = report_findings(m, &items), n = without_told(items, all);
	size_t told = put_small_last(items, n), shown, others;
	bool nothing = !told || (told == 1 && items[0].kept_free);

	report_header(f, m, style);
	report_totals(f, m, style);
	report_memory(f, m, style);
	report_ledger(f, m, style);
	report_growth(f, m, style);
	shown = write_findings(f, m, items, style->all ? n : told, style);
	free(items);
	others = write_sites(f, m, style);
	if (n < all)
		fprintf(f, "%zu finding%s told above\n\n", all - n, plural(all - n));
	else if (nothing)
		write_no_leak(f, m);
	report_children(f, m, style);
	write_losses(f, m, style);
	write_not_shown(f, told > shown ? told - shown : 0, style->all ? 0 : n - told,
			style->all ? 0 : others);
}

int report_write(FILE *f, struct model *m, const struct report_style *style)
{
	switch (style->format) {
	case FORMAT_TEXT:
		report_text(f, m, style);
		break;
	case FORMAT_FOLDED:
		report_folded(f, m);
		break;
	case FORMAT_JSON:
		json_write_line(f, report_json(m));
		break;
	default:	/* written by output.c */
		return -1;
	}
	return ferror(f) ? -1 : 0;
}
