/* SPDX-License-Identifier: GPL-2.0 */
/* What must hold for every input of the unwind compiler, however damaged. */
#ifndef UNWIND_DAMAGE_H
#define UNWIND_DAMAGE_H

#include <errno.h>
#include <stdlib.h>

#include "unwind/lookup.h"
#include "unwind/unwind.h"

/* Compiled: valid for the kernel, and every address has an answer. Returns the result. */
static inline int compile_damaged(const void *image, size_t bytes)
{
	const struct leaktrace_unwind_header *h;
	struct unwind_blob b;
	int error = unwind_compile_image(image, bytes, &b);

	if (error) {
		if (error == -EINVAL || b.data)
			abort();
		return error;
	}
	h = b.data;
	if (!unwind_blob_valid(b.data, b.bytes) || unwind_blob_valid(b.data, b.bytes - 1))
		abort();
	for (uint64_t at = 0; at < h->size_bytes; at += 1 + h->size_bytes / 512)
		if (!unwind_lookup(&b, h->base + at))
			abort();
	if (unwind_lookup(&b, h->base + h->size_bytes))
		abort();
	unwind_blob_free(&b);
	return 0;
}

#endif
