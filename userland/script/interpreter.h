/* SPDX-License-Identifier: GPL-2.0 */
/* An interpreter that we know: a row in script.c, and files that begin with its name. */
#ifndef LEAKTRACE_SCRIPT_INTERPRETER_H
#define LEAKTRACE_SCRIPT_INTERPRETER_H

#include <stdbool.h>
#include <stdint.h>

#include <linux/leaktrace_chain.h>

#include "script/script.h"
#include "util/process_memory.h"

struct elf_image;

struct interpreter {
	const char *name;		/* for people */
	const char *key;		/* of its language */
	const char *files[2];		/* how the names of files that it may be in begin */
	const char *eval;		/* see script_is_eval() */
	/* Sets root, version and layout of a script whose pid is set, if the image is the interpreter's. */
	void (*look_into)(struct script *script, struct elf_image *image, uint64_t bias, const char *path);
	/* See script_describe() and script_name(); the layout is known. */
	bool (*describe)(const struct script *script, struct leaktrace_chain *chain, bool *is_certain);
	bool (*name_frame)(const struct script *script, const uint64_t word[LEAKTRACE_CHAIN_FRAME_WORDS],
			   struct script_name *name);
};

/* Reads an address out of the process; false: it is gone, or 0. */
static inline bool script_address(const struct script *script, uint64_t at, uint64_t *value)
{
	return !memory_read(script->pid, at, value, sizeof(*value)) && *value;
}

/* The parts of a frame's words (linux/leaktrace_chain.h); where is the lower half of the second. */
static inline uint64_t script_what(const uint64_t word[LEAKTRACE_CHAIN_FRAME_WORDS])
{
	return word[0] & ~(LEAKTRACE_CHAIN_WORD | LEAKTRACE_CHAIN_END_RUN);
}

static inline uint32_t script_check(const uint64_t word[LEAKTRACE_CHAIN_FRAME_WORDS])
{
	return word[1] >> 32 & 0x7fffffff;
}

/*
 * Copies a name, which may be in any encoding; text and terminals are no places for control
 * characters. False: out of memory.
 */
bool script_clean(const char *text, char *to, size_t bytes);

extern const struct interpreter interpreter_cpython, interpreter_php, interpreter_perl, interpreter_ruby;

#endif
