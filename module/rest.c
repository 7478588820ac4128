// SPDX-License-Identifier: GPL-2.0
/*
 * What lies above a stack that ended early: at code without a table, or at a rule
 * that is too much for a probe. A copy of it goes to user space, which can go on with
 * all of DWARF, and learns what code it has not compiled yet. The frames that were
 * walked stay as they are, and so does the stack's status: another object may have
 * come the same way so far, and another one before.
 *
 * Each such stack once, seldom, and only if somebody listens. The copy is made on
 * the way back to user mode, where memory may be allocated and brought in; until
 * then registers and stack are as they were at the event.
 */
#include <linux/bitmap.h>
#include <linux/hash.h>
#include <linux/mm.h>
#include <linux/ptrace.h>
#include <linux/sched/task_stack.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <net/genetlink.h>

#include "chain.h"
#include "leaktrace.h"
#include "mm.h"
#include "netlink.h"
#include "page.h"
#include "pool.h"
#include "stack.h"
#include "target.h"
#include "unwind.h"
#include "work.h"

enum {
	ASKED_BITS = 12,
	REST_NS = 50 * NSEC_PER_MSEC,	/* at most one copy in this time */
	EARLY = BIT(LEAKTRACE_STACK_NOMAP) | BIT(LEAKTRACE_STACK_NOTABLE) |
		BIT(LEAKTRACE_STACK_NO_CFI) | BIT(LEAKTRACE_STACK_UNSUP),
};

/* By hashed id: two that share a bit share one answer. */
static DECLARE_BITMAP(asked, 1 << ASKED_BITS);

struct rest {
	u32 kept;
	u8 status;
	bool bp_known;
	unsigned long ip;
	unsigned long sp;
	unsigned long bp;
	u32 bytes;
	u8 memory[LEAKTRACE_STACK_REST_BYTES];
};

/**
 * lt_rest_reset() - stacks have other ids from now on
 *
 * Context: under lt_mutex, no probe attached.
 */
void lt_rest_reset(void)
{
	bitmap_zero(asked, 1 << ASKED_BITS);
}

/* Without tables all frames are guessed: user space starts over from the registers. */
static void rest_read_frame(struct rest *r, const struct lt_walk *w, struct pt_regs *regs)
{
	r->status = w->status;
	r->bp_known = true;
	if (w->status == LEAKTRACE_STACK_NOTABLE) {
		r->ip = instruction_pointer(regs);
		r->sp = user_stack_pointer(regs);
		r->bp = frame_pointer(regs);
		return;
	}
	r->kept = w->n;
	r->ip = w->exact ? w->ip : w->ip - 1;
	r->sp = w->sp;
	r->bp = w->bp;
	if (w->bp_lost ||
	    (w->bp_at && copy_from_user_nofault(&r->bp, (void __user *)w->bp_at, sizeof(r->bp))))
		r->bp_known = false;
}

/* Where @stack ended, if that is where current still is. */
static bool rest_find_frame(struct lt_target *t, u32 stack, struct rest *r)
{
	struct lt_walk *w = kvzalloc(lt_walk_bytes(lt_max_depth), LT_GFP_TABLE);
	struct pt_regs *regs = task_pt_regs(current);
	const struct lt_stack *s = lt_stack_at(stack);
	bool found = false;
	struct lt_mm *m;

	if (!w)
		return false;
	rcu_read_lock();
	preempt_disable();
	m = rcu_dereference(t->mm);
	if (m && m->mm == current->mm) {
		lt_walk_all(w, lt_max_depth, regs, rcu_dereference(m->code.maps));
		found = s && !w->missed && lt_stack_is(s, w);
	}
	if (found)
		rest_read_frame(r, w, regs);
	preempt_enable();
	rcu_read_unlock();
	kvfree(w);
	return found;
}

static void rest_copy_memory(struct rest *r)
{
	while (r->bytes < sizeof(r->memory)) {
		unsigned long at = r->sp + r->bytes;
		u32 n = min_t(u32, PAGE_SIZE - offset_in_page(at), sizeof(r->memory) - r->bytes);

		if (!lt_walk_fault_in(at) ||
		    copy_from_user(r->memory + r->bytes, (void __user *)at, n))
			return;
		r->bytes += n;
	}
}

static int rest_fill(struct sk_buff *skb, struct lt_target *t, u32 stack, const struct rest *r)
{
	void *head = genlmsg_put(skb, 0, 0, &lt_family, 0, LEAKTRACE_CMD_STACK_REST);

	if (!head || nla_put_u32(skb, LEAKTRACE_A_STACK_ID, stack) ||
	    nla_put_u8(skb, LEAKTRACE_A_STACK_STATUS, r->status) ||
	    nla_put_u32(skb, LEAKTRACE_A_STACK_TARGET, t->id) ||
	    nla_put_u32(skb, LEAKTRACE_A_STACK_KEPT, r->kept) ||
	    nla_put_u64_64bit(skb, LEAKTRACE_A_STACK_IP, r->ip, LEAKTRACE_A_STACK_PAD) ||
	    nla_put_u64_64bit(skb, LEAKTRACE_A_STACK_SP, r->sp, LEAKTRACE_A_STACK_PAD) ||
	    (r->bp_known &&
	     nla_put_u64_64bit(skb, LEAKTRACE_A_STACK_BP, r->bp, LEAKTRACE_A_STACK_PAD)) ||
	    nla_put(skb, LEAKTRACE_A_STACK_MEMORY, r->bytes, r->memory))
		return -EMSGSIZE;
	genlmsg_end(skb, head);
	return 0;
}

static void rest_multicast(struct lt_target *t, u32 stack, const struct rest *r)
{
	struct sk_buff *skb = genlmsg_new(sizeof(*r) + 128, GFP_KERNEL | __GFP_NOWARN);

	if (!skb)
		return;
	if (WARN_ON_ONCE(rest_fill(skb, t, stack, r)))
		nlmsg_free(skb);
	else
		genlmsg_multicast(&lt_family, skb, 0, LT_GROUP_TARGETS, GFP_KERNEL);
}

/*
 * Copies what lies above a stack of current's, and sends it. If that fails, no number is
 * wrong: the stack's status says that it is not complete.
 */
static void rest_run(struct lt_work *w)
{
	struct lt_target *t = w->target;
	u32 stack = w->stack;
	struct rest *r = kvzalloc(sizeof(*r), LT_GFP_TABLE);
	bool found = false;

	if (!r)
		return;
	/* The stack stays as long as its target, which may end while memory is brought in. */
	down_read(&t->rwsem);
	if (!t->dead)
		found = rest_find_frame(t, stack, r);
	up_read(&t->rwsem);
	if (found) {
		rest_copy_memory(r);
		if (r->bytes)
			rest_multicast(t, stack, r);
	}
	kvfree(r);
}

static const struct lt_work_type rest_work = {
	.run = rest_run,
	.loss = LT_WORK_ONLY_STACK,
};

/**
 * lt_rest_queue() - have what lies above a stack copied, if it ended early
 * @m: current's address space
 * @w: how it was walked
 * @stack: its id
 *
 * Context: inside lt_probe_enter().
 */
void lt_rest_queue(struct lt_mm *m, const struct lt_walk *w, u32 stack)
{
	u32 bit = hash_32(stack, ASKED_BITS);
	u64 now_ns, last_ns;

	if (likely(!(BIT(w->status) & EARLY)) || w->missed || test_bit(bit, asked) ||
	    (current->flags & PF_EXITING) || !lt_netlink_has_listeners(LT_GROUP_TARGETS))
		return;
	now_ns = lt_now_ns();
	last_ns = READ_ONCE(m->code.rest_ns);
	if (now_ns - last_ns < REST_NS || cmpxchg64(&m->code.rest_ns, last_ns, now_ns) != last_ns)
		return;		/* it will come again */
	if (!test_and_set_bit(bit, asked) &&
	    !lt_work_queue(m->target, current, &rest_work, stack, NULL))
		clear_bit(bit, asked);
}
