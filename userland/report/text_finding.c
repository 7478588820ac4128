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
#include "model/finding.h"
#include "model/judgement.h"
#include "model/kind.h"
#include "model/model.h"
#include "model/object.h"
#include "model/object_describe.h"
#include "model/site.h"
#include "report/text.h"
#include "symbolize/frame.h"
#include "symbolize/language.h"
#include "symbolize/stack.h"
#include "util/format.h"
#include "util/style.h"
#include "util/units.h"

enum {
	FRAMES = 10,		/* of a finding, without --all */
	FRAMES_ALL = 256,
	FRAMES_RELEASE = 3,
	RELEASES = 2,
	PARTS = 6,
	EXAMPLES = 3,
	NAME_COLUMNS = 34,
};

/* A function's name in its column: without arguments, truncated if it is too long. */
static void write_name(FILE *f, const struct symbol_frame *s, const struct report_style *style)
{
	int len = s->function ? (int)strlen(s->function) : 0;

	if (!len) {
		fprintf(f, "%#-*" PRIx64, NAME_COLUMNS, s->offset);
		return;
	}
	if (!style->all && s->function[len - 1] == ')')
		len = strcspn(s->function + 1, "(") + 1;
	if (!style->all && len > NAME_COLUMNS)
		fprintf(f, "%.*s…", NAME_COLUMNS - 1, s->function);
	else
		fprintf(f, "%-*.*s", NAME_COLUMNS, len, s->function);
}

void report_frame(FILE *f, const struct symbol_frame *s, const char *lead, bool mine,
		  const struct report_style *style)
{
	char where[80] = "";

	if (s->file && s->line)
		snprintf(where, sizeof(where), "%s:%d", path_tail(s->file, 30), s->line);
	else if (s->function)
		snprintf(where, sizeof(where), "+%#" PRIx64, s->offset);
	fprintf(f, "%s%s", lead, mine ? BOLD(style) : "");
	write_name(f, s, style);
	fprintf(f, "%s  %-32s  %s(%.24s%s)%s\n", mine ? PLAIN(style) : "", where, DIM(style),
		s->module ? path_base(s->module) : "unknown", s->inlined ? ", inlined" : "",
		PLAIN(style));
}

/* Writes up to max frames, with 'first' before the first of them; returns whether these are all. */
static bool write_list(FILE *f, const struct symbol_frame *frames, int n, const char *first,
		       int max, const struct symbol_frame *mine, const struct report_style *style)
{
	char lead[32];

	snprintf(lead, sizeof(lead), "%*s", (int)strlen(first), "");
	for (int i = 0; i < n && i < max; i++)
		report_frame(f, &frames[i], i ? lead : first, &frames[i] == mine, style);
	if (n > max)
		fprintf(f, "%s%s… %d more%s\n", lead, DIM(style), n - max, PLAIN(style));
	return n <= max;
}

/* The stack of one object, if the site's own stack is incomplete. */
static void write_rest(FILE *f, struct model *m, uint32_t id, const char *lead, int max,
		       const struct report_style *style)
{
	const struct stack *rest = model_rest(m, id);
	const struct symbol_frame *frames;
	int n = model_rest_frames(m, id, &frames);

	if (!n)
		return;
	fprintf(f, "%s%s%s%s\n", lead, DIM(style),
		model_rest_is_whole(m, id) ? "the stack of one of them:" : "the stack of one of them continues:", PLAIN(style));
	if (write_list(f, frames, n, lead, max, NULL, style) && rest->status != LEAKTRACE_STACK_ROOT)
		fprintf(f, "%s%s… incomplete here too%s\n", lead, DIM(style), PLAIN(style));
}

/* mine: the frame to blame, which is highlighted; or NULL. */
static void write_frames(FILE *f, struct model *m, uint32_t id, const char *first, int max,
			 const struct symbol_frame *mine, const struct report_style *style)
{
	const struct stack *stack = model_stack(m, id);
	const struct symbol_frame *frames;
	int n = model_frames(m, id, &frames);
	char lead[32];

	if (!n)
		fprintf(f, "%sno stack: %s\n", first,
			stack ? stack_status_text(stack->status) : "unknown");
	if (!write_list(f, frames, n, first, max, mine, style) || !n ||
	    stack->status == LEAKTRACE_STACK_ROOT || language_is_root(&frames[n - 1]))
		return;
	snprintf(lead, sizeof(lead), "%*s", (int)strlen(first), "");
	fprintf(f, "%s%s… incomplete: %s%s\n", lead, DIM(style),
		stack_status_text(stack->status), PLAIN(style));
	write_rest(f, m, id, lead, max, style);
}

static void write_examples(FILE *f, struct model *m, const struct site *s, const struct report_style *style)
{
	int max = style->all ? 10 : EXAMPLES;
	uint64_t end = model_end_ns(m);
	struct object *o[10];
	int n = object_examples(m, s, o, max);

	for (int i = 0; i < n; i++) {
		char *what = object_describe(m, o[i]), age[32];

		if (s->kind == LEAKTRACE_KIND_PAGE || s->kind == LEAKTRACE_KIND_MAP)
			fprintf(f, "  %s %s", i ? "     " : "e.g. ", what ?: "?");
		else
			fprintf(f, "  %s %s %" PRIu64 " %s", i ? "     " : "e.g. ",
				kind_name(s->kind), o[i]->id, what ?: type_name(o[i]->type));
		fprintf(f, ", %s old\n", format_seconds(end > o[i]->born_ns ?
							 (end - o[i]->born_ns) / 1e9 : 0, age));
		free(what);
	}
}

/* "60 fd file", "12.5 MiB of memory", "6 fd, 3 thread" */
static void write_what(FILE *f, struct model *m, const struct finding *g)
{
	const struct site *s = model_site(m, g->sites[0]);
	char live[32];
	bool first = true;

	for (int k = 0; k < KINDS; k++) {
		if (!g->live[k])
			continue;
		fprintf(f, "%s%s %s", first ? "" : ", ", format_count(g->live[k], live), kind_name(k));
		if (!g->mixed && strcmp(kind_name(k), type_name(s->type)))
			fprintf(f, " %s", type_name(s->type));
		if (k == LEAKTRACE_KIND_PAGE)
			fprintf(f, " (%s)", format_bytes(g->live[k] * PAGE_BYTES, live));
		first = false;
	}
	if (g->unjoined)
		fprintf(f, "%s%s unjoined thread%s", first ? "" : ", ", format_count(g->unjoined, live),
			g->unjoined == 1 ? "" : "s");
	else if (first)
		fprintf(f, "%s %s", kind_name(s->kind), type_name(s->type));
}

/* "at leak_fd_here (leak.h:26)" */
void report_at(FILE *f, const struct symbol_frame *place)
{
	if (!place)
		return;
	if (place->function)
		fprintf(f, " at %.*s", (int)(strcspn(place->function + 1, "(") + 1), place->function);
	else
		fprintf(f, " at %s+%#" PRIx64, place->module ? path_base(place->module) : "unknown",
			place->offset);
	if (place->file && place->line)
		fprintf(f, " (%s:%d)", path_base(place->file), place->line);
}

static void write_head(FILE *f, struct model *m, const struct finding *g,
		       const struct report_style *style)
{
	const struct site *s = model_site(m, g->sites[0]);
	const struct judgement *j = &g->judgement;
	char name[16];

	snprintf(name, sizeof(name), "%s", verdict_name(j->verdict));
	for (char *c = name; *c && j->verdict == VERDICT_LEAK; c++)
		*c -= 'a' - 'A';
	fprintf(f, "%s%s%s  %s", verdict_color(style, j->verdict), name, PLAIN(style), BOLD(style));
	write_what(f, m, g);
	report_at(f, blamed_frame_of_site(m, s));
	fprintf(f, "%s", PLAIN(style));
	if (j->verdict >= VERDICT_SUSPECT && j->confidence >= 0.01)
		fprintf(f, ", confidence %.0f %%", j->confidence * 100);
	if (g->nsites > 1)
		fprintf(f, "  %s%zu call paths%s\n", DIM(style), g->nsites, PLAIN(style));
	else
		fprintf(f, "  %ssite %u%s\n", DIM(style), s->id, PLAIN(style));
}

/* A sentence, wrapped between words. */
void report_sentence(FILE *f, const char *lead, const char *text)
{
	const int indent = strlen(lead);

	while (*text) {
		int width = TEXT_COLUMNS - indent, len = strlen(text), cut = len;

		if (len > width)
			for (cut = width; cut > width / 2 && text[cut] != ' '; cut--)
				;
		if (len > width && text[cut] != ' ')
			cut = width;
		fprintf(f, "%s%.*s\n", lead, cut, text);
		text += cut;
		text += *text == ' ';
		lead = &"        "[8 - (indent < 8 ? indent : 8)];
	}
}

/* The other sites of a finding, one line each. */
static void write_parts(FILE *f, struct model *m, const struct finding *g, const struct report_style *style)
{
	for (size_t i = 1; i < g->nsites; i++) {
		const struct site *s = model_site(m, g->sites[i]);
		char live[32];

		if (i >= PARTS && !style->all) {
			fprintf(f, "  %s… %zu more parts%s\n", DIM(style), g->nsites - i, PLAIN(style));
			return;
		}
		fprintf(f, "  also       %s %s", format_count(site_live(s), live), kind_name(s->kind));
		if (strcmp(kind_name(s->kind), type_name(s->type)))
			fprintf(f, " %s", type_name(s->type));
		if (g->mixed)
			report_at(f, blamed_frame_of_site(m, s));
		else
			fprintf(f, " (same call path, other frames)");
		fprintf(f, "  %ssite %u%s\n", DIM(style), s->id, PLAIN(style));
	}
}

static void write_releases(FILE *f, struct model *m, const struct site *s, const struct report_style *style)
{
	for (unsigned int i = 0; i < s->releases && (style->all || i < RELEASES); i++) {
		char lead[64];

		snprintf(lead, sizeof(lead), "  %3.0f %% released at ",
			 s->died ? 100.0 * s->release[i].count / s->died : 0);
		write_frames(f, m, s->release[i].stack, lead, style->all ? FRAMES_ALL : FRAMES_RELEASE,
			     NULL, style);
	}
}

void report_finding(FILE *f, struct model *m, const struct finding *g, const struct report_style *style,
		    bool brief)
{
	const struct judgement *j = &g->judgement;
	const struct site *s = model_site(m, g->sites[0]);

	write_head(f, m, g, style);
	for (int i = 0; i < (brief ? 1 : EVIDENCE_MAX) && j->evidence[i]; i++)
		report_sentence(f, "  - ", j->evidence[i]);
	if (brief)
		return;
	write_frames(f, m, s->stack, "  created at ", style->all ? FRAMES_ALL : FRAMES,
		     blamed_frame_of_site(m, s), style);
	write_parts(f, m, g, style);
	write_releases(f, m, s, style);
	write_examples(f, m, s, style);
}
