/* SPDX-License-Identifier: GPL-2.0 */
/* A call stack as the kernel has walked it. */
#ifndef LEAKTRACE_SYMBOLIZE_STACK_H
#define LEAKTRACE_SYMBOLIZE_STACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/leaktrace_chain.h>

struct symbol_frame;

/* From a message of LEAKTRACE_CMD_STACK_GET; the owner frees pcs and frames. */
struct stack {
	uint32_t id;
	uint8_t status;			/* LEAKTRACE_STACK_…: why it ends where it ends */
	uint8_t guessed;		/* frames found by frame pointer only */
	uint8_t chain;			/* LEAKTRACE_CHAIN_…: how the walk through a script's frames ended */
	uint16_t npcs, nwords;
	uint64_t *pcs;			/* addresses of code, innermost first */
	uint64_t *words;		/* behind them: two a frame of a script, innermost first */
	int nframes;			/* 0: not yet named */
	struct symbol_frame *frames;
};

/*
 * The memory above the last frame of a walk that ended early, from a message of
 * LEAKTRACE_CMD_STACK_REST. It points into the message, and is valid as long as that.
 */
struct stack_copy {
	uint32_t id, target;
	uint32_t kept;			/* number of the kernel's frames that are correct */
	uint8_t status;			/* LEAKTRACE_STACK_… */
	bool bp_known;
	uint64_t ip, sp, bp;		/* of the last of these frames */
	const uint8_t *memory;		/* from sp upwards */
	size_t memory_bytes;
};

const char *stack_status_text(unsigned int status);	/* of LEAKTRACE_STACK_… */

/* LEAKTRACE_STACK_…: why it is not complete, of machine code or of a script; ROOT: it is. */
unsigned int stack_ended(const struct stack *s);

#endif
