// SPDX-License-Identifier: GPL-2.0
/*
 * The report for a terminal: a hundred columns, a tired reader. The totals,
 * the findings, whether the numbers can be believed; and at the very end what
 * was left out.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "leaktrace.h"

enum {
	COLUMNS = 100,
	FRAMES = 10,		/* of a finding, unless all are asked for */
	FRAMES_ALL = 64,
	RELEASES = 2,
	EXAMPLES = 3,
	FINDINGS = 10,
	HEAD_LINES = 12,	/* totals above the findings, trust below */
};

static const char *paint(const struct look *look, const char *code)
{
	return look->color ? code : "";
}

#define BOLD(l)		paint(l, "\033[1m")
#define DIM(l)		paint(l, "\033[2m")
#define PLAIN(l)	paint(l, "\033[0m")

static const char *verdict_color(const struct look *look, enum verdict v)
{
	static const char *const codes[] = {
		[VERDICT_OK] = "\033[2m", [VERDICT_CACHE] = "\033[36m",
		[VERDICT_SUSPECT] = "\033[33m", [VERDICT_LEAK] = "\033[1;31m",
	};

	return paint(look, codes[v]);
}

/* The last parts of a path, if the whole is too long. */
static const char *tail_of(const char *path, size_t room)
{
	size_t len = strlen(path);
	const char *p;

	if (len <= room)
		return path;
	p = strchr(path + len - room, '/');
	return p ? p + 1 : path + len - room;
}

static const char *base_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static void write_frame(FILE *f, const struct symbol_frame *s, const char *lead,
			const struct look *look)
{
	char name[64], where[80] = "";

	if (s->function)
		snprintf(name, sizeof(name), "%.63s", s->function);
	else
		snprintf(name, sizeof(name), "%#" PRIx64, s->offset);
	if (s->file && s->line)
		snprintf(where, sizeof(where), "%s:%d", tail_of(s->file, 30), s->line);
	else if (s->function)
		snprintf(where, sizeof(where), "+%#" PRIx64, s->offset);
	fprintf(f, "%s%-34s  %-32s  %s(%s%s)%s\n", lead, name, where, DIM(look),
		s->module ? base_of(s->module) : "unknown", s->inlined ? ", inlined" : "", PLAIN(look));
}

static void write_frames(FILE *f, struct model *m, uint32_t id, const char *first, int max,
			 const struct look *look)
{
	const struct stack *stack = model_stack(m, id);
	const struct symbol_frame *frames;
	int n = model_frames(m, id, &frames);
	char lead[32];

	snprintf(lead, sizeof(lead), "%*s", (int)strlen(first), "");
	if (!n)
		fprintf(f, "%sno stack: %s\n", first,
			stack ? stack_status_text(stack->status) : "not known");
	for (int i = 0; i < n && i < max; i++)
		write_frame(f, &frames[i], i ? lead : first, look);
	if (n > max)
		fprintf(f, "%s%s… %d more%s\n", lead, DIM(look), n - max, PLAIN(look));
	else if (n && stack->status != LEAKTRACE_STACK_ROOT)
		fprintf(f, "%s%s… the stack ends here: %s%s\n", lead, DIM(look),
			stack_status_text(stack->status), PLAIN(look));
}

static void write_examples(FILE *f, struct model *m, const struct site *s, const struct look *look)
{
	int max = look->all ? 10 : EXAMPLES;
	uint64_t end = model_end_ns(m);
	struct object *o[10];
	int n = examples_of(m, s, o, max);

	for (int i = 0; i < n; i++) {
		char *what = example_describe(m, o[i]), age[32];

		if (s->kind == LEAKTRACE_KIND_PAGE)
			fprintf(f, "  %s %s", i ? "     " : "e.g. ", what ?: "?");
		else
			fprintf(f, "  %s %s %" PRIu64 " %s", i ? "     " : "e.g. ",
				kind_name(s->kind), o[i]->id, what ?: type_name(o[i]->type));
		fprintf(f, ", %s old\n", format_seconds(end > o[i]->born_ns ?
							 (end - o[i]->born_ns) / 1e9 : 0, age));
		free(what);
	}
}

static void write_count(FILE *f, const struct finding *g)
{
	char live[32], bytes[32];

	for (int k = 0; k < KINDS; k++) {
		if (!g->live[k])
			continue;
		fprintf(f, ", %s ", format_count(g->live[k], live));
		fprintf(f, g->nsites > 1 ? "%s live" : "live", kind_name(k));
		if (k == LEAKTRACE_KIND_PAGE)
			fprintf(f, " (%s)", format_bytes(g->live[k] * PAGE_BYTES, bytes));
	}
}

/* The other sites of a finding: a line each. */
static void write_parts(FILE *f, struct model *m, const struct finding *g, const struct look *look)
{
	for (size_t i = 1; i < g->nsites; i++) {
		const struct site *s = model_site(m, g->sites[i]);
		const struct symbol_frame *frames;
		char live[32];
		int n = model_frames(m, s->stack, &frames);

		fprintf(f, "  also      %s %s, %s live, %d frames from %s  %ssite %u%s\n",
			kind_name(s->kind), type_name(s->type), format_count(site_live(s), live), n,
			n && frames[0].function ? frames[0].function : "?", DIM(look), s->id,
			PLAIN(look));
	}
}

static void write_releases(FILE *f, struct model *m, const struct site *s, const struct look *look)
{
	int max = look->all ? FRAMES_ALL : 3;

	for (unsigned int i = 0; i < s->releases && (look->all || i < RELEASES); i++) {
		char lead[64];

		snprintf(lead, sizeof(lead), "  %3.0f %% die at ",
			 s->died ? 100.0 * s->release[i].count / s->died : 0);
		write_frames(f, m, s->release[i].stack, lead, max, look);
	}
}

static void write_finding(FILE *f, struct model *m, const struct finding *g,
			  const struct look *look)
{
	const struct judgement *j = &g->judgement;
	const struct site *s = model_site(m, g->sites[0]);
	char name[16];

	snprintf(name, sizeof(name), "%s", verdict_name(j->verdict));
	for (char *c = name; *c && j->verdict == VERDICT_LEAK; c++)
		*c -= 'a' - 'A';
	fprintf(f, "%s%s%s  %s%s %s%s", verdict_color(look, j->verdict), name, PLAIN(look), BOLD(look),
		kind_name(s->kind), type_name(s->type), PLAIN(look));
	write_count(f, g);
	if (j->verdict >= VERDICT_SUSPECT)
		fprintf(f, ", %.0f %% sure", j->confidence * 100);
	fprintf(f, "  %ssite %u%s\n", DIM(look), s->id, PLAIN(look));
	for (int i = 0; i < EVIDENCE_MAX && j->evidence[i]; i++)
		fprintf(f, "  - %s\n", j->evidence[i]);
	write_frames(f, m, s->stack, "  born at   ", look->all ? FRAMES_ALL : FRAMES, look);
	write_parts(f, m, g, look);
	write_releases(f, m, s, look);
	write_examples(f, m, s, look);
}

/* What no finding has: only on request. */
static void write_site(FILE *f, struct model *m, const struct site *s, const struct look *look)
{
	struct finding g = { .sites = (uint32_t[]){ s->id }, .nsites = 1 };

	g.live[s->kind] = site_live(s);
	g.judgement = s->judgement;
	write_finding(f, m, &g, look);
}

static void write_header(FILE *f, struct model *m, const struct look *look)
{
	const struct target *t = &m->target;
	char when[64], window[32];

	format_time(t->attached_ns / 1e9 + m->wall_minus_mono_s, when, sizeof(when));
	fprintf(f, "%s%s%s, pid %u%s%s, attached %s, %s", BOLD(look), *t->comm ? t->comm : "?",
		PLAIN(look), t->pid, m->exe ? ", " : "", m->exe ? tail_of(m->exe, 50) : "", when,
		format_seconds(model_end_s(m), window));
	if (t->flags & LEAKTRACE_TARGET_F_EXITED) {
		if (t->exit_code & 0x7f)
			fprintf(f, ", killed by signal %u", t->exit_code & 0x7f);
		else
			fprintf(f, ", exited with status %u", t->exit_code >> 8 & 0xff);
	}
	fputc('\n', f);
}

static void write_totals(FILE *f, const struct model *m)
{
	double minutes = model_end_s(m) / 60;

	fprintf(f, "\n%10s %10s %10s %10s %10s %10s %10s\n", "", "at attach", "born", "died",
		"live", "growth", "a minute");
	for (int k = 0; k < KINDS; k++) {
		const struct kind_totals *n = &m->target.kind[k];
		char a[32], b[32], c[32], d[32], bytes[32];
		double growth = (double)n->live - n->baseline;

		if (!n->present || !(m->target.kinds & 1U << k))
			continue;
		fprintf(f, "%10s %10s %10s %10s %10s %+10.0f %+10.1f", kind_name(k),
			format_count(n->baseline, a), format_count(n->born, b),
			format_count(n->died, c), format_count(n->live, d), growth,
			minutes > 0 ? growth / minutes : 0);
		if (k == LEAKTRACE_KIND_PAGE)
			fprintf(f, "  (%s)", format_bytes(n->live * PAGE_BYTES, bytes));
		fputc('\n', f);
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

/* Always there, always last: can these numbers be believed. */
static void write_losses(FILE *f, struct model *m, const struct look *look)
{
	bool first = true;
	struct losses l;
	char a[32];

	report_losses(m, &l);
	fprintf(f, "%s%s%s", l.exact ? "" : verdict_color(look, VERDICT_SUSPECT),
		l.exact ? "exact: confirmed against the kernel's own state" : "not exact", PLAIN(look));
	for (unsigned int i = 0; i < l.ninexact; i++)
		fprintf(f, "%s %s", i ? ";" : ":", l.inexact[i]);
	lost(f, l.events, "events", &first);
	lost(f, l.objects, "objects", &first);
	lost(f, l.stacks, "stacks", &first);
	if (first)
		fprintf(f, "; nothing lost");
	if (l.reconciled)
		fprintf(f, "; %s repaired", format_count(l.reconciled, a));
	fprintf(f, "; %.4g %% of stacks complete\n", l.complete_stacks * 100);
}

/* A finding as text, and the lines it takes, so that a report ends where the screen does. */
static char *finding_text(struct model *m, const struct finding *g, const struct look *look,
			  int *lines)
{
	char *buf = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&buf, &len);

	*lines = 0;
	if (!f)
		return NULL;
	write_finding(f, m, g, look);
	fputc('\n', f);
	fclose(f);
	for (size_t i = 0; i < len; i++)
		*lines += buf[i] == '\n';
	return buf;
}

static size_t write_findings(FILE *f, struct model *m, const struct look *look)
{
	int room = look->rows - HEAD_LINES, lines;
	size_t shown = 0;

	for (; shown < m->nfindings && (look->all || shown < FINDINGS); shown++) {
		char *buf = finding_text(m, &m->findings[shown], look, &lines);

		room -= lines;
		if (buf && (look->all || !look->rows || !shown || room >= 0))
			fputs(buf, f);
		free(buf);
		if (!look->all && look->rows && shown && room < 0)
			break;
	}
	return shown;
}

static size_t write_sites(FILE *f, struct model *m, const struct look *look)
{
	struct site **sites;
	size_t n = report_rank(m, &sites), others = 0;

	for (size_t i = 0; i < n; i++) {
		if (sites[i]->judgement.finding)
			continue;
		others++;
		if (look->all) {
			write_site(f, m, sites[i], look);
			fputc('\n', f);
		}
	}
	free(sites);
	return others;
}

void report_text(FILE *f, struct model *m, const struct look *look)
{
	size_t shown, others;

	write_header(f, m, look);
	write_totals(f, m);
	shown = write_findings(f, m, look);
	others = write_sites(f, m, look);
	if (!m->nfindings)
		fprintf(f, "no leak found\n\n");
	write_losses(f, m, look);
	if (shown < m->nfindings)
		fprintf(f, "%zu more findings and %zu sites without any are not shown: --all\n",
			m->nfindings - shown, others);
	else if (others && !look->all)
		fprintf(f, "%zu sites without findings are not shown: --all\n", others);
}

int report_write(FILE *f, struct model *m, const struct look *look)
{
	struct json_object *o;

	switch (look->format) {
	case FORMAT_TEXT:
		report_text(f, m, look);
		break;
	case FORMAT_FOLDED:
		report_folded(f, m);
		break;
	case FORMAT_JSON:
		o = report_json(m);
		fprintf(f, "%s\n", json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN |
								  JSON_C_TO_STRING_NOSLASHESCAPE));
		json_object_put(o);
		break;
	default:	/* output.c's */
		return -1;
	}
	return ferror(f) ? -1 : 0;
}
