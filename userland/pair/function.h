/* SPDX-License-Identifier: GPL-2.0 */
/* Where a function begins and where its calls end, in one file. */
#ifndef LEAKTRACE_PAIR_FUNCTION_H
#define LEAKTRACE_PAIR_FUNCTION_H

#include <stddef.h>
#include <stdint.h>

#include "elf/image.h"

enum { PAIR_MAX_EXITS = 128 };

struct pair_function {
	uint64_t vaddr;
	uint64_t exit[PAIR_MAX_EXITS];	/* return instructions, also of what it passes its calls on to */
	size_t nexits;
};

/* Where it begins; 0: the file has no function of that name. */
uint64_t pair_function_start(struct elf_image *image, const char *name);

/* Its exits. NULL, or why they are not known. */
const char *pair_function_read(struct pair_function *function, struct elf_image *image,
			       const char *name);

#endif
