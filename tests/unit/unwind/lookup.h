/* SPDX-License-Identifier: GPL-2.0 */
/* Reads a table of the unwind compiler as the kernel does. */
#ifndef UNWIND_LOOKUP_H
#define UNWIND_LOOKUP_H

#include "unwind/unwind.h"

/* The rule in force at an ELF virtual address; NULL: it is not in this table. */
static inline const struct leaktrace_unwind_rule *unwind_lookup(const struct unwind_blob *b,
								 uint64_t vaddr)
{
	const struct leaktrace_unwind_header *h = b->data;
	const uint32_t *granule = (const uint32_t *)(h + 1), *row = granule + h->ngranules + 1;
	uint64_t at = vaddr - h->base;
	uint32_t g = at >> LEAKTRACE_UNWIND_GRANULE_SHIFT, lo, hi;

	if (at >= h->size_bytes)
		return NULL;
	lo = granule[g];
	hi = granule[g + 1];
	while (lo < hi) {
		uint32_t mid = (lo + hi) / 2;

		if ((row[mid] & 0xffff) <= (at & 0xffff))
			lo = mid + 1;
		else
			hi = mid;
	}
	return (const struct leaktrace_unwind_rule *)(row + h->nrows) + (row[lo - 1] >> 16);
}

#endif
