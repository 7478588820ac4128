// SPDX-License-Identifier: GPL-2.0
/*
 * A gap between mappings, as near as possible below the code; failing that, above it. The
 * gate lies towards the upper end of a gap: the heap grows into one from below. It keeps away
 * from its neighbours, so that the kernel does not merge it with them; and far, because the
 * process goes on, and its next mapping is put where the last one ends. The gap below the
 * stack is the stack's.
 */
#include <string.h>

#include "gate/place.h"

enum { PAGE = 4096 };

static const uint64_t REACH_BYTES = 1 << 30;	/* jumps have twice that: the gate's copies, too */
static const uint64_t APART_BYTES = 64 << 10;
static const uint64_t AWAY_BYTES = 128 << 20;	/* if there is room */
static const uint64_t LOWEST = 1 << 16;		/* vm.mmap_min_addr */

struct gap { uint64_t start, end; };

static uint64_t fit(const struct gap *gap, uint64_t low, uint64_t high, uint64_t bytes)
{
	uint64_t first = high > REACH_BYTES ? high - REACH_BYTES : 0;
	uint64_t last = low + REACH_BYTES;
	uint64_t start = gap->start > LOWEST ? gap->start : LOWEST;
	uint64_t end = gap->end < last ? gap->end : last, at, apart = APART_BYTES;

	if (end < start || end - start < bytes + 2 * APART_BYTES)
		return 0;
	if (end - start > bytes + 2 * AWAY_BYTES)
		apart = AWAY_BYTES;
	at = (end - apart - bytes) & -(uint64_t)PAGE;
	return at >= start + APART_BYTES && at >= first ? at : 0;
}

static struct gap gap_before(const struct maps *maps, size_t i)
{
	return (struct gap){ i ? maps->map[i - 1].end : 0, maps->map[i].start };
}

uint64_t gate_place(const struct maps *maps, uint64_t low, uint64_t high, uint64_t bytes,
		    unsigned int nth)
{
	size_t code = 0;
	uint64_t at;

	while (code < maps->n && maps->map[code].end <= low)
		code++;
	for (size_t i = code + 1; i-- > 0;) {
		struct gap gap;

		if (i >= maps->n)
			continue;
		gap = gap_before(maps, i);
		at = fit(&gap, low, high, bytes);
		if (at && !nth--)
			return at;
	}
	for (size_t i = code + 1; i < maps->n; i++) {
		struct gap gap = gap_before(maps, i);

		if (!strcmp(maps->map[i].path, "[stack]"))
			continue;
		at = fit(&gap, low, high, bytes);
		if (at && !nth--)
			return at;
	}
	return 0;
}
