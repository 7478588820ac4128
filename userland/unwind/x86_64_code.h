/* SPDX-License-Identifier: GPL-2.0 */
/* What one x86-64 instruction does to the stack, and where it leads. */
#ifndef LEAKTRACE_UNWIND_X86_64_CODE_H
#define LEAKTRACE_UNWIND_X86_64_CODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum x86_effect {
	X86_NONE,			/* nothing that concerns the stack */
	X86_PUSH,			/* reg, or X86_NO_REG */
	X86_POP,
	X86_ADD_SP,			/* rsp += value */
	X86_SP_FROM_BP,			/* rsp = rbp + value */
	X86_BP_FROM_SP,			/* rbp = rsp + value */
	X86_LEAVE,
	X86_STORE,			/* reg is stored at rsp + value */
	X86_SP_LOST,			/* rsp has a value that is not known */
	X86_BP_LOST,
	X86_CALL,			/* target, or 0 */
	X86_JUMP,			/* target, or 0: computed */
	X86_BRANCH,			/* to target, or on */
	X86_RETURN,
	X86_TRAP,			/* execution does not go on */
	X86_PADDING,			/* does nothing */
	X86_POINTER,			/* an address in the code is taken: target */
};

enum { X86_NO_REG = 255, X86_BP = 5, X86_SP = 4 };

struct x86_insn {
	uint8_t bytes;
	uint8_t effect;			/* enum x86_effect */
	uint8_t reg;			/* as instructions number them: rbx is 3, rbp is 5 */
	uint8_t rip_at;			/* where in it a 32-bit distance to memory is; 0: nowhere */
	bool sp_memory;			/* it names memory relative to rsp */
	int32_t value;
	uint64_t target;
};

bool x86_decode(const uint8_t *code, size_t left, uint64_t at, struct x86_insn *insn);

#endif
