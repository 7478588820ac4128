/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Languages whose programs carry names of their own. A language is one row in
 * language.c and one source file, which those of scripts share; if its runtime can be read (model/runtime.h),
 * there is also a folder below runtime/. The kernel module knows none of them.
 */
#ifndef LEAKTRACE_SYMBOLIZE_LANGUAGE_H
#define LEAKTRACE_SYMBOLIZE_LANGUAGE_H

#include <stdbool.h>
#include <stdint.h>

struct elf_image;
struct string_table;
struct symbol_frame;

struct language {
	const char *name;
	const char *key;		/* in JSON */
	const char *library;		/* what its standard library is called */
	/* Opens the language's data in image; NULL if there is none. image outlives it. */
	void *(*open)(struct elf_image *image);
	/*
	 * Names the address of an instruction, innermost frame first. vaddr is
	 * inside the instruction, step_bytes before the requested address.
	 * Strings are interned in names. 0: this is not code of the language.
	 */
	int (*resolve)(void *code, struct string_table *names, uint64_t vaddr, uint64_t step_bytes,
		       struct symbol_frame *frames, int max);
	/* Whether a stack begins with this function: frames after it belong to another stack. */
	bool (*is_root)(const char *function);
	/* Whether this function belongs to the garbage collector or its finalizers. */
	bool (*is_collector)(const char *function);
	/*
	 * Whether this frame belongs to the language's standard library, which
	 * is never to blame.
	 */
	bool (*is_library)(const struct symbol_frame *frame);
	/* Whether this frame was named by the language's own table. */
	bool (*is_own)(const struct symbol_frame *frame);
	void (*close)(void *code);
	/* Whether this function starts a thread on behalf of code that is not on its stack. */
	bool (*starts_threads)(const char *function);
};

extern const struct language language_go, language_python, language_php, language_perl, language_ruby;

/* The language of an image, and its data; NULL if it has none that is known. */
const struct language *language_open(struct elf_image *image, void **code);

/* Whether a garbage collector is on this stack. */
bool language_in_collector(const struct symbol_frame *frames, int n);

/* The language of a frame; NULL: native. */
const struct language *language_of_frame(const struct symbol_frame *frame);

/* What a frame's standard library is called, if it is of one; NULL: it is of none. */
const char *language_library(const struct symbol_frame *frame);
/* Whether a stack that ends with this frame is complete. */
bool language_is_root(const struct symbol_frame *frame);

/* Whether a thread is started here on behalf of code that is not on this stack. */
bool language_starts_thread(const struct symbol_frame *frames, int n);

/* How many of these frames, innermost first, belong to the stack. */
int language_stack_end(const struct symbol_frame *frames, int n);

#endif
