/* SPDX-License-Identifier: GPL-2.0 */
/* What a terminal can do, how wide it is, and keys that are pressed in it. */
#ifndef LEAKTRACE_UTIL_TERMINAL_H
#define LEAKTRACE_UTIL_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct terminal_size {
	unsigned int columns, rows;	/* 0: not a terminal, or unknown */
};

struct terminal_size terminal_size(int fd);

/* Whether fd is a terminal that understands escape sequences (not TERM=dumb). */
bool terminal_is_capable(int fd);

/* The columns that the character at text takes, and its length; a byte that is none takes one. */
unsigned int text_character(const char *text, size_t *len);

/* The columns that text takes: the sum of its characters' widths. */
unsigned int text_columns(const char *text);

/* How many bytes of text, without control characters, fit into so many columns. */
size_t text_fit(const char *text, unsigned int columns);

/* Writes UTF-8 text as the locale can show it: without UTF-8, "…" is "...". */
void text_put(FILE *f, const char *text);

/*
 * Keys without Enter and without echo, from standard input, if that is the
 * terminal in whose foreground we run. terminal_keys_end() may be called in any case.
 */
void terminal_keys_begin(void);
void terminal_keys_end(void);
int terminal_keys_fd(void);		/* for poll(); -1: no keys now */
int terminal_key(void);			/* 0: none */

#endif
