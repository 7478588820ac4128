// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <stdlib.h>

#include "util/terminal.h"
#include "util/text_page.h"
#include "util/text_wrap.h"

bool text_page_open(struct text_page *page)
{
	*page = (struct text_page){ 0 };
	page->f = open_memstream(&page->text, &page->len);
	return page->f;
}

/* Whether the whole text could be kept. */
static bool end(struct text_page *page)
{
	bool whole = !ferror(page->f);

	return !fclose(page->f) && whole && page->text;
}

static bool wrap(struct text_page *page, unsigned int columns)
{
	struct text_page wrapped;
	bool whole = text_page_open(&wrapped);

	if (!whole)
		return false;
	text_wrap(wrapped.f, page->text, columns);
	whole = end(&wrapped);
	free(page->text);
	page->text = wrapped.text;
	return whole;
}

bool text_page_write(struct text_page *page, FILE *to, unsigned int columns)
{
	bool whole = end(page) && (!columns || wrap(page, columns));

	if (whole)
		text_put(to, page->text);
	free(page->text);
	*page = (struct text_page){ 0 };
	return whole;
}
