/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Rows of one size in the order of their ids, found by binary search. New ids
 * mostly come last, as the kernel gives them out, and are cheap there.
 */
#ifndef LEAKTRACE_ROWS_H
#define LEAKTRACE_ROWS_H

#include <stddef.h>
#include <stdint.h>

struct rows {				/* zeroes with a size: none yet; free row */
	void *row;			/* each begins with its id, a uint32_t */
	size_t size_bytes, n, room;
};

/* Valid until the next rows_take(). NULL: there is none. */
void *rows_find(const struct rows *r, uint32_t id);

/* The same, or a new one, all zeroes but its id. NULL: no memory. */
void *rows_take(struct rows *r, uint32_t id);

#endif
