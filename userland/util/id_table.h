/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Rows of one size, sorted by id and found by binary search. The kernel hands
 * out ids in ascending order, so new rows usually go at the end, where
 * insertion is cheap.
 */
#ifndef LEAKTRACE_ID_TABLE_H
#define LEAKTRACE_ID_TABLE_H

#include <stddef.h>
#include <stdint.h>

struct id_table {				/* Initialise to zeroes and set size_bytes; free(row) releases it. */
	void *row;			/* each begins with its id, a uint32_t */
	size_t size_bytes, n, capacity;
};

/* NULL if there is none. The row moves when another is added. */
void *id_table_find(const struct id_table *r, uint32_t id);

/* As id_table_find(), but adds a zeroed row with this id if there is none. NULL: out of memory. */
void *id_table_get(struct id_table *r, uint32_t id);

#endif
