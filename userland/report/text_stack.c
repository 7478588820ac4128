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
#include "util/terminal.h"

enum {
	NAME_COLUMNS = 34,
	WHERE_COLUMNS = 32,
	LINE_COLUMNS = 6,	/* of these: a colon and the number of the line */
	MODULE_COLUMNS = 24,
	MODULE_USUAL = 14,	/* "(libc.so.6)" */
	GAP = 2,
	ROOM_MIN = 24,		/* for name and place, on narrow terminals */
	LIBRARIES = 3,		/* named in the line of a run */
};

/* How wide the columns of a frame are: less on a terminal that is too narrow. */
struct layout {
	int name, where;
};

static int least(int a, int b)
{
	return a < b ? a : b;
}

static int most(int a, int b)
{
	return a > b ? a : b;
}

static struct layout layout_of(int lead, const struct report_style *style)
{
	int room = most(style->columns - lead - 2 * GAP - MODULE_USUAL, ROOM_MIN), name;

	if (!style->columns || room >= NAME_COLUMNS + WHERE_COLUMNS)
		return (struct layout){ NAME_COLUMNS, WHERE_COLUMNS };
	name = room * NAME_COLUMNS / (NAME_COLUMNS + WHERE_COLUMNS);
	return (struct layout){ name, room - name };
}

/* Writes text in a column, and returns its width; printf() counts bytes. */
static int write_column(FILE *f, const char *text, int columns)
{
	int width = text_columns(text);

	fprintf(f, "%s%*s", text, most(columns - width, 0), "");
	return most(columns, width);
}

/* A name is as long in a narrow column as it is in others; what follows makes room. */
static const char *name_of(const struct symbol_frame *s, int lead, const struct report_style *style,
			   char name[FRAME_NAME_BYTES])
{
	int columns = NAME_COLUMNS;

	if (style->all && s->function)
		return s->function;
	if (style->columns)
		columns = least(columns, most(style->columns - lead, ROOM_MIN));
	return frame_name_fit(s, columns, name, FRAME_NAME_BYTES);
}

/* "FILE:LINE" in so many columns, unless the name of the file alone takes more. */
static void format_where(const struct symbol_frame *s, int columns, bool all, char *where, size_t len)
{
	char file[256];

	*where = '\0';
	if (s->file && s->line)
		snprintf(where, len, "%s:%d", all ? s->file :
			 path_fit(s->file, most(columns - LINE_COLUMNS, 0), file, sizeof(file)), s->line);
	else if (s->function && !s->script)
		snprintf(where, len, "+%#" PRIx64, s->offset);
}

/* Where the line is too short for all of a frame, its place is in the next one. */
void report_frame(FILE *f, const struct symbol_frame *s, const char *lead, bool mine,
		  const struct report_style *style)
{
	int indent = strlen(lead), room = WHERE_COLUMNS, used;
	struct layout layout = layout_of(indent, style);
	char name[FRAME_NAME_BYTES], where[300], module[64];

	snprintf(module, sizeof(module), "(%.*s%s%s%s)", MODULE_COLUMNS, s->module ? path_base(s->module) : "unknown",
		 s->inlined ? ", inlined" : "", s->tail_call && !s->inlined ? ", tail call" : "",
		 s->inferred && !s->inlined ? ", inferred" : "");
	fprintf(f, "%s%s", lead, mine ? BOLD(style) : "");
	used = write_column(f, name_of(s, indent, style, name), layout.name);
	fprintf(f, "%s", mine ? PLAIN(style) : "");
	if (style->columns)
		room = style->columns - indent - used - 2 * GAP - (int)text_columns(module);
	format_where(s, least(room, layout.where), style->all, where, sizeof(where));
	if (style->columns && (int)text_columns(where) > room) {
		format_where(s, style->columns - indent - 2 * GAP - (int)text_columns(module), style->all, where,
			     sizeof(where));
		fprintf(f, "\n%*s", indent, "");
		layout.where = room = 0;
	}
	fprintf(f, "%*s", GAP, "");
	write_column(f, where, least(layout.where, room));
	fprintf(f, "%*s%s%s%s\n", GAP, "", DIM(style), module, PLAIN(style));
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
	if (stack_ended(stack) == LEAKTRACE_STACK_ROOT || language_is_root(&frames[n - 1]))
		return;
	snprintf(lead, sizeof(lead), "%*s", (int)strlen(first), "");
	fprintf(f, "%s%s… incomplete: %s%s\n", lead, DIM(style),
		stack_status_text(stack_ended(stack)), PLAIN(style));
	write_rest(f, m, id, lead, style);
}

void report_at(FILE *f, const struct symbol_frame *place)
{
	report_place(f, " at", place);
}

void report_place(FILE *f, const char *lead, const struct symbol_frame *place)
{
	char name[FRAME_NAME_BYTES];

	if (!place)
		return;
	fprintf(f, "%s %s", lead, frame_name_fit(place, TEXT_COLUMNS, name, sizeof(name)));
	if (place->file && place->line)
		fprintf(f, " (%s:%d)", path_base(place->file), place->line);
}
