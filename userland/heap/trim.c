// SPDX-License-Identifier: GPL-2.0
/* What malloc_trim(0) would return to the system, by its own rules: whole pages only. */
#include "heap/usage.h"
#include "util/units.h"

enum {
	LINKS_BYTES = 48,		/* of a free block, which must stay: struct malloc_chunk */
};

static uint64_t page_down(uint64_t at)
{
	return at & ~(uint64_t)(PAGE_BYTES - 1);
}

/** trim_free() - of a free block, between the page behind its links and its last whole one */
struct trim trim_free(uint64_t start, uint64_t end)
{
	uint64_t from = page_down(start + LINKS_BYTES + PAGE_BYTES - 1), to = page_down(end);

	return from < to ? (struct trim){ from, to } : (struct trim){ end, end };
}

/** trim_top() - of the main arena's top, all pages but the one with its header */
struct trim trim_top(uint64_t start, uint64_t end)
{
	uint64_t bytes = end - start;

	bytes = bytes > GLIBC_MIN_BYTES + 1 ? page_down(bytes - GLIBC_MIN_BYTES - 1) : 0;
	return (struct trim){ end - bytes, end };
}
