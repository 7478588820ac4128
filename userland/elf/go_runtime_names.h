/* SPDX-License-Identifier: GPL-2.0 */
/* Functions of Go's runtime at which stacks end, by name. */
#ifndef LEAKTRACE_ELF_GO_RUNTIME_NAMES_H
#define LEAKTRACE_ELF_GO_RUNTIME_NAMES_H

#include <stdbool.h>

bool go_is_root(const char *function);		/* what stands further out is another stack, or none */
bool go_is_switch(const char *function);	/* what it calls runs on another stack, and comes back */
bool go_leaves_stack(const char *function);	/* it is itself on another stack, from some instruction on */

#endif
