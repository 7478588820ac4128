/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Text broken between words, so that it fits into a number of columns. Escape sequences
 * take none. A word that is wider than a line is broken anywhere.
 */
#ifndef LEAKTRACE_UTIL_TEXT_WRAP_H
#define LEAKTRACE_UTIL_TEXT_WRAP_H

#include <stddef.h>
#include <stdio.h>

struct text_room {
	unsigned int columns;
	unsigned int at;		/* the column in which the text begins */
	unsigned int indent;		/* of its other lines */
};

/* One line, without its newline, which is added. */
void text_wrap_line(FILE *f, const char *line, size_t len, const struct text_room *room);

/* Each line of a text, the rest of a line a little deeper than its beginning. 0 columns: as it is. */
void text_wrap(FILE *f, const char *text, unsigned int columns);

#endif
