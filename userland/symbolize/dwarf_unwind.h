/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The rest of a stack. The kernel's walk ended early, at code without a table
 * or at a rule that it does not support, and it sent the stack memory above.
 * The result is the stack of one object: others that share the inner frames may
 * have been created by other callers.
 */
#ifndef LEAKTRACE_DWARF_UNWIND_H
#define LEAKTRACE_DWARF_UNWIND_H

#include <sys/types.h>

#include "leaktrace.h"

struct stack_copy {			/* points into the message */
	uint32_t id, target, kept;	/* kept: number of the kernel's frames that are correct */
	uint8_t status;
	bool bp_known;
	uint64_t ip, sp, bp;		/* of the last of these frames */
	const uint8_t *memory;		/* from sp upwards */
	size_t memory_bytes;
};

int decode_stack_copy(struct nlattr *attrs, int len, struct stack_copy *c);

/* netlink/client.c: called for each copy among the events */
void client_on_copy(struct client *c, void (*copy)(const struct stack_copy *s, void *arg));

/*
 * Continues the walk with full DWARF support, using the files that pid has
 * mapped now. Fills rest: its id, and the frames above those of the stack; the
 * status is ROOT if a root was reached. 0, -ESRCH, -ENOMEM, or -ENODATA: there
 * is no call frame information either.
 */
int dwarf_unwind(pid_t pid, const struct stack_copy *copy, struct stack *rest);

/* model/model.c: the results; frames are named like those of a stack */
int model_add_rest(struct model *m, struct stack *rest);	/* takes ownership of its pcs */
struct stack *model_rest(struct model *m, uint32_t stack);	/* NULL: none */
int model_rest_frames(struct model *m, uint32_t stack, const struct symbol_frame **frames);
/* Without tables all of the kernel's frames are guesses, and the rest is the whole stack. */
bool model_rest_is_whole(struct model *m, uint32_t stack);

#endif
