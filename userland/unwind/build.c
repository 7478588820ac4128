// SPDX-License-Identifier: GPL-2.0
/* Helpers shared by the steps of a compilation. */
#include <stdlib.h>
#include <string.h>

#include "elf/image.h"
#include "unwind/build.h"
#include "unwind/coverage.h"
#include "unwind/unwind.h"

/* Clips [start, end) to the executable segment in which it starts. */
bool unwind_build_clip(const struct unwind_build *b, uint64_t start, uint64_t end,
		       struct unwind_piece *piece)
{
	for (size_t i = 0; i < b->image->nsegments; i++) {
		const struct elf_segment *s = &b->image->segment[i];

		if (!s->exec || start < s->vaddr || start - s->vaddr >= s->file_bytes)
			continue;
		if (end > s->vaddr + s->file_bytes)
			end = s->vaddr + s->file_bytes;
		if (end <= start || end - b->base > b->size_bytes)
			return false;
		*piece = (struct unwind_piece){ .start = start - b->base, .end = end - b->base };
		return true;
	}
	return false;
}

/** unwind_blob_free() - release a table; the struct may be used again */
void unwind_blob_free(struct unwind_blob *b)
{
	free(b->data);
	memset(b, 0, sizeof(*b));
}
