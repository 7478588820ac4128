// SPDX-License-Identifier: GPL-2.0
/*
 * The user stack of current, by the unwind tables of its code (table.c), which
 * user space compiled from call frame information. A stack is complete only if
 * the walk reached a root; how any other ended is in its status.
 *
 * Where there is no rule (made-up code, no CFI) one step by the frame pointer
 * is tried if it looks like one and leads into known code; such frames are
 * counted as guessed. Without any tables the whole walk is by frame pointers,
 * which may lie anywhere (split stacks, coroutines), so there the only test of
 * progress is that the frame pointer changes.
 *
 * Callee-saved registers other than rbp are not carried along: when a rule
 * asks for one, which is rare, the frames below are searched for the one that
 * saved it.
 *
 * Reads never fault: what is not in memory ends the walk. All of it runs with
 * preemption off, in memory of this CPU.
 */
#include <linux/compat.h>
#include <linux/percpu.h>
#include <linux/ptrace.h>
#include <linux/uaccess.h>

#include "arch.h"
#include "leaktrace.h"

enum {
	MAX_FRAME_BYTES = 8 << 20,
	MAX_SWITCHES = 4,
	REG_BX = 3,
	REG_BP = 6,
	REG_SP = 7,
	REG_12 = 12,
	NREGS = 16,
};

/* What a frame's rule made of it, for the search for saved registers. */
struct lt_frame {
	const struct leaktrace_unwind_rule *rule;	/* NULL: guessed */
	unsigned long cfa;
};

struct walk {
	struct lt_maps *maps;
	const struct lt_map *last;
	struct lt_frame *frame;
	u64 *pc;
	unsigned int n;
	unsigned int max;
	unsigned int base;	/* frame whose registers are known whole */
	unsigned long ip;
	unsigned long sp;
	unsigned long bp;
	bool bp_lost;		/* bp is not the caller's */
	bool exact;		/* ip is no return address */
	bool in_signal;		/* base's registers are in sig, else in regs */
	u8 guessed;
	u8 switches;		/* from one stack to another */
	struct pt_regs *regs;
	unsigned long sig[NREGS];
};

static bool read_user(unsigned long at, unsigned long *value)
{
	unsigned long __user *p = (unsigned long __user *)at;

	if (!user_access_begin(p, sizeof(*p)))
		return false;
	unsafe_get_user(*value, p, fault);
	user_access_end();
	return true;
fault:
	user_access_end();
	return false;
}

static bool read_user2(unsigned long at, unsigned long *a, unsigned long at2, unsigned long *b)
{
	if (at2 == at - sizeof(*a)) {
		unsigned long __user *p = (unsigned long __user *)at2;

		if (!user_access_begin(p, 2 * sizeof(*p)))
			return false;
		unsafe_get_user(*b, p, fault);
		unsafe_get_user(*a, p + 1, fault);
		user_access_end();
		return true;
	}
	return read_user(at, a) && read_user(at2, b);
fault:
	user_access_end();
	return false;
}

/* Where @reg is among leaktrace_unwind_rule.saved; negative: not there. */
static int saved_index(unsigned int reg)
{
	if (reg == REG_BX)
		return 0;
	return reg >= REG_12 ? (int)reg - REG_12 + 1 : -1;
}

static bool base_register(struct walk *w, unsigned int reg, unsigned long *value)
{
	*value = w->in_signal ? w->sig[reg] : lt_arch_reg(w->regs, reg);
	return true;
}

static bool get_register(struct walk *w, unsigned int reg, unsigned long *value)
{
	unsigned int j = w->n - 1;
	int x = saved_index(reg);

	if (reg == REG_SP || reg == REG_BP) {
		*value = reg == REG_SP ? w->sp : w->bp;
		return reg == REG_SP || !w->bp_lost;
	}
	if (j == w->base)
		return base_register(w, reg, value);
	if (x < 0)
		return false;
	while (j-- > w->base) {
		const struct leaktrace_unwind_rule *r = w->frame[j].rule;

		if (r && r->saved[x] == LEAKTRACE_UNWIND_SAVED_UNKNOWN)
			return false;
		if (r && r->saved[x])
			return read_user(w->frame[j].cfa + 8 * r->saved[x], value);
	}
	return base_register(w, reg, value);
}

static const struct leaktrace_unwind_rule *find_rule(const struct lt_table *tb, u64 at)
{
	u32 g = at >> LEAKTRACE_UNWIND_GRANULE_SHIFT, lo, hi;

	if (at >= tb->header->size_bytes)
		return NULL;
	lo = tb->granule[g];
	hi = tb->granule[g + 1];
	while (lo < hi) {
		u32 mid = (lo + hi) / 2;

		if ((u16)tb->row[mid] <= (u16)at)
			lo = mid + 1;
		else
			hi = mid;
	}
	/* Row 0 begins at 0, so there is always one before. */
	return tb->rule + (tb->row[lo - 1] >> 16);
}

static const struct lt_map *find_map(struct walk *w, unsigned long pc)
{
	if (!w->last || pc < w->last->start || pc >= w->last->end)
		w->last = lt_maps_find(w->maps, pc);
	return w->last;
}

static bool push(struct walk *w)
{
	if (w->n == w->max)
		return false;
	w->frame[w->n].rule = NULL;
	w->pc[w->n++] = w->ip;
	return true;
}

enum { GO_ON = -1 };

/* One step up by the frame pointer, if it looks like one. */
static int guess(struct walk *w, u8 otherwise)
{
	unsigned long ra, bp;

	if (w->bp_lost || w->bp <= w->sp || w->bp - w->sp > MAX_FRAME_BYTES || w->bp & 7)
		return otherwise;
	if (!read_user2(w->bp + 8, &ra, w->bp, &bp))
		return otherwise;
	if (!find_map(w, ra - 1))
		return otherwise;
	w->sp = w->bp + 16;
	w->bp = bp;
	w->ip = ra;
	w->exact = false;
	if (w->guessed < 255)
		w->guessed++;
	return GO_ON;
}

/* A signal handler's caller: what was interrupted, with all its registers. */
static int step_signal(struct walk *w)
{
	unsigned long ip;
	int reg;

	for (reg = 0; reg < NREGS; reg++)
		if (!read_user(lt_arch_sigframe_reg(w->sp, reg), &w->sig[reg]))
			return LEAKTRACE_STACK_FAULT;
	if (!read_user(lt_arch_sigframe_ip(w->sp), &ip))
		return LEAKTRACE_STACK_FAULT;
	w->in_signal = true;
	w->base = w->n;		/* the frame that comes next */
	w->ip = ip;
	w->sp = w->sig[REG_SP];
	w->bp = w->sig[REG_BP];
	w->bp_lost = false;
	w->exact = true;
	return GO_ON;
}

static int find_cfa(struct walk *w, const struct leaktrace_unwind_rule *r, unsigned long *cfa)
{
	switch (r->op) {
	case LEAKTRACE_UNWIND_REG:
	case LEAKTRACE_UNWIND_SWITCH:
		if (!get_register(w, r->reg, cfa))
			return LEAKTRACE_STACK_UNSUP;
		*cfa += r->cfa_off;
		return GO_ON;
	case LEAKTRACE_UNWIND_DEREF:
		if (!get_register(w, r->reg, cfa))
			return LEAKTRACE_STACK_UNSUP;
		if (!read_user(*cfa + r->cfa_off, cfa))
			return LEAKTRACE_STACK_FAULT;
		*cfa += r->add;
		return GO_ON;
	case LEAKTRACE_UNWIND_PLT:
		*cfa = w->sp + 8 + ((w->ip & 15) >= (unsigned int)r->add ? 8 : 0);
		return GO_ON;
	default:
		return LEAKTRACE_STACK_UNSUP;
	}
}

static int step_rule(struct walk *w, const struct leaktrace_unwind_rule *r)
{
	struct lt_frame *f = &w->frame[w->n - 1];
	unsigned long cfa, ra, bp = w->bp;
	int end = find_cfa(w, r, &cfa);

	if (end != GO_ON)
		return end;
	/* A table may say so ever again: stacks are few. */
	if (r->op == LEAKTRACE_UNWIND_SWITCH) {
		if (cfa & 7 || w->switches++ == MAX_SWITCHES)
			return LEAKTRACE_STACK_NOPROGRESS;
	/* Without a return address on the stack, as in vfork, cfa may be sp itself. */
	} else if (cfa < w->sp || cfa & 7 || cfa - w->sp > MAX_FRAME_BYTES ||
	    (cfa == w->sp && r->ra != LEAKTRACE_UNWIND_RA_REG))
		return LEAKTRACE_STACK_NOPROGRESS;
	if (r->ra == LEAKTRACE_UNWIND_RA_REG) {
		if (w->n - 1 != w->base)
			return LEAKTRACE_STACK_UNSUP;
		base_register(w, r->ra_off, &ra);
	} else if (r->bp == LEAKTRACE_UNWIND_BP_CFA) {
		if (!read_user2(cfa + r->ra_off, &ra, cfa + r->bp_off, &bp))
			return LEAKTRACE_STACK_FAULT;
	} else if (!read_user(cfa + r->ra_off, &ra)) {
		return LEAKTRACE_STACK_FAULT;
	}
	if (r->bp == LEAKTRACE_UNWIND_BP_BP &&
	    (w->bp_lost || !read_user(w->bp + r->bp_off, &bp)))
		return LEAKTRACE_STACK_FAULT;
	if (!ra)
		return LEAKTRACE_STACK_ROOT;
	if (r->bp == LEAKTRACE_UNWIND_BP_UNDEFINED)
		w->bp_lost = true;
	else if (r->bp != LEAKTRACE_UNWIND_BP_SAME)
		w->bp_lost = false;
	f->rule = r;
	f->cfa = cfa;
	w->sp = cfa;
	w->bp = bp;
	w->ip = ra;
	w->exact = false;
	return GO_ON;
}

static int step(struct walk *w)
{
	const struct leaktrace_unwind_rule *r;
	unsigned long pc = w->exact ? w->ip : w->ip - 1;
	const struct lt_map *map = find_map(w, pc);

	if (!map)
		return guess(w, LEAKTRACE_STACK_NOMAP);
	if (READ_ONCE(map->dead))
		return LEAKTRACE_STACK_STALE;
	if (!map->table)
		return guess(w, map->flags & LEAKTRACE_MAP_F_JIT ? LEAKTRACE_STACK_JIT :
								   LEAKTRACE_STACK_NO_CFI);
	r = find_rule(map->table, pc - map->bias - map->table->header->base);
	if (likely(r && r->op == LEAKTRACE_UNWIND_REG))
		return step_rule(w, r);
	if (!r || r->op == LEAKTRACE_UNWIND_INVALID)
		return guess(w, LEAKTRACE_STACK_NO_CFI);
	if (r->op == LEAKTRACE_UNWIND_STOP)
		return LEAKTRACE_STACK_ROOT;
	if (r->op == LEAKTRACE_UNWIND_SIGNAL)
		return step_signal(w);
	return step_rule(w, r);
}

/* Without tables: frame pointers only, and never called complete. */
static void walk_frame_pointers(struct walk *w)
{
	unsigned long bp, ra;

	while (w->bp && !(w->bp & 7) && read_user2(w->bp + 8, &ra, w->bp, &bp)) {
		w->ip = ra;
		if (!ra || bp == w->bp || !push(w))
			return;
		w->bp = bp;
		if (w->guessed < 255)
			w->guessed++;
	}
}

static u8 walk_tables(struct walk *w)
{
	int end;

	do {
		end = step(w);
		if (end != GO_ON)
			return end;
	} while (push(w));
	return LEAKTRACE_STACK_DEPTH;
}

/**
 * lt_unwind_scratch_bytes() - per-CPU memory that a walk needs
 * @max: frames
 *
 * Context: any.
 * Return: bytes.
 */
size_t lt_unwind_scratch_bytes(unsigned int max)
{
	return sizeof(struct walk) + max * sizeof(struct lt_frame);
}

/**
 * lt_unwind_user() - walk current's user stack
 * @regs: its user registers
 * @maps: its code, or NULL
 * @scratch: lt_unwind_scratch_bytes() of this CPU
 * @pc: filled in: pc[0] exact, the others return addresses
 * @max: room in @pc, at least 1
 * @guessed: frames that only a frame pointer vouches for
 * @nr: number of pcs
 *
 * Context: RCU read side, preemption disabled; never faults, never sleeps.
 * Return: enum leaktrace_stack_status.
 */
u8 lt_unwind_user(struct pt_regs *regs, struct lt_maps *maps, void *scratch, u64 *pc,
		  unsigned int max, u8 *guessed, unsigned int *nr)
{
	struct walk *w = scratch;
	u8 status;

	w->maps = maps;
	w->last = NULL;
	w->frame = (struct lt_frame *)(w + 1);
	w->pc = pc;
	w->n = 0;
	w->max = max;
	w->base = 0;
	w->ip = instruction_pointer(regs);
	w->sp = user_stack_pointer(regs);
	w->bp = frame_pointer(regs);
	w->bp_lost = false;
	w->exact = true;
	w->in_signal = false;
	w->guessed = 0;
	w->switches = 0;
	w->regs = regs;
	push(w);
	if (!user_64bit_mode(regs)) {
		status = LEAKTRACE_STACK_COMPAT;
	} else {
		pagefault_disable();
		if (maps) {
			status = walk_tables(w);
		} else {
			status = LEAKTRACE_STACK_NOTABLE;
			walk_frame_pointers(w);
		}
		pagefault_enable();
	}
	*guessed = w->guessed;
	*nr = w->n;
	return status;
}
