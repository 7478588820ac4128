/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The rest of a stack. The kernel's walk ended early, at code without a table
 * or at a rule that it does not support, and it sent the stack memory above.
 * The result is the stack of one object: others that share the inner frames may
 * have been created by other callers.
 */
#ifndef LEAKTRACE_SYMBOLIZE_DWARF_UNWIND_H
#define LEAKTRACE_SYMBOLIZE_DWARF_UNWIND_H

#include <sys/types.h>

struct stack;
struct stack_copy;

/*
 * Continues the walk with full DWARF support, using the files that pid has
 * mapped now. Fills rest: its id, and the frames above those of the stack; the
 * status is ROOT if a root was reached. The caller frees rest->pcs. 0, -ESRCH,
 * -ENOMEM, or -ENODATA: there is no call frame information either.
 */
int dwarf_unwind(pid_t pid, const struct stack_copy *copy, struct stack *rest);

#endif
