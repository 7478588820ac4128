/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Rows of one size, sorted by id and found by binary search. The kernel hands
 * out ids in ascending order, so new rows usually go at the end, where
 * insertion is cheap.
 */
#ifndef LEAKTRACE_ROWS_H
#define LEAKTRACE_ROWS_H

#include <stddef.h>
#include <stdint.h>

struct rows {				/* Initialise to zeroes and set size_bytes; free(row) releases it. */
	void *row;			/* each begins with its id, a uint32_t */
	size_t size_bytes, n, room;
};

/* NULL if there is none. The row moves when another is added. */
void *rows_find(const struct rows *r, uint32_t id);

/* As rows_find(), but adds a zeroed row with this id if there is none. NULL: out of memory. */
void *rows_take(struct rows *r, uint32_t id);

#endif
