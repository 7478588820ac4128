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
	bool tail_call;			/* not on the stack: it, or what it is inlined into, ended by a jump */
	bool inferred;			/* found by rules inferred from the code of the frame it returned from */
	bool leads_by_inference;	/* so is the next frame of a stack, if this one is on it */
	bool not_called;		/* a return address that is behind no call */
	const char *missing_debug;	/* a file that would tell more of this code, and is not there; NULL: none */
	bool rust_library;		/* Rust's standard library, known by its place */
	bool machinery;			/* known to be an interpreter's own, not the program's */
	const char *script;		/* key of its language, if it is a script's frame; NULL: machine code */
};

enum { FRAME_NAME_BYTES = 256 };

/*
 * The name of a frame for people: the function without arguments, shortened so that
 * it fits into @columns and @len; "module+0x12f" without a symbol. Returns buf. f may be NULL.
 */
const char *frame_name_fit(const struct symbol_frame *f, unsigned int columns, char *buf, size_t len);

/* The same for use in a sentence: as much as fits into buf. */
const char *frame_name(const struct symbol_frame *f, char *buf, size_t len);

/* Whether the frame is one of the stack's addresses: not part of the next one. */
static inline bool frame_is_on_stack(const struct symbol_frame *f)
{
	return !f->inlined && !f->tail_call && !f->script;
}

/* "native", or the name of the language whose table names the frame. */
const char *frame_language(const struct symbol_frame *f);

#endif
