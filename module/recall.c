// SPDX-License-Identifier: GPL-2.0
/*
 * Recent walks, so that a stack that comes again is recognised without another walk. A
 * walk depends on nothing but the code's tables, current's registers and the words that
 * it reads; if all of these are as they were, so is the outcome. Most
 * walks need only rip, rsp and the return addresses, some also rbp and words that
 * hold addresses of frames; others are not kept (lt_walk.repeatable).
 *
 * It does not matter where the stack lies: a walk only compares and adds addresses
 * of the stack, so all of them are kept relative to rsp, and what one thread has
 * walked is known again in another. Only what rsp is within its page must be the
 * same, as a walk looks at the alignment of frames; which also tells most paths that
 * end in the same function apart.
 *
 * Kept per CPU: inside lt_probe_enter() there is no other user on this CPU.
 */
#include <linux/hash.h>
#include <linux/mm.h>
#include <linux/percpu.h>
#include <linux/ptrace.h>
#include <linux/slab.h>
#include <linux/topology.h>
#include <linux/uaccess.h>

#include "code.h"
#include "pool.h"
#include "stack.h"
#include "unwind.h"

enum {
	SET_BITS = 5,
	WAYS = 2,
	FRAMES = 96,
	SPAN_BYTES = 16 << 20,
};

/* A word of the stack, and what it holds: both relative to rsp. */
struct word {
	u32 at;
	u32 value;
};

struct recalled {
	u64 version;		/* version_of(); 0: nothing is kept here */
	unsigned long ip;
	const struct lt_stack *stack;	/* the outcome: pc[i + 1] stands at ra_at[i] */
	u32 id;			/* of stack */
	u32 span_bytes;		/* all words lie within, from rsp on */
	u16 nras;
	u16 nbases;
	bool by_bp;
	u32 bp;
	u32 ra_at[FRAMES];
	struct word base[LT_WALK_BASES];
};

struct recall {
	struct recalled kept[1 << SET_BITS][WAYS];
	u64 once[1 << SET_BITS];	/* version + ip of the last walk that was not kept */
	u32 turn;			/* which way is replaced next */
};

static DEFINE_PER_CPU(struct recall *, recall);	/* NULL: nothing is traced */

/**
 * lt_recall_reset() - all memory back after the last target
 *
 * Context: may sleep, under lt_mutex, no probe attached.
 */
void lt_recall_reset(void)
{
	int cpu;

	for_each_possible_cpu(cpu) {
		kvfree(per_cpu(recall, cpu));
		per_cpu(recall, cpu) = NULL;
	}
}

/**
 * lt_recall_cpu_get() - memory for one CPU, see struct lt_store
 * @cpu: number
 *
 * Context: may sleep.
 * Return: 0 or -ENOMEM.
 */
int lt_recall_cpu_get(unsigned int cpu)
{
	struct recall *r = per_cpu(recall, cpu) ?:
		kvzalloc_node(sizeof(*r), LT_GFP_TABLE, cpu_to_node(cpu));

	per_cpu(recall, cpu) = r;
	return r ? 0 : -ENOMEM;
}

/**
 * lt_recall_cpu_bytes() - memory of one CPU
 *
 * Context: any.
 * Return: bytes.
 */
u64 lt_recall_cpu_bytes(void)
{
	return sizeof(struct recall);
}

/* Of the code, a number that counts, and what of rsp must be the same. */
static u64 version_of(struct pt_regs *regs, u64 generation)
{
	return generation << PAGE_SHIFT | offset_in_page(user_stack_pointer(regs));
}

static unsigned int set_of(u64 version, unsigned long ip)
{
	return hash_64(version + ip, SET_BITS);
}

/*
 * Not to be called but inlined, as user memory is open; like the next. Nor may the
 * compiler's checks of an array's bounds call anybody, hence pointers. No word is
 * looked at alone, and four at a time: nearly always all are the same.
 */
static __always_inline bool same_ras(const struct recalled *r, unsigned long sp)
{
	unsigned long value, differs = 0, n = r->nras;
	const u64 *pc = r->stack->pc + 1;
	const u32 *at = r->ra_at;
	int i;

	for (; n >= 4; n -= 4)
#pragma GCC unroll 4
		for (i = 0; i < 4; i++) {
			unsafe_get_user(value, (unsigned long __user *)(sp + *at++), fault);
			differs |= value ^ *pc++;
		}
	for (; n; n--) {
		unsafe_get_user(value, (unsigned long __user *)(sp + *at++), fault);
		differs |= value ^ *pc++;
	}
	return !differs;
fault:
	return false;
}

static __always_inline bool same_bases(const struct recalled *r, unsigned long sp)
{
	const struct word *base = r->base, *end = base + r->nbases;
	unsigned long value;

	for (; base < end; base++) {
		unsafe_get_user(value, (unsigned long __user *)(sp + base->at), fault);
		if (value - sp != base->value)
			return false;
	}
	return true;
fault:
	return false;
}

static bool is_same(const struct recalled *r, struct pt_regs *regs)
{
	unsigned long sp = user_stack_pointer(regs);
	bool yes;

	if (r->by_bp && frame_pointer(regs) - sp != r->bp)
		return false;
	pagefault_disable();
	yes = user_access_begin((void __user *)sp, r->span_bytes);
	if (yes) {
		yes = same_ras(r, sp) && same_bases(r, sp);
		user_access_end();
	}
	pagefault_enable();
	return yes;
}

/**
 * lt_recall() - is current's user stack one that was walked before
 * @regs: current's user registers; of a kernel thread they are none
 * @maps: its code
 *
 * Context: inside lt_probe_enter(); never faults.
 * Return: what lt_recall_put() was given for it; 0: walk.
 */
u32 lt_recall(struct pt_regs *regs, struct lt_maps *maps)
{
	u64 version = version_of(regs, READ_ONCE(maps->generation));
	unsigned long ip = instruction_pointer(regs);
	struct recall *all = __this_cpu_read(recall);
	struct recalled *r;
	int i;

	if (!all || unlikely(!user_64bit_mode(regs)))
		return 0;
	r = all->kept[set_of(version, ip)];
	for (i = 0; i < WAYS; i++, r++)
		if (r->version == version && r->ip == ip && is_same(r, regs))
			return r->id;
	return 0;
}

/* Relative to @sp; false: further away than is kept. */
static bool near(unsigned long sp, unsigned long at, u32 *distance)
{
	*distance = at - sp;
	return at - sp < SPAN_BYTES;
}

static bool keep_words(struct recalled *r, const struct lt_walk *w, unsigned long sp)
{
	unsigned int i;

	r->nras = w->n - 1;
	r->nbases = w->nbases;
	r->span_bytes = 0;
	for (i = 0; i < r->nras; i++) {
		const struct lt_frame *f = &w->frame[i];

		if (!near(sp, f->cfa + (f->rule ? f->rule->ra_off : -8), &r->ra_at[i]))
			return false;
		r->span_bytes = max(r->span_bytes, r->ra_at[i] + 8);
	}
	for (i = 0; i < r->nbases; i++) {
		if (!near(sp, w->base[i].at, &r->base[i].at) ||
		    !near(sp, w->base[i].value, &r->base[i].value))
			return false;
		r->span_bytes = max(r->span_bytes, r->base[i].at + 8);
	}
	return true;
}

/**
 * lt_recall_put() - remember a walk, if it is not the first of its kind
 * @w: it is over
 * @stack: its outcome, not 0
 *
 * Context: inside lt_probe_enter().
 */
void lt_recall_put(const struct lt_walk *w, u32 stack)
{
	unsigned long ip = instruction_pointer(w->regs), sp = user_stack_pointer(w->regs);
	u64 version = version_of(w->regs, w->generation);
	struct recall *all = __this_cpu_read(recall);
	unsigned int set = set_of(version, ip);
	struct recalled *r;

	if (!all || !w->repeatable || w->status != LEAKTRACE_STACK_ROOT || w->n > FRAMES)
		return;
	/* A stack that comes once should neither cost this nor displace others. */
	if (all->once[set] != version + ip) {
		all->once[set] = version + ip;
		return;
	}
	r = &all->kept[set][all->turn++ % WAYS];
	r->version = 0;
	r->by_bp = w->by_bp;
	if (w->by_bp && !near(sp, frame_pointer(w->regs), &r->bp))
		return;
	if (!keep_words(r, w, sp))
		return;
	r->version = version;
	r->ip = ip;
	r->stack = lt_stack_at(stack);
	r->id = stack;
}
