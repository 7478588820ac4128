// SPDX-License-Identifier: GPL-2.0
/*
 * One finding as text: what and where in the first line, then the evidence, the
 * call path, its other parts, where other objects are released, and some
 * examples. In brief, only the first two lines.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/blame.h"
#include "analysis/heap_estimate.h"
#include "analysis/heap_growth.h"
#include "model/finding.h"
#include "model/judgement.h"
#include "model/kind.h"
#include "model/model.h"
#include "model/object.h"
#include "model/object_describe.h"
#include "model/site.h"
#include "report/text.h"
#include "report/text_stack.h"
#include "util/format.h"
#include "util/style.h"
#include "util/text_wrap.h"
#include "util/units.h"

enum {
	RELEASES = 2,		/* on a terminal without a pager */
	EXAMPLES = 3,
	SHARES = 8,
};

static void write_examples(FILE *f, struct model *m, const struct site *s, const struct report_style *style)
{
	int max = style->all ? 10 : EXAMPLES;
	uint64_t end = model_end_ns(m);
	struct object *o[10];
	int n = object_examples(m, s, o, max);

	for (int i = 0; i < n; i++) {
		char *what = object_describe(m, o[i]), age[32];

		if (s->kind == LEAKTRACE_KIND_PAGE || s->kind == LEAKTRACE_KIND_MAP ||
		    s->kind == LEAKTRACE_KIND_HEAP || s->kind == LEAKTRACE_KIND_PAIR)
			fprintf(f, "  %s %s", i ? "     " : "e.g. ", what ?: "?");
		else
			fprintf(f, "  %s %s %" PRIu64 " %s", i ? "     " : "e.g. ",
				kind_noun(s->kind, s->type), o[i]->id, what ?: type_name(o[i]->type));
		fprintf(f, ", %s old\n", format_seconds(end > o[i]->born_ns ?
							 (end - o[i]->born_ns) / 1e9 : 0, age));
		free(what);
	}
}

/* Of samples: what they stand for. */
static void write_estimate(FILE *f, struct model *m, const struct finding *g)
{
	struct heap_sums sums;
	struct heap_interval i;
	char a[32], b[32], c[32];

	heap_sums_of_sites(m, g->sites, g->nsites, &sums);
	i = heap_sums_interval(&sums);
	fprintf(f, " samples (about %s; 95 %%: %s to %s)", format_bytes(sums.bytes, a),
		format_bytes(i.low, b), format_bytes(i.high, c));
}

/* "60 fd file", "12.5 MiB of memory", "6 fd, 3 thread" */
static void write_what(FILE *f, struct model *m, const struct finding *g)
{
	const struct site *s = model_site(m, g->sites[0]);
	char live[32];
	bool first = true;

	for (int k = 0; k < KINDS; k++) {
		/* what its blocks are in is evidence, and not more of them */
		if (!g->live[k] || (k == LEAKTRACE_KIND_PAGE && g->cause == CAUSE_HEAP && g->live[LEAKTRACE_KIND_HEAP]))
			continue;
		fprintf(f, "%s%s %s", first ? "" : ", ", format_count(g->live[k], live),
			g->mixed ? kind_name(k) : kind_noun(k, s->type));
		if (!g->mixed && strcmp(kind_noun(k, s->type), type_name(s->type)))
			fprintf(f, " %s", type_name(s->type));
		if (k == LEAKTRACE_KIND_PAGE)
			fprintf(f, " (%s)", format_bytes(g->live[k] * PAGE_BYTES, live));
		if (k == LEAKTRACE_KIND_HEAP)
			write_estimate(f, m, g);
		first = false;
	}
	if (g->unjoined)
		fprintf(f, "%s%s unjoined thread%s", first ? "" : ", ", format_count(g->unjoined, live),
			g->unjoined == 1 ? "" : "s");
	else if (first)
		fprintf(f, "%s %s", kind_noun(s->kind, s->type), type_name(s->type));
}

void report_verdict(FILE *f, const struct judgement *j, const struct report_style *style)
{
	char name[16];

	snprintf(name, sizeof(name), "%s", verdict_name(j->verdict));
	for (char *c = name; *c && j->verdict == VERDICT_LEAK; c++)
		*c -= 'a' - 'A';
	fprintf(f, "%s%s%s  %s", verdict_color(style, j->verdict), name, PLAIN(style), BOLD(style));
}

void report_confidence(FILE *f, const struct judgement *j)
{
	if (j->verdict >= VERDICT_SUSPECT && j->confidence >= 0.01)
		fprintf(f, ", confidence %.0f %%", j->confidence * 100);
}

/* "the heap grows 41 KiB/s (12 MiB so far), first touched by remember (app.c:52) and others" */
static void write_heap_growth(FILE *f, struct model *m, const struct finding *g)
{
	struct heap_toucher by[HEAP_TOUCHERS];
	unsigned int n = heap_growth_touchers(m, g, by);
	const char *owner = heap_growth_owner(m, g);
	char live[32], rate[32];

	format_bytes(g->live[LEAKTRACE_KIND_PAGE] * PAGE_BYTES, live);
	fprintf(f, "the heap%s%s", owner ? " of " : "", owner ?: "");
	if (g->judgement.verdict == VERDICT_SUSPECT)
		fprintf(f, " grows %s (%s so far)", heap_growth_rate(g, rate), live);
	else
		fprintf(f, " grew by %s", live);
	if (n)
		report_place(f, ", first touched by", by[0].frame);
	fputs(n > 1 ? " and others" : "", f);
}

static void write_head(FILE *f, struct model *m, const struct finding *g,
		       const struct report_style *style)
{
	const struct site *s = model_site(m, g->sites[0]);
	const struct judgement *j = &g->judgement;

	report_verdict(f, j, style);
	if (heap_growth_is(g)) {
		write_heap_growth(f, m, g);
	} else {
		write_what(f, m, g);
		report_at(f, blamed_frame_of_site(m, s));
	}
	fprintf(f, "%s", PLAIN(style));
	report_confidence(f, j);
	if (g->nsites > 1)
		fprintf(f, "  %s%zu call paths, site %u%s\n", DIM(style), g->nsites, s->id, PLAIN(style));
	else
		fprintf(f, "  %ssite %u%s\n", DIM(style), s->id, PLAIN(style));
}

/* A sentence, wrapped between words. */
void report_sentence(FILE *f, const char *lead, const char *text, const struct report_style *style)
{
	const struct text_room room = {
		.columns = style->columns && style->columns < TEXT_COLUMNS ? style->columns : TEXT_COLUMNS,
		.at = strlen(lead), .indent = strlen(lead),
	};

	fputs(lead, f);
	text_wrap_line(f, text, strlen(text), &room);
}

/* The other sites of a finding, each with its stack. */
static void write_parts(FILE *f, struct model *m, const struct finding *g, const struct report_style *style)
{
	for (size_t i = 1; i < g->nsites; i++) {
		const struct site *s = model_site(m, g->sites[i]);
		char live[32];

		fprintf(f, "  also %s %s", format_count(site_live(s), live),
			kind_noun(s->kind, s->type));
		if (strcmp(kind_noun(s->kind, s->type), type_name(s->type)))
			fprintf(f, " %s", type_name(s->type));
		report_at(f, blamed_frame_of_site(m, s));
		fprintf(f, "  %ssite %u%s\n", DIM(style), s->id, PLAIN(style));
		report_stack_of(f, m, s->stack, "    created at ", blamed_frame_of_site(m, s), style);
	}
}

static void write_releases(FILE *f, struct model *m, const struct site *s, const struct report_style *style)
{
	unsigned int max = style->rows && !style->all ? RELEASES : LEAKTRACE_RELEASES_MAX;

	for (unsigned int i = 0; i < s->releases && i < max; i++) {
		char lead[64];

		snprintf(lead, sizeof(lead), "  %3.0f %% released at ",
			 s->died ? 100.0 * s->release[i].count / s->died : 0);
		report_stack_of(f, m, s->release[i].stack, lead,
				blamed_frame_of_stack(m, s->release[i].stack), style);
	}
}

/* "in 3 of 3 worker processes: 101 (40), 102 (38), 103 (41)" */
static void write_shares(FILE *f, const struct model *m, const struct finding *g, const struct report_style *style)
{
	size_t max = style->all ? g->nshares : SHARES, len = 0;
	char text[1024], a[32], b[32], c[32], live[32];

	if (!g->nshares)
		return;
	len = snprintf(text, sizeof(text), "in %s of %s %s processes, %s in all:", format_count(g->processes, a),
		       format_count(g->processes_of, b), m->target.comm, format_count(g->processes_live, c));
	for (size_t i = 0; i < g->nshares && i < max && len < sizeof(text) - 80; i++)
		len += snprintf(text + len, sizeof(text) - len, "%s %u (%s)", i ? "," : "", g->shares[i].pid,
				format_count(g->shares[i].live, live));
	if (g->processes > max)
		snprintf(text + len, sizeof(text) - len, ", and others");
	report_sentence(f, "  - ", text, style);
}

void report_finding(FILE *f, struct model *m, const struct finding *g, const struct report_style *style,
		    bool brief)
{
	const struct judgement *j = &g->judgement;
	const struct site *s = model_site(m, g->sites[0]);

	write_head(f, m, g, style);
	for (int i = 0; i < (brief ? 1 : EVIDENCE_MAX) && j->evidence[i]; i++)
		report_sentence(f, "  - ", j->evidence[i], style);
	write_shares(f, m, g, style);
	if (brief)
		return;
	report_stack_of(f, m, s->stack, "  created at ", blamed_frame_of_site(m, s), style);
	write_parts(f, m, g, style);
	write_releases(f, m, s, style);
	write_examples(f, m, s, style);
}
