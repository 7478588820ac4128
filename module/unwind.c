// SPDX-License-Identifier: GPL-2.0
/*
 * The user stack by frame pointers: every frame is a pair {caller's frame
 * pointer, return address}, on x86-64 and arm64 alike. Frames may lie anywhere
 * (split stacks, goroutines, coroutines), so the only test of progress is that
 * the frame pointer changes; the depth bounds the rest.
 *
 * Reads never fault: what is not in memory ends the walk, with a flag.
 */
#include <linux/compat.h>
#include <linux/ptrace.h>
#include <linux/uaccess.h>

#include "leaktrace.h"

struct frame {
	unsigned long fp;
	unsigned long ra;
};

static bool read_frame(unsigned long at, struct frame *f)
{
	unsigned long __user *p = (unsigned long __user *)at;

	if (!user_access_begin(p, 2 * sizeof(*p)))
		return false;
	unsafe_get_user(f->fp, p, fault);
	unsafe_get_user(f->ra, p + 1, fault);
	user_access_end();
	return true;
fault:
	user_access_end();
	return false;
}

static u8 walk(unsigned long fp, u64 *pc, unsigned int max, unsigned int *nr)
{
	struct frame f;

	for (;;) {
		if (!fp)
			return LEAKTRACE_STACK_ROOT;
		if (fp & (sizeof(fp) - 1))
			return LEAKTRACE_STACK_NOPROGRESS;
		if (*nr == max)
			return LEAKTRACE_STACK_DEPTH;
		if (!read_frame(fp, &f))
			return LEAKTRACE_STACK_FAULT;
		if (!f.ra)
			return LEAKTRACE_STACK_ROOT;
		if (f.fp == fp)
			return LEAKTRACE_STACK_NOPROGRESS;
		pc[(*nr)++] = f.ra;
		fp = f.fp;
	}
}

/**
 * lt_unwind_user() - walk current's user stack
 * @regs: its user registers
 * @pc: filled in: pc[0] exact, the others return addresses
 * @max: room in @pc, at least 1
 * @status: enum leaktrace_stack_status
 * @guessed: frames that only a frame pointer vouches for
 *
 * Context: preemption disabled; never faults, never sleeps.
 * Return: number of pcs.
 */
unsigned int lt_unwind_user(struct pt_regs *regs, u64 *pc, unsigned int max,
			    u8 *status, u8 *guessed)
{
	unsigned int nr = 0;

	pc[nr++] = instruction_pointer(regs);
	*guessed = 0;
	if (!user_64bit_mode(regs)) {
		*status = LEAKTRACE_STACK_COMPAT;
		return nr;
	}
	pagefault_disable();
	*status = walk(frame_pointer(regs), pc, max, &nr);
	pagefault_enable();
	*guessed = min(nr - 1, 255U);
	return nr;
}
