// SPDX-License-Identifier: GPL-2.0
/*
 * Address ranges that may nest. Each range knows its parent, so the innermost
 * range of an address is found by binary search and a few steps outwards.
 */
#include <stdlib.h>

#include "elf/lines.h"
#include "util/array.h"

enum { MAX_RANGES = 16 << 20 };		/* 24 bytes each */

/** elf_ranges_add() - add [start, end); of equal ranges the last added is the innermost */
void elf_ranges_add(struct elf_ranges *ranges, uint64_t start, uint64_t end, uint32_t owner)
{
	if (start >= end || ranges->n >= MAX_RANGES)
		return;
	if (!array_reserve(ranges->range, ranges->capacity, ranges->n, 1))
		return;
	ranges->range[ranges->n] = (struct elf_range) { start, end, ranges->n, owner };
	ranges->n++;
}

static int by_place(const void *va, const void *vb)
{
	const struct elf_range *a = va, *b = vb;

	if (a->start != b->start)
		return a->start < b->start ? -1 : 1;
	if (a->end != b->end)
		return a->end > b->end ? -1 : 1;
	return a->outer < b->outer ? -1 : a->outer > b->outer;	/* until sorted: insertion order */
}

/** elf_ranges_sort() - after the last addition, before the first lookup */
void elf_ranges_sort(struct elf_ranges *ranges)
{
	if (!ranges->n)
		return;
	qsort(ranges->range, ranges->n, sizeof(*ranges->range), by_place);
	for (uint32_t i = 0; i < ranges->n; i++) {
		uint32_t outer = i ? i - 1 : (uint32_t)ELF_NO_RANGE;

		while (outer != (uint32_t)ELF_NO_RANGE &&
		       ranges->range[outer].end <= ranges->range[i].start)
			outer = ranges->range[outer].outer;
		ranges->range[i].outer = outer;
	}
}

/**
 * elf_ranges_find() - the innermost range that covers an address
 *
 * Return: the range, or NULL.
 */
const struct elf_range *elf_ranges_find(const struct elf_ranges *ranges, uint64_t address)
{
	uint32_t low = 0, high = ranges->n, at;

	while (low < high) {		/* the first that starts after the address */
		uint32_t mid = low + (high - low) / 2;

		if (ranges->range[mid].start <= address)
			low = mid + 1;
		else
			high = mid;
	}
	at = low ? low - 1 : (uint32_t)ELF_NO_RANGE;
	while (at != (uint32_t)ELF_NO_RANGE && ranges->range[at].end <= address)
		at = ranges->range[at].outer;
	return at == (uint32_t)ELF_NO_RANGE ? NULL : &ranges->range[at];
}
