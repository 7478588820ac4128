/* SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR BSD-3-Clause) */
/*
 * Is a description of script frames valid? The kernel asks before it uses one, the CLI
 * before it sends one; both compile this file, and the fuzzer runs it.
 */
#ifndef _LEAKTRACE_CHAIN_CHECK_H
#define _LEAKTRACE_CHAIN_CHECK_H

#include <linux/leaktrace_chain.h>

enum { LEAKTRACE_CHAIN_STRIDE_MAX = 4096 };

/* Where sections begin; the last one ends at @end. */
struct leaktrace_chain_sections {
	unsigned int stack, frame, next, end;
};

static inline struct leaktrace_chain_sections
leaktrace_chain_sections(const struct leaktrace_chain *c)
{
	struct leaktrace_chain_sections s = { .stack = c->nhead };

	s.frame = s.stack + c->nstack;
	s.next = s.frame + c->nframe;
	s.end = s.next + c->nnext;
	return s;
}

/* Whether @value has been made wherever the steps from @from on to @end have been done. */
static inline int leaktrace_chain_is_made(const struct leaktrace_chain *c, unsigned int value,
					  unsigned int from, unsigned int end)
{
	unsigned int step = value - LEAKTRACE_CHAIN_STEP_0;
	unsigned int stack = c->nhead, frame = stack + c->nstack;

	switch (value) {
	case LEAKTRACE_CHAIN_THREAD:
		return 1;
	case LEAKTRACE_CHAIN_FRAME:
		return from >= frame || (!from && c->root);
	case LEAKTRACE_CHAIN_STACK:
		return c->nstack && from >= stack;
	case LEAKTRACE_CHAIN_CARRIED:
	case LEAKTRACE_CHAIN_CARRIED + 1:
		return c->carry && from >= frame;
	}
	if (step >= from && step < end)
		return 1;
	return step < (from >= frame ? frame : from >= stack ? stack : 0);
}

/* A value of a step: what may be 0 for none is no other one. */
static inline int leaktrace_chain_is_steps(const struct leaktrace_chain *c, unsigned int value,
					   unsigned int from, unsigned int end)
{
	return value >= LEAKTRACE_CHAIN_STEP_0 && leaktrace_chain_is_made(c, value, from, end);
}

static inline int leaktrace_chain_check_step(const struct leaktrace_chain *c, unsigned int i,
					     unsigned int from)
{
	const struct leaktrace_chain_step *s = &c->step[i];
	unsigned int frame = c->nhead + c->nstack, may = 0;

	if (s->bytes > 8 || (s->bytes & (s->bytes - 1)))
		return 1;
	/* Only a frame can be skipped. */
	if (from == frame)
		may = LEAKTRACE_CHAIN_F_ALL;
	else if (c->nstack && from == c->nhead)
		may = LEAKTRACE_CHAIN_F_STOP | LEAKTRACE_CHAIN_F_UNLESS;
	if (s->action & ~may)
		return 1;
	if (s->index && (s->action || s->mask || s->stride > LEAKTRACE_CHAIN_STRIDE_MAX ||
			 !leaktrace_chain_is_steps(c, s->index, from, i)))
		return 1;
	return !leaktrace_chain_is_made(c, s->base, from, i);
}

static inline int leaktrace_chain_check_stacks(const struct leaktrace_chain *c)
{
	const struct leaktrace_chain_sections s = leaktrace_chain_sections(c);

	if (!c->nstack)
		return c->stack || c->stack_next || c->count;
	return !leaktrace_chain_is_steps(c, c->stack, 0, s.stack) ||
	       !leaktrace_chain_is_steps(c, c->stack_next, s.stack, s.frame) ||
	       !leaktrace_chain_is_steps(c, c->count, s.stack, s.frame);
}

static inline int leaktrace_chain_check_carry(const struct leaktrace_chain *c)
{
	const struct leaktrace_chain_sections s = leaktrace_chain_sections(c);

	if (!c->carry)
		return c->carry_first;
	return !leaktrace_chain_is_steps(c, c->carry, s.frame, s.next) ||
	       !leaktrace_chain_is_steps(c, c->carry + 1, s.frame, s.next) ||
	       !leaktrace_chain_is_steps(c, c->carry_first, 0, s.stack) ||
	       !leaktrace_chain_is_steps(c, c->carry_first + 1, 0, s.stack);
}

/* 0: every value that a walk uses has been made in the same walk, and for the same frame. */
static inline int leaktrace_chain_check(const struct leaktrace_chain *c)
{
	const struct leaktrace_chain_sections s = leaktrace_chain_sections(c);
	unsigned int i, from = 0;

	if (!c->nhead || !c->nframe || !c->nnext || s.end > LEAKTRACE_CHAIN_STEPS)
		return 1;
	if (c->relative > 1 || c->leader > 1 || c->root & LEAKTRACE_CHAIN_WORD)
		return 1;
	for (i = 0; i < s.end; i++) {
		if (i == s.stack || i == s.frame || i == s.next)
			from = i;
		if (leaktrace_chain_check_step(c, i, from))
			return 1;
	}
	if (leaktrace_chain_check_stacks(c) || leaktrace_chain_check_carry(c))
		return 1;
	from = c->nstack ? s.stack : 0;
	return !leaktrace_chain_is_made(c, c->first, from, s.frame) ||
	       !leaktrace_chain_is_made(c, c->what, s.frame, s.next) ||
	       !leaktrace_chain_is_made(c, c->where, s.frame, s.next) ||
	       !leaktrace_chain_is_made(c, c->check, s.frame, s.next) ||
	       !leaktrace_chain_is_made(c, c->next, s.next, s.end);
}

#endif /* _LEAKTRACE_CHAIN_CHECK_H */
