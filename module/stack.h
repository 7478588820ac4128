/* SPDX-License-Identifier: GPL-2.0 */
/* stack.c: distinct user stacks. */
#ifndef _LT_STACK_H
#define _LT_STACK_H

#include <linux/bits.h>
#include <linux/types.h>
#include <linux/leaktrace.h>

struct lt_store;
struct lt_target;
struct pt_regs;

struct lt_stack {
	u32 next;		/* id in the same bucket */
	u32 hash;
	u16 nr;			/* frames, and behind them a chain's words */
	u8 status : 4;		/* enum leaktrace_stack_status */
	u8 chain : 4;		/* enum leaktrace_chain_status */
	u8 guessed;
	u32 resolved;		/* of a death's cut stack: id of the whole one; 0: not known */
	u64 pc[];
};

/* Of a stack's id: some of it was not in memory, and may be walked again. */
#define LT_STACK_CUT	BIT(31)

extern const struct lt_store lt_stack_store;

u32 lt_stack_capture(struct lt_target *t);
u32 lt_stack_capture_death(struct lt_target *t);
u32 lt_stack_capture_call(struct lt_target *t, struct pt_regs *regs, unsigned long *missed);
u32 lt_stack_rewalk(struct lt_target *t, u32 cut, unsigned long *missed);
u32 lt_stack_resolved(u32 stack);
const struct lt_stack *lt_stack_at(u32 id);
u32 lt_stack_used(void);

#endif /* _LT_STACK_H */
