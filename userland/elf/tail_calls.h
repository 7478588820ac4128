/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Functions that left the stack by a tail call. Debug information says where they make one,
 * the instructions there and at the call before it which function comes next: what an
 * instruction does not name is not known.
 */
#ifndef LEAKTRACE_ELF_TAIL_CALLS_H
#define LEAKTRACE_ELF_TAIL_CALLS_H

#include <stdbool.h>
#include <stdint.h>

#include "elf/image.h"
#include "elf/lines.h"

/* The function that the call instruction before a return address names. */
bool elf_direct_call(const struct elf_image *image, uint64_t return_vaddr, uint64_t *function);

/* The word of memory that has the called function's address, if the call names one. */
bool elf_call_by_word(const struct elf_image *image, uint64_t return_vaddr, uint64_t *word);

/* Whether an address is where a signal's handler returns to. */
bool elf_is_sigreturn(const struct elf_image *image, uint64_t vaddr);

struct elf_tail_calls {
	unsigned int n;			/* 0: the function makes none, or is not described */
	uint64_t after;			/* the address behind it, if there is just one; otherwise 0 */
	uint64_t function;		/* what all of them go to; 0: to several, or it is not known */
};

/* Of the function that begins at an address. */
struct elf_tail_calls elf_tail_calls_of(struct elf_lines *lines, uint64_t function);

/* Whether the function that begins at @function also has the code at @vaddr. */
bool elf_function_has(struct elf_lines *lines, uint64_t function, uint64_t vaddr);

#endif
