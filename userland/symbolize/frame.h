/* SPDX-License-Identifier: GPL-2.0 */
/* One frame of a stack, with names. */
#ifndef LEAKTRACE_SYMBOLIZE_FRAME_H
#define LEAKTRACE_SYMBOLIZE_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct symbol_frame {			/* strings are valid until the symbolizer is closed */
	const char *function;		/* demangled; NULL: no symbol covers the address */
	const char *file;		/* NULL: no line information */
	int line;			/* 0: no line information */
	const char *module;		/* path, [vdso], [jit], [anon]; NULL: no mapping */
	const char *build_id;		/* hex, NULL: none */
	uint64_t offset;		/* function: pc - its start; else the ELF vaddr in module,
					 * the pc itself without one */
	bool inlined;			/* into the next frame */
};

/* The name of a frame for use in a sentence, without arguments; returns buf. f may be NULL. */
const char *frame_name(const struct symbol_frame *f, char *buf, size_t len);

#endif
