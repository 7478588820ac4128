/* SPDX-License-Identifier: GPL-2.0 */
/* What an instruction at the beginning of a function reads and changes. */
#ifndef LEAKTRACE_GATE_STEP_H
#define LEAKTRACE_GATE_STEP_H

#include "unwind/x86_64_code.h"

enum gate_step_what {
	STEP_OTHER,			/* not known, or more than the others */
	STEP_NOTHING,			/* endbr64, padding */
	STEP_PUSH,			/* reg */
	STEP_FRAME,			/* makes room on the stack: value */
	STEP_PURE,			/* changes registers and flags, and depends only on them */
};

enum gate_flags { FLAGS_UNTOUCHED, FLAGS_SET, FLAGS_READ };

struct gate_step {
	struct x86_insn insn;
	const uint8_t *code;
	uint64_t at;
	uint8_t what;			/* enum gate_step_what */
	uint8_t flags;			/* enum gate_flags: what is done first */
	uint16_t reads, writes;		/* of STEP_PURE: a bit for each register */
};

#define GATE_REG(n)	(1U << (n))

enum { REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI, REG_R8, REG_R9,
       REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15 };

/* The registers that a gate changes; those that a function must preserve. */
#define GATE_SCRATCH	(GATE_REG(REG_RAX) | GATE_REG(REG_R10) | GATE_REG(REG_R11))
#define GATE_SAVED	(GATE_REG(REG_RBX) | GATE_REG(REG_RBP) | GATE_REG(REG_R12) | \
			 GATE_REG(REG_R13) | GATE_REG(REG_R14) | GATE_REG(REG_R15))

/* The instruction at an address. false: its length is not known. */
bool gate_step_read(const uint8_t *code, size_t left, uint64_t at, struct gate_step *step);

#endif
