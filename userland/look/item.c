// SPDX-License-Identifier: GPL-2.0
#include <ctype.h>
#include <stdlib.h>

#include "look/item.h"
#include "util/array.h"
#include "util/sanitize.h"

struct look_item *look_item_add(struct look_items *items)
{
	if (!array_reserve(items->item, items->room, items->n, 1))
		return NULL;
	items->item[items->n] = (struct look_item){ 0 };
	return &items->item[items->n++];
}

static int by_id(const void *a, const void *b)
{
	const struct look_item *x = a, *y = b;

	return (x->id > y->id) - (x->id < y->id);
}

void look_items_sort(struct look_items *items)
{
	if (items->n)
		qsort(items->item, items->n, sizeof(*items->item), by_id);
}

void look_name_set(struct look_name *name, uint8_t type, const char *text)
{
	size_t len = 0;

	name->type = type;
	for (; *text && len < sizeof(name->text) - 1; text++) {
		if (!isdigit((unsigned char)*text))
			name->text[len++] = *text;
		else if (!len || name->text[len - 1] != '#')
			name->text[len++] = '#';
	}
	name->text[len] = '\0';
	sanitize(name->text);
}
