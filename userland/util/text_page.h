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

bool text_page_open(struct text_page *page);
void text_page_write(struct text_page *page, FILE *to, unsigned int columns);	/* and close; 0 columns: no terminal */

#endif
