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
 * A pc's rule is looked up once and then known, until the code changes. Nothing is
 * read before it is needed. Where the caller's rbp was saved is known
 * from its rule, and looked at if a frame goes by it; other callee-saved registers,
 * which is rarer, are searched for in the frames below. So most frames cost one
 * read, that of the return address.
 *
 * Reads never fault: what is not in memory ends the walk, which says what it missed,
 * so that it can be walked again where faults are allowed (work.c). All of it runs with
 * preemption off, in memory of this CPU.
 */
#include <linux/compat.h>
#include <linux/percpu.h>
#include <linux/ptrace.h>
#include <linux/uaccess.h>

#include "arch.h"
#include "code.h"
#include "unwind.h"

enum {
	MAX_FRAME_BYTES = 8 << 20,
	MAX_SWITCHES = 4,
	REG_BX = 3,
	REG_BP = 6,
	REG_SP = 7,
	REG_12 = 12,
};

enum { GO_ON = -1 };

static __always_inline bool read_user(unsigned long at, unsigned long *value)
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

static noinline int missed(struct lt_walk *w, unsigned long at)
{
	w->missed = at;
	return LEAKTRACE_STACK_FAULT;
}

/* A saved register by which a frame is found. */
static int read_base(struct lt_walk *w, unsigned long at, unsigned long *value)
{
	if (!read_user(at, value))
		return missed(w, at);
	if (w->nbases < LT_WALK_BASES)
		w->base[w->nbases++] = (struct lt_base){ at, *value };
	else
		w->repeatable = false;
	return GO_ON;
}

/* Where @reg is among leaktrace_unwind_rule.saved; negative: not there. */
static int saved_index(unsigned int reg)
{
	if (reg == REG_BX)
		return 0;
	return reg >= REG_12 ? (int)reg - REG_12 + 1 : -1;
}

/* Of the frame whose registers are known whole. */
static int whole_register(struct lt_walk *w, unsigned int reg, unsigned long *value)
{
	w->repeatable = false;
	*value = w->in_signal ? w->sig[reg] : lt_arch_reg(w->regs, reg);
	return GO_ON;
}

static int get_bp(struct lt_walk *w, unsigned long *value)
{
	int end = GO_ON;

	if (w->bp_lost)
		return LEAKTRACE_STACK_UNSUP;
	if (w->bp_at) {
		end = read_base(w, w->bp_at, &w->bp);
		w->bp_at = 0;
		w->bp_read = true;
	} else if (!w->bp_read) {
		w->by_bp = true;
	}
	*value = w->bp;
	return end;
}

static int get_register(struct lt_walk *w, unsigned int reg, unsigned long *value)
{
	unsigned int j = w->n - 1;
	int x = saved_index(reg);

	if (reg == REG_BP)
		return get_bp(w, value);
	if (reg == REG_SP) {
		*value = w->sp;
		return GO_ON;
	}
	if (j == w->whole)
		return whole_register(w, reg, value);
	if (x < 0)
		return LEAKTRACE_STACK_UNSUP;
	while (j-- > w->whole) {
		const struct leaktrace_unwind_rule *r = w->frame[j].rule;

		if (r && r->saved[x] == LEAKTRACE_UNWIND_SAVED_UNKNOWN)
			return LEAKTRACE_STACK_UNSUP;
		if (r && r->saved[x])
			return read_base(w, w->frame[j].cfa + 8 * r->saved[x], value);
	}
	return whole_register(w, reg, value);
}

static const struct leaktrace_unwind_rule *
find_rule(const struct lt_table *tb, u64 at)
{
	u32 g = at >> LEAKTRACE_UNWIND_GRANULE_SHIFT, n, half;
	const u32 *row;

	if (unlikely(at >= tb->header->size_bytes))
		return NULL;
	/* Row 0 begins at 0, so there is always one before the granule's. */
	row = tb->row + tb->granule[g] - 1;
	for (n = tb->granule[g + 1] - tb->granule[g]; n; ) {
		half = (n + 1) / 2;
		if ((u16)row[half] <= (u16)at) {
			row += half;
			n -= half;
		} else {
			n = half - 1;
		}
	}
	return tb->rule + (*row >> 16);
}

static const struct lt_map *find_map(struct lt_walk *w, unsigned long pc)
{
	const struct lt_map *map = w->last;

	if (unlikely(!map || pc < map->start || pc >= map->end)) {
		map = lt_maps_find(w->maps, pc);
		w->last = map;
	}
	return map;
}

static __always_inline bool push(struct lt_walk *w)
{
	unsigned int n = w->n;

	if (unlikely(n == w->max))
		return false;
	w->frame[n].rule = NULL;
	w->pc[n] = w->ip;
	w->n = n + 1;
	return true;
}

/* One step up by the frame pointer, if it looks like one. */
static int guess(struct lt_walk *w, u8 otherwise)
{
	unsigned long ra, bp;

	if (get_bp(w, &bp) != GO_ON || bp <= w->sp || bp - w->sp > MAX_FRAME_BYTES || bp & 7)
		return otherwise;
	if (!read_user(bp + 8, &ra)) {
		missed(w, bp + 8);
		return otherwise;
	}
	if (!find_map(w, ra - 1))
		return otherwise;
	w->sp = bp + 16;
	w->frame[w->n - 1].cfa = w->sp;
	w->bp_at = bp;
	w->ip = ra;
	w->exact = false;
	if (w->guessed < 255)
		w->guessed++;
	return GO_ON;
}

/* A signal handler's caller: what was interrupted, with all its registers. */
static int step_signal(struct lt_walk *w)
{
	unsigned long ip;
	int reg;

	for (reg = 0; reg < LT_WALK_REGS; reg++)
		if (!read_user(lt_arch_sigframe_reg(w->sp, reg), &w->sig[reg]))
			return missed(w, lt_arch_sigframe_reg(w->sp, reg));
	if (!read_user(lt_arch_sigframe_ip(w->sp), &ip))
		return missed(w, lt_arch_sigframe_ip(w->sp));
	w->in_signal = true;
	w->repeatable = false;
	w->whole = w->n;	/* the frame that comes next */
	w->ip = ip;
	w->sp = w->sig[REG_SP];
	w->bp = w->sig[REG_BP];
	w->bp_at = 0;
	w->bp_lost = false;
	w->exact = true;
	return GO_ON;
}

static int find_cfa(struct lt_walk *w, const struct leaktrace_unwind_rule *r,
		    unsigned long *cfa)
{
	int end;

	switch (r->op) {
	case LEAKTRACE_UNWIND_REG:
	case LEAKTRACE_UNWIND_SWITCH:
		end = get_register(w, r->reg, cfa);
		*cfa += r->cfa_off;
		return end;
	case LEAKTRACE_UNWIND_DEREF:
		end = get_register(w, r->reg, cfa);
		if (end == GO_ON)
			end = read_base(w, *cfa + r->cfa_off, cfa);
		*cfa += r->add;
		return end;
	case LEAKTRACE_UNWIND_PLT:
		*cfa = w->sp + 8 + ((w->ip & 15) >= (unsigned int)r->add ? 8 : 0);
		return GO_ON;
	default:
		return LEAKTRACE_STACK_UNSUP;
	}
}

/* Where the caller's rbp is to be found. */
static int step_bp(struct lt_walk *w, const struct leaktrace_unwind_rule *r, unsigned long cfa)
{
	unsigned long bp;
	int end;

	switch (r->bp) {
	case LEAKTRACE_UNWIND_BP_CFA:
		w->bp_at = cfa + r->bp_off;
		w->bp_lost = false;
		return GO_ON;
	case LEAKTRACE_UNWIND_BP_BP:
		end = get_bp(w, &bp);
		w->bp_at = bp + r->bp_off;
		return end;
	default:
		w->bp_lost = true;
		return GO_ON;
	}
}

static __always_inline int step_rule(struct lt_walk *w, const struct leaktrace_unwind_rule *r)
{
	struct lt_frame *f = &w->frame[w->n - 1];
	unsigned long cfa = w->sp, ra;
	int end;

	if (likely(r->op == LEAKTRACE_UNWIND_REG && r->reg == REG_SP)) {
		cfa += r->cfa_off;
	} else {
		end = find_cfa(w, r, &cfa);
		if (end != GO_ON)
			return end;
	}
	/* A table may say so ever again: stacks are few. */
	if (unlikely(r->op == LEAKTRACE_UNWIND_SWITCH)) {
		w->repeatable = false;
		if (cfa & 7 || w->switches++ == MAX_SWITCHES)
			return LEAKTRACE_STACK_NOPROGRESS;
	/* Without a return address on the stack, as in vfork, cfa may be sp itself. */
	} else if (cfa < w->sp || cfa & 7 || cfa - w->sp > MAX_FRAME_BYTES ||
	    (cfa == w->sp && r->ra != LEAKTRACE_UNWIND_RA_REG))
		return LEAKTRACE_STACK_NOPROGRESS;
	if (unlikely(r->ra == LEAKTRACE_UNWIND_RA_REG)) {
		if (w->n - 1 != w->whole)
			return LEAKTRACE_STACK_UNSUP;
		whole_register(w, r->ra_off, &ra);
	} else if (!read_user(cfa + r->ra_off, &ra)) {
		return missed(w, cfa + r->ra_off);
	}
	if (unlikely(!ra)) {
		w->repeatable = false;
		return LEAKTRACE_STACK_ROOT;
	}
	if (r->bp != LEAKTRACE_UNWIND_BP_SAME) {
		end = step_bp(w, r, cfa);
		if (end != GO_ON)
			return end;
	}
	f->rule = r;
	f->cfa = cfa;
	w->sp = cfa;
	w->ip = ra;
	w->exact = false;
	return GO_ON;
}

static int step_other(struct lt_walk *w, const struct leaktrace_unwind_rule *r)
{
	if (r->op == LEAKTRACE_UNWIND_INVALID)
		return guess(w, LEAKTRACE_STACK_NO_CFI);
	if (r->op == LEAKTRACE_UNWIND_STOP)
		return LEAKTRACE_STACK_ROOT;
	if (r->op == LEAKTRACE_UNWIND_SIGNAL)
		return step_signal(w);
	return step_rule(w, r);
}

/* The rule of @pc; NULL: there is none, and how to go on is in @end. */
static noinline const struct leaktrace_unwind_rule *
look_up(struct lt_walk *w, unsigned long pc, int *end)
{
	const struct leaktrace_unwind_rule *r;
	const struct lt_map *map = find_map(w, pc);
	u8 why = LEAKTRACE_STACK_NO_CFI;

	if (map && READ_ONCE(map->dead)) {
		*end = LEAKTRACE_STACK_STALE;
		return NULL;
	}
	if (map && map->table) {
		r = find_rule(map->table, pc - map->bias - map->table->header->base);
		if (r)
			return r;
	}
	if (!map)
		why = LEAKTRACE_STACK_NOMAP;
	else if (!map->table && map->flags & LEAKTRACE_MAP_F_JIT)
		why = LEAKTRACE_STACK_JIT;
	*end = guess(w, why);
	return NULL;
}

static __always_inline int step(struct lt_walk *w)
{
	unsigned long pc = w->exact ? w->ip : w->ip - 1;
	struct lt_known_rule *k = &w->known[(pc ^ pc >> 6) % LT_WALK_RULES];
	const struct leaktrace_unwind_rule *r = k->rule;
	int end;

	if (unlikely(k->pc != pc || k->generation != w->generation)) {
		r = look_up(w, pc, &end);
		if (!r)
			return end;
		*k = (struct lt_known_rule){ w->generation, pc, r };
	}
	if (likely(r->op == LEAKTRACE_UNWIND_REG))
		return step_rule(w, r);
	return step_other(w, r);
}

/* Without tables: frame pointers only, and never called complete. */
static void walk_frame_pointers(struct lt_walk *w)
{
	unsigned long bp, ra;

	while (w->bp && !(w->bp & 7) && read_user(w->bp + 8, &ra) && read_user(w->bp, &bp)) {
		w->ip = ra;
		if (!ra || bp == w->bp || !push(w))
			return;
		w->bp = bp;
		if (w->guessed < 255)
			w->guessed++;
	}
}

static u8 walk_tables(struct lt_walk *w)
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
 * lt_walk_bytes() - memory of a walk
 * @max: frames
 *
 * Context: any.
 * Return: bytes.
 */
size_t lt_walk_bytes(unsigned int max)
{
	return sizeof(struct lt_walk) + max * (sizeof(struct lt_frame) + sizeof(u64)) +
	       LT_WALK_WORDS * sizeof(u64);
}

/**
 * lt_walk_user() - walk current's user stack
 * @w: lt_walk_bytes(@max) of this CPU; its results are filled in
 * @max: frames, at least 1
 * @regs: current's user registers
 * @maps: its code, or NULL
 *
 * Context: RCU read side, preemption disabled; never faults, never sleeps.
 */
void lt_walk_user(struct lt_walk *w, unsigned int max, struct pt_regs *regs,
		  struct lt_maps *maps)
{
	memset(w, 0, offsetof(struct lt_walk, sig));
	w->frame = (struct lt_frame *)(w + 1);
	w->pc = (u64 *)(w->frame + max);
	w->max = max;
	w->maps = maps;
	/* Pairs with lt_maps_unmapped(): what was dead by then is seen to be. */
	w->generation = maps ? smp_load_acquire(&maps->generation) : 0;
	w->regs = regs;
	w->ip = instruction_pointer(regs);
	w->sp = user_stack_pointer(regs);
	w->bp = frame_pointer(regs);
	w->exact = true;
	w->repeatable = true;
	push(w);
	if (!user_64bit_mode(regs)) {
		w->status = LEAKTRACE_STACK_COMPAT;
		return;
	}
	pagefault_disable();
	if (maps) {
		w->status = walk_tables(w);
	} else {
		w->status = LEAKTRACE_STACK_NOTABLE;
		walk_frame_pointers(w);
	}
	pagefault_enable();
}
