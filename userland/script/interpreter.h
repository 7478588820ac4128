/* SPDX-License-Identifier: GPL-2.0 */
/* An interpreter that we know: a row in script.c, and files that begin with its name. */
#ifndef LEAKTRACE_SCRIPT_INTERPRETER_H
#define LEAKTRACE_SCRIPT_INTERPRETER_H

#include <stdbool.h>
#include <stdint.h>

#include <linux/leaktrace_chain.h>

struct elf_image;
struct script;
struct script_name;

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

extern const struct interpreter interpreter_cpython, interpreter_php;

#endif
