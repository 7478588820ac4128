// SPDX-License-Identifier: GPL-2.0
/*
 * Stacks as text. The program's own frames are always written. Of a run of library
 * frames those are written that say what was called: the innermost of the stack, and
 * the one that the program's frame called; the others are folded into a line.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "model/model.h"
#include "report/text.h"
#include "report/text_stack.h"
#include "symbolize/frame.h"
#include "symbolize/language.h"
#include "symbolize/library.h"
#include "symbolize/stack.h"
#include "util/format.h"
#include "util/style.h"

enum {
	NAME_COLUMNS = 34,
	FILE_COLUMNS = 26,
	WHERE_COLUMNS = 32,
	MODULE_COLUMNS = 24,
	LIBRARIES = 3,		/* named in the line of a run */
};

/* Writes text in a column; printf() counts bytes. */
static void write_column(FILE *f, const char *text, int columns)
{
	fputs(text, f);
	for (; *text; text++)
		columns -= ((unsigned char)*text & 0xc0) != 0x80;
	fprintf(f, "%*s", columns > 0 ? columns : 0, "");
}

static void write_name(FILE *f, const struct symbol_frame *s, const struct report_style *style)
{
	char name[FRAME_NAME_BYTES];

	if (style->all && s->function)
		write_column(f, s->function, NAME_COLUMNS);
	else
		write_column(f, frame_name_fit(s, NAME_COLUMNS, name, sizeof(name)), NAME_COLUMNS);
}

void report_frame(FILE *f, const struct symbol_frame *s, const char *lead, bool mine,
		  const struct report_style *style)
{
	char where[300] = "", file[256];

	if (s->file && s->line && style->all)
		snprintf(where, sizeof(where), "%s:%d", s->file, s->line);
	else if (s->file && s->line)
		snprintf(where, sizeof(where), "%s:%d", path_fit(s->file, FILE_COLUMNS, file, sizeof(file)),
			 s->line);
	else if (s->function)
		snprintf(where, sizeof(where), "+%#" PRIx64, s->offset);
	fprintf(f, "%s%s", lead, mine ? BOLD(style) : "");
	write_name(f, s, style);
	fprintf(f, "%s  ", mine ? PLAIN(style) : "");
	write_column(f, where, WHERE_COLUMNS);
	fprintf(f, "  %s(%.*s%s)%s\n", DIM(style), MODULE_COLUMNS,
		s->module ? path_base(s->module) : "unknown", s->inlined ? ", inlined" : "",
		PLAIN(style));
}

/* "… 6 of libstdc++, libc" */
static void write_run(FILE *f, const struct symbol_frame *frames, int n, const char *lead,
		      const struct report_style *style)
{
	const char *told[LIBRARIES];
	int k = 0;

	fprintf(f, "%s%s… %d of ", lead, DIM(style), n);
	for (int i = 0; i < n && k < LIBRARIES; i++) {
		const char *library = frame_library(&frames[i]);
		int known = 0;

		while (known < k && strcmp(told[known], library))
			known++;
		if (known < k)
			continue;
		fprintf(f, "%s%s", k ? ", " : "", library);
		told[k++] = library;
	}
	fprintf(f, "%s\n", PLAIN(style));
}

/* How many frames from the first on are a library's. */
static int run_length(const struct symbol_frame *frames, int n)
{
	int i = 0;

	while (i < n && frame_is_library(&frames[i]))
		i++;
	return i;
}

/* Which frames of a run to fold, from its start. */
static int fold(int at, int run, int n, int *first)
{
	bool innermost = !at, outermost = at + run == n;

	*first = innermost;
	return run - innermost - !outermost;
}

void report_stack(FILE *f, const struct symbol_frame *frames, int n, const char *first,
		  const struct symbol_frame *mine, const struct report_style *style)
{
	bool whole = style->all || run_length(frames, n) == n;
	const char *before = first;
	char lead[64];

	snprintf(lead, sizeof(lead), "%*s", (int)strlen(first), "");
	for (int i = 0; i < n;) {
		int run = whole ? 0 : run_length(&frames[i], n - i), skip, folded;
		int end = i + (run ?: 1);

		folded = run ? fold(i, run, n, &skip) : 0;
		for (int k = i; k < end; k++) {
			if (folded > 1 && k == i + skip) {
				write_run(f, &frames[k], folded, before, style);
				k += folded - 1;
			} else {
				report_frame(f, &frames[k], before, &frames[k] == mine, style);
			}
			before = lead;
		}
		i = end;
	}
}

/* The stack of one object, if the site's own stack is incomplete. */
static void write_rest(FILE *f, struct model *m, uint32_t id, const char *lead, const struct report_style *style)
{
	const struct stack *rest = model_rest(m, id);
	const struct symbol_frame *frames;
	int n = model_rest_frames(m, id, &frames);

	if (!n)
		return;
	fprintf(f, "%s%s%s%s\n", lead, DIM(style),
		model_rest_is_whole(m, id) ? "the stack of one of them:" : "the stack of one of them continues:", PLAIN(style));
	report_stack(f, frames, n, lead, NULL, style);
	if (rest->status != LEAKTRACE_STACK_ROOT)
		fprintf(f, "%s%s… incomplete here too%s\n", lead, DIM(style), PLAIN(style));
}

void report_stack_of(FILE *f, struct model *m, uint32_t id, const char *first, const struct symbol_frame *mine,
		     const struct report_style *style)
{
	const struct stack *stack = model_stack(m, id);
	const struct symbol_frame *frames;
	int n = model_frames(m, id, &frames);
	char lead[64];

	if (!n) {
		fprintf(f, "%sno stack: %s\n", first, stack ? stack_status_text(stack->status) : "unknown");
		return;
	}
	report_stack(f, frames, n, first, mine, style);
	if (stack->status == LEAKTRACE_STACK_ROOT || language_is_root(&frames[n - 1]))
		return;
	snprintf(lead, sizeof(lead), "%*s", (int)strlen(first), "");
	fprintf(f, "%s%s… incomplete: %s%s\n", lead, DIM(style),
		stack_status_text(stack->status), PLAIN(style));
	write_rest(f, m, id, lead, style);
}

void report_at(FILE *f, const struct symbol_frame *place)
{
	char name[FRAME_NAME_BYTES];

	if (!place)
		return;
	fprintf(f, " at %s", frame_name_fit(place, TEXT_COLUMNS, name, sizeof(name)));
	if (place->file && place->line)
		fprintf(f, " (%s:%d)", path_base(place->file), place->line);
}
