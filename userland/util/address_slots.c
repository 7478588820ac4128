// SPDX-License-Identifier: GPL-2.0
#include <stdlib.h>

#include "util/address_slots.h"

bool address_slots_reserve(struct address_slots *s, const uint64_t *first, size_t stride_bytes,
			   size_t rows, size_t least)
{
	struct address_slots bigger = { .n = s->n ? 2 * s->n : least };

	if (s->n > 2 * rows)
		return true;
	bigger.slot = calloc(bigger.n, sizeof(*bigger.slot));
	if (!bigger.slot)
		return false;
	free(s->slot);
	*s = bigger;
	for (size_t i = 0; i < rows; i++) {
		uint64_t at = *(const uint64_t *)((const char *)first + i * stride_bytes);

		s->slot[address_slot(s, first, stride_bytes, at)] = i + 1;
	}
	return true;
}
