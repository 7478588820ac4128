// SPDX-License-Identifier: GPL-2.0
/* Rows by id: see id_table.h. */
#include <stdlib.h>
#include <string.h>

#include "util/array.h"
#include "util/id_table.h"

static void *at(const struct id_table *r, size_t i)
{
	return (char *)r->row + i * r->size_bytes;
}

static uint32_t id_of(const struct id_table *r, size_t i)
{
	uint32_t id;

	memcpy(&id, at(r, i), sizeof(id));
	return id;
}

/* The index of id, or where it would be inserted. */
static size_t lower_bound(const struct id_table *r, uint32_t id)
{
	size_t low = 0, high = r->n;

	if (high && id_of(r, high - 1) < id)
		return high;
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (id_of(r, middle) < id)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

void *id_table_find(const struct id_table *r, uint32_t id)
{
	size_t i = lower_bound(r, id);

	return i < r->n && id_of(r, i) == id ? at(r, i) : NULL;
}

void *id_table_get(struct id_table *r, uint32_t id)
{
	size_t i = lower_bound(r, id);

	if (i < r->n && id_of(r, i) == id)
		return at(r, i);
	if (r->n == r->capacity) {
		void *row = array_grown(r->row, &r->capacity, r->n + 1, SIZE_MAX, r->size_bytes);

		if (!row)
			return NULL;
		r->row = row;
	}
	memmove(at(r, i + 1), at(r, i), (r->n - i) * r->size_bytes);
	memset(at(r, i), 0, r->size_bytes);
	memcpy(at(r, i), &id, sizeof(id));
	r->n++;
	return at(r, i);
}
