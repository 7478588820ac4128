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

void text_page_write(struct text_page *page, FILE *to, unsigned int columns)
{
	struct text_page wrapped;

	fclose(page->f);
	if (page->text && columns && text_page_open(&wrapped)) {
		text_wrap(wrapped.f, page->text, columns);
		fclose(wrapped.f);
		free(page->text);
		page->text = wrapped.text;
	}
	if (page->text)
		text_put(to, page->text);
	free(page->text);
	*page = (struct text_page){ 0 };
}
