// SPDX-License-Identifier: GPL-2.0
/*
 * What was seen from outside, as text: counts, what grows and by what evidence, what there is
 * most of, and what only tracing would tell.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "look/look.h"
#include "look/summary.h"
#include "model/finding.h"
#include "model/kind.h"
#include "model/object_describe.h"
#include "model/runtime.h"
#include "model/site.h"
#include "report/growth.h"
#include "report/report.h"
#include "report/text.h"
#include "util/format.h"
#include "util/style.h"
#include "util/units.h"

enum { EXAMPLES = 3, GROUPS_SHOWN = 5 };

static void write_head(FILE *f, struct look *l, const struct report_style *style)
{
	struct model *m = &l->model;
	char when[64], window[32], exe[256];

	format_time(m->target.attached_ns / 1e9 + m->wall_minus_mono_s, when, sizeof(when));
	fprintf(f, "%s%s%s, pid %u", BOLD(style), *m->target.comm ? m->target.comm : "?", PLAIN(style), m->target.pid);
	if (m->exe)
		fprintf(f, ", %s", path_fit(m->exe, 50, exe, sizeof(exe)));
	fprintf(f, ", looked at from outside since %s, %u times in %s", when, l->looks,
		format_seconds(model_end_s(m), window));
	fputs(m->target.flags & LEAKTRACE_TARGET_F_EXITED ? ", exited\n" : "\n", f);
}

/* "RLIMIT_NOFILE (1,024) is 30 % used; at this rate, it is reached in 4 min" */
static void write_limits(FILE *f, struct look *l, const struct report_style *style)
{
	struct look_limit n;
	char *text, max[32], in[32];
	bool any = false;

	for (unsigned int i = 0; i < LOOK_LIMITS; i++) {
		if (!look_limit(l, i, &n))
			continue;
		format_count(n.limit->max, max);
		if (n.is_memory)
			format_bytes(n.limit->max, max);
		text = n.in_s > 0 ? strdup_printf("%s (%s): %.0f %% used; at this rate, it is reached in %s",
						  n.limit->name, max, 100 * n.share, format_seconds(n.in_s, in)) :
				    strdup_printf("%s (%s): %.0f %% used", n.limit->name, max, 100 * n.share);
		report_sentence(f, "limit: ", text ?: "", style);
		free(text);
		any = true;
	}
	fputs(any ? "\n" : "", f);
}

static void write_examples(FILE *f, struct look *l, const struct site *s)
{
	struct model *m = &l->model;
	struct object *o[EXAMPLES];
	int n = object_examples(m, s, o, EXAMPLES);
	uint64_t end = model_end_ns(m);

	for (int i = 0; i < n; i++) {
		char *what = s->kind == LEAKTRACE_KIND_PAGE ? NULL : object_describe(m, o[i]), age[32];

		format_seconds((end - o[i]->born_ns) / 1e9, age);
		if (what && s->kind == LEAKTRACE_KIND_MAP)
			fprintf(f, "  %s %s, %s old\n", i ? "     " : "e.g. ", what, age);
		else if (what)
			fprintf(f, "  %s %s %" PRIu64 " %s, %s old\n", i ? "     " : "e.g. ", kind_noun(s->kind, s->type),
				o[i]->id, what, age);
		free(what);
	}
}

static void write_finding(FILE *f, struct look *l, const struct finding *g, const struct report_style *style)
{
	const struct site *s = model_site(&l->model, g->sites[0]);
	const struct look_group *group = look_group_of_site(l, s->id);
	const struct judgement *j = &g->judgement;
	char n[32];

	report_verdict(f, j, style);
	if (s->kind == LEAKTRACE_KIND_PAGE)
		fprintf(f, "%s more of memory: ", format_bytes(site_live(s) * PAGE_BYTES, n));
	else
		fprintf(f, "%s more %s: ", format_count(site_live(s), n), kind_noun(s->kind, s->type));
	if (s->kind == LEAKTRACE_KIND_FD && group && strcmp(group->name, type_name(s->type)))
		fprintf(f, "%s ", type_name(s->type));
	fprintf(f, "%s%s", group ? group->name : "?", PLAIN(style));
	report_confidence(f, j);
	fprintf(f, "  %ssite %u%s\n", DIM(style), s->id, PLAIN(style));
	for (int i = 0; i < EVIDENCE_MAX && j->evidence[i]; i++)
		report_sentence(f, "  - ", j->evidence[i], style);
	write_examples(f, l, s);
	fputc('\n', f);
}

static void write_kept_free(FILE *f, const struct model *m, const struct report_style *style)
{
	report_kept_free(f, m, style, false);
	fputc('\n', f);
}

static void write_findings(FILE *f, struct look *l, const struct report_style *style)
{
	struct model *m = &l->model;
	struct report_item *items;
	size_t n = report_findings(m, &items), told = 0, small = 0;
	char window[32];

	for (size_t i = 0; i < n; i++) {
		if (report_is_small(&items[i]) && !style->all) {
			small++;
			continue;
		}
		told += !items[i].kept_free;
		if (items[i].g)
			write_finding(f, l, items[i].g, style);
		else if (items[i].l)
			report_runtime_site(f, items[i].l, style, false);
		else if (items[i].kept_free)
			write_kept_free(f, m, style);
	}
	free(items);
	if (told)
		return;
	if (report_too_short(m))
		fprintf(f, "looked for %s: too short to tell (needs %d s)\n\n", format_seconds(model_end_s(m), window),
			REPORT_TELLS_AFTER_S);
	else
		fputs(small ? "no leak found; suspects of little memory are shown by --all\n\n" : "no leak found\n\n", f);
}

static void write_groups(FILE *f, struct look *l, const struct report_style *style)
{
	const struct look_group **list;
	size_t n = look_groups_ranked(l, &list), shown = style->all ? n : n < GROUPS_SHOWN ? n : GROUPS_SHOWN;
	char live[32], change[40];

	if (n)
		fprintf(f, "%s%-7s %10s %8s  %s%s\n", DIM(style), "MOST OF", "NOW", "CHANGE", "WHAT", PLAIN(style));
	for (size_t i = 0; i < shown; i++) {
		const struct look_group *g = list[i];
		int64_t more = g->live - g->baseline;
		bool page = g->kind == LEAKTRACE_KIND_PAGE;

		fprintf(f, "%-7s %10s %8s  %s\n", kind_name(g->kind),
			page ? format_bytes(g->live * PAGE_BYTES, live) : format_count(g->live, live),
			!more ? "" : page ? format_bytes_change(more * PAGE_BYTES, change) : format_count_change(more, change),
			g->name);
	}
	if (shown < n)
		fprintf(f, "… %zu more (--all shows them)\n", n - shown);
	if (n)
		fputc('\n', f);
	free(list);
}

/* Whether it is a leak, or fragmentation. */
static void write_heap(FILE *f, const struct look *l, const struct report_style *style)
{
	const struct ledger_malloc *first = &l->model.ledger.malloc_first, *last = &l->model.ledger.malloc_last;
	char live[32], more[40], between[32], between_more[40], back[32], *text;

	if (!first->known || !last->known)
		return;
	text = strdup_printf("%s live (%s), %s free between live blocks (%s); malloc_trim would give back %s",
			     format_bytes(last->live_bytes, live),
			     format_bytes_change(last->live_bytes - first->live_bytes, more),
			     format_bytes(last->fragmented_bytes, between),
			     format_bytes_change(last->fragmented_bytes - first->fragmented_bytes, between_more),
			     format_bytes(last->returnable_bytes, back));
	report_sentence(f, "malloc: ", text ?: "", style);
	free(text);
	fputc('\n', f);
}

static void write_more(FILE *f, struct look *l, const struct report_style *style)
{
	char *advice[LOOK_ADVICE_MAX];
	int n = look_advice(l, advice);

	for (int i = 0; i < n; i++) {
		report_sentence(f, "", advice[i] ?: "", style);
		free(advice[i]);
	}
}

/** look_text() - print what was seen */
void look_text(FILE *f, struct look *l, const struct report_style *style)
{
	write_head(f, l, style);
	report_totals(f, &l->model, style);
	write_limits(f, l, style);
	report_growth(f, &l->model, style);
	write_findings(f, l, style);
	write_groups(f, l, style);
	write_heap(f, l, style);
	write_more(f, l, style);
}
