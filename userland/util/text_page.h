/* SPDX-License-Identifier: GPL-2.0 */
/* Text that is collected, and then written so that a terminal and the locale can show it. */
#ifndef LEAKTRACE_UTIL_TEXT_PAGE_H
#define LEAKTRACE_UTIL_TEXT_PAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct text_page {
	FILE *f;		/* to write to */
	char *text;
	size_t len;
};

bool text_page_open(struct text_page *page);	/* false: no memory */
/*
 * Writes and closes it; 0 columns: no terminal. false: there was not the memory for all of the
 * text, and nothing is written.
 */
bool text_page_write(struct text_page *page, FILE *to, unsigned int columns);

#endif
