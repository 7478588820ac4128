/* SPDX-License-Identifier: GPL-2.0 */
/* Frames of functions that are not on the stack, as they ended by a tail call. */
#ifndef LEAKTRACE_SYMBOLIZE_TAIL_CALL_H
#define LEAKTRACE_SYMBOLIZE_TAIL_CALL_H

#include <stdbool.h>
#include <stdint.h>

#include "symbolize/module.h"

/* Which function the call before a return address names, or by which name another module's. */
bool elf_module_called(struct elf_module *module, int root_fd, uint64_t return_vaddr, uint64_t *function,
		       const char **import);

/*
 * Those between the frame that is at @inner and the one that it returns to, which has called
 * @function; of another module @inner is 0. Returns how many, innermost first.
 */
int elf_module_tail_calls(struct elf_module *module, struct string_table *names, int root_fd, uint64_t function,
			  uint64_t inner, struct symbol_frame *frames, int max);

#endif
