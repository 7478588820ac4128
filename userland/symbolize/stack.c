// SPDX-License-Identifier: GPL-2.0
#include <linux/leaktrace.h>

#include "symbolize/stack.h"
#include "util/macros.h"

static const char *const stack_statuses[__LEAKTRACE_STACK_MAX] = {
	[LEAKTRACE_STACK_ROOT] = "complete",
	[LEAKTRACE_STACK_DEPTH] = "deeper than the depth limit",
	[LEAKTRACE_STACK_FAULT] = "stack memory was not readable",
	[LEAKTRACE_STACK_NOPROGRESS] = "the frame chain is broken",
	[LEAKTRACE_STACK_NONE] = "outside the program's code (exit, the kernel, another process)",
	[LEAKTRACE_STACK_COMPAT] = "32-bit code is not unwound",
	[LEAKTRACE_STACK_LOST] = "the stack table was full",
	[LEAKTRACE_STACK_NOMAP] = "code outside all known mappings",
	[LEAKTRACE_STACK_NOTABLE] = "no unwind table for the code",
	[LEAKTRACE_STACK_NO_CFI] = "no unwind table entry for the code",
	[LEAKTRACE_STACK_UNSUP] = "unsupported unwind rule",
	[LEAKTRACE_STACK_STALE] = "the mapping changed",
	[LEAKTRACE_STACK_JIT] = "code generated at run time",
	[LEAKTRACE_STACK_UPROBE] = "uprobe trampoline",
};

unsigned int stack_ended(const struct stack *s)
{
	if (s->status != LEAKTRACE_STACK_ROOT)
		return s->status;
	switch (s->chain) {
	case LEAKTRACE_CHAIN_FAULT:
		return LEAKTRACE_STACK_FAULT;
	case LEAKTRACE_CHAIN_BUDGET:
		return LEAKTRACE_STACK_DEPTH;
	default:
		return LEAKTRACE_STACK_ROOT;
	}
}

const char *stack_status_text(unsigned int status)
{
	return status < ARRAY_SIZE(stack_statuses) ? stack_statuses[status] : "unknown";
}
