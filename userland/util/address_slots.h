/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A hash table that finds rows of an array by an address that each of them has. The rows
 * stay where their owner has them, who says where: the first row's address, and the
 * distance in bytes to the next row's. That may be NULL only as long as there is no row.
 */
#ifndef LEAKTRACE_UTIL_ADDRESS_SLOTS_H
#define LEAKTRACE_UTIL_ADDRESS_SLOTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct address_slots {			/* Initialise to zeroes; free(slot) releases it. */
	uint32_t *slot;			/* number of the row + 1; 0: none */
	size_t n;			/* a power of two, or 0 */
};

/* The slot of the row with that address, or the one that it would have. n is not 0. */
static inline size_t address_slot(const struct address_slots *s, const uint64_t *first,
				  size_t stride_bytes, uint64_t at)
{
	uint64_t h = at / 8 * 0x9e3779b97f4a7c15ULL;
	size_t i = (h ^ h >> 32) & (s->n - 1);

	while (s->slot[i] &&
	       *(const uint64_t *)((const char *)first + (s->slot[i] - 1) * stride_bytes) != at)
		i = (i + 1) & (s->n - 1);
	return i;
}

/* Room for one row more than those there are; at least that many slots. false: no memory. */
bool address_slots_reserve(struct address_slots *s, const uint64_t *first, size_t stride_bytes,
			   size_t rows, size_t least);

#endif
