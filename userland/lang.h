/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Languages whose programs carry their own names: one row in lang.c and a room
 * are all that a further one needs. The kernel module knows none of them.
 */
#ifndef LEAKTRACE_LANG_H
#define LEAKTRACE_LANG_H

#include <stdbool.h>
#include <stdint.h>

#include "elf_image.h"
#include "symbol.h"
#include "symbol_names.h"

struct lang {
	const char *name;
	/* What image has of this language, or NULL: nothing. image outlives it. */
	void *(*open)(struct elf_image *image);
	/*
	 * Name the address of an instruction, innermost first; vaddr is inside it,
	 * step_bytes before what was asked for. The strings are kept by names. 0:
	 * this is not code of the language.
	 */
	int (*resolve)(void *code, struct names *names, uint64_t vaddr, uint64_t step_bytes,
		       struct symbol_frame *frames, int max);
	/* Whether what stands further out is somebody else's stack, or none. */
	bool (*is_root)(const char *function);
	/* Whether this function releases what the program only forgot. */
	bool (*is_collector)(const char *function);
	/* Whether this is the language's own library, which is nobody's mistake. */
	bool (*is_library)(const struct symbol_frame *frame);
	void (*close)(void *code);
};

extern const struct lang lang_go;

/* The language of an image, and what it has of it; NULL: none that is known. */
const struct lang *lang_open(struct elf_image *image, void **code);

/* Whether what happened here was done by a garbage collector. */
bool lang_by_collector(const struct symbol_frame *frames, int n);

bool lang_is_library(const struct symbol_frame *frame);
/* Whether a stack that ends with this frame has all its frames. */
bool lang_is_root(const struct symbol_frame *frame);

/* How many of these frames, innermost first, belong to one stack. */
int lang_stack_end(const struct symbol_frame *frames, int n);

#endif
