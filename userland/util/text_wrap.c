// SPDX-License-Identifier: GPL-2.0
#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "util/macros.h"
#include "util/terminal.h"
#include "util/text_wrap.h"

enum {
	COLUMNS_MIN = 20,	/* there is no use in breaking lines for less */
	HANGING = 2,
};

/* The length of the escape sequence that a text begins with: ESC [ … letter. */
static size_t escape_length(const char *text, const char *end)
{
	const char *at = text;

	if (at == end || *at++ != '\033')
		return 0;
	while (at < end && !(*at >= '@' && *at <= '~' && *at != '['))
		at++;
	return at < end ? at + 1 - text : at - text;
}

/* Whether a word at text is the unit of the number before it, or the number of a site. */
static bool belongs_to_word_before(const char *before, size_t len, const char *text, const char *end)
{
	static const char *const units[] = { "%", "B", "KiB", "MiB", "GiB", "TiB", "us", "ms", "s", "min", "h", "days" };

	if (len >= 4 && !memcmp(before + len - 4, "site", 4))
		return true;
	for (size_t i = 0; len && isdigit((unsigned char)before[len - 1]) && i < ARRAY_SIZE(units); i++) {
		size_t unit = strlen(units[i]);

		if ((size_t)(end - text) >= unit && !memcmp(text, units[i], unit) &&
		    (text + unit == end || !isalnum((unsigned char)text[unit])))
			return true;
	}
	return false;
}

/* The end of what begins at text and is not broken, and the columns that it takes. */
static const char *word_end(const char *text, const char *end, unsigned int *columns)
{
	const char *word = text;

	*columns = 0;
	for (;;) {
		while (text < end && *text != ' ') {
			size_t escape = escape_length(text, end), len = 0;

			if (!escape)
				*columns += text_character(text, &len);
			text += escape ?: len;
		}
		if (end - text < 2 || !belongs_to_word_before(word, text - word, text + 1, end))
			return text;
		word = ++text;
		++*columns;
	}
}

static void break_line(FILE *f, const struct text_room *room, unsigned int *at)
{
	fprintf(f, "\n%*s", room->indent, "");
	*at = room->indent;
}

/* Writes a word; one that is wider than a line is broken anywhere. */
static void write_word(FILE *f, const char *word, const char *end, const struct text_room *room, unsigned int *at)
{
	while (word < end) {
		size_t escape = escape_length(word, end), len = 0;
		unsigned int width = escape ? 0 : text_character(word, &len);

		if (width && *at + width > room->columns && room->indent + width <= room->columns)
			break_line(f, room, at);
		fprintf(f, "%.*s", (int)(escape ?: len), word);
		*at += width;
		word += escape ?: len;
	}
}

void text_wrap_line(FILE *f, const char *line, size_t len, const struct text_room *room)
{
	const char *end = line + len;
	unsigned int at = room->at;
	bool first = true;

	while (line < end) {
		const char *word = line + strspn(line, " "), *next;
		unsigned int width, blanks = word - line;

		if (word >= end)
			break;
		next = word_end(word, end, &width);
		if (!first && width && at + blanks + width > room->columns) {
			break_line(f, room, &at);
			blanks = 0;
		}
		fprintf(f, "%*s", blanks, "");
		at += blanks;
		write_word(f, word, next, room, &at);
		first = false;
		line = next;
	}
	fputc('\n', f);
}

static unsigned int hanging_indent(const char *line, unsigned int columns)
{
	unsigned int indent = strspn(line, " ") + HANGING;

	return indent < columns / 2 ? indent : columns / 2;
}

void text_wrap(FILE *f, const char *text, unsigned int columns)
{
	const char *end;

	if (columns < COLUMNS_MIN) {
		fputs(text, f);
		return;
	}
	for (; *text; text = end + !!*end) {
		end = strchrnul(text, '\n');
		if (*end)
			text_wrap_line(f, text, end - text, &(struct text_room){
				.columns = columns, .indent = hanging_indent(text, columns) });
		else
			fputs(text, f);
	}
}
