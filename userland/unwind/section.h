/* SPDX-License-Identifier: GPL-2.0 */
/* The bytes of .eh_frame and .debug_frame, wherever they are. */
#ifndef LEAKTRACE_UNWIND_SECTION_H
#define LEAKTRACE_UNWIND_SECTION_H

#include "unwind/eh_frame.h"

struct unwind_bytes {
	const uint8_t *data;
	size_t bytes;
	uint64_t vaddr;
	bool eh;
	bool ends_at_zero;		/* its size is an upper bound: the terminator decides */
};

bool unwind_section_find(struct elf_image *image, enum unwind_section section,
			 struct unwind_bytes *out);
bool unwind_section_segment(struct elf_image *image, uint64_t vaddr, struct cursor *c);

#endif
