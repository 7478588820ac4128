/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The rest of a stack: the kernel's walk ended early, at code without a table or at a
 * rule that it does not evaluate, and sent the memory above. It is that of one object:
 * another may have come by the same frames so far, and by others before.
 */
#ifndef LEAKTRACE_REST_H
#define LEAKTRACE_REST_H

#include <sys/types.h>

#include "leaktrace.h"

struct stack_copy {			/* points into the message */
	uint32_t id, target, kept;	/* kept: frames of the stack that stand */
	uint8_t status;
	bool bp_known;
	uint64_t ip, sp, bp;		/* of the last of these frames */
	const uint8_t *memory;		/* from sp on */
	size_t memory_bytes;
};

int decode_stack_copy(struct nlattr *attrs, int len, struct stack_copy *c);

/* client.c: who is called for copies, among the events */
void client_on_copy(struct client *c, void (*copy)(const struct stack_copy *s, void *arg));

/*
 * rest.c: goes on with all of DWARF, by the files that pid has mapped now. Fills rest:
 * its id and the frames above those that the stack has; ROOT if a root was reached.
 * 0, -ESRCH, -ENOMEM, or -ENODATA: there is no call frame information either.
 */
int rest_walk(pid_t pid, const struct stack_copy *copy, struct stack *rest);

/*
 * model.c: what was found, with names as a stack's
 */
int model_add_rest(struct model *m, struct stack *rest);	/* takes its pcs */
struct stack *model_rest(struct model *m, uint32_t stack);	/* NULL: none */
int model_rest_frames(struct model *m, uint32_t stack, const struct symbol_frame **frames);
/* Without tables all of the kernel's frames are guessed, and the rest is all of the stack. */
bool model_rest_is_whole(struct model *m, uint32_t stack);

#endif
