/* SPDX-License-Identifier: GPL-2.0 */
/* Descriptions of a script's frames, made of bytes that somebody chose: all of them are valid. */
#ifndef FUZZ_CHAIN_H
#define FUZZ_CHAIN_H

#include <stdbool.h>

#include <linux/leaktrace_chain.h>

#include "fuzz_made.h"

/* A value of a step before @end: of those before @done, or from @from on. */
static inline uint8_t chain_step_value(struct choices *c, unsigned int done, unsigned int from, unsigned int end)
{
	unsigned int which = choice(c) % (done + end - from);

	return LEAKTRACE_CHAIN_STEP_0 + (which < done ? which : from + which - done);
}

/* Any value that is made where steps from @from on have been done up to @end. */
static inline uint8_t chain_value(struct choices *c, const struct leaktrace_chain *chain, unsigned int from,
				  unsigned int end)
{
	unsigned int stack = chain->nhead, frame = stack + chain->nstack, next = frame + chain->nframe;
	unsigned int done = from >= frame ? frame : from >= stack ? stack : 0;

	switch (choice(c) % 4) {
	case 0:
		return LEAKTRACE_CHAIN_THREAD;
	case 1:
		if (from >= frame)
			return LEAKTRACE_CHAIN_FRAME;
		break;
	case 2:
		if (chain->nstack && from >= stack)
			return LEAKTRACE_CHAIN_STACK;
		if (chain->carry && from >= frame && from < next)
			return LEAKTRACE_CHAIN_CARRIED + choice(c) % 2;
	}
	return done + end - from ? chain_step_value(c, done, from, end) : LEAKTRACE_CHAIN_THREAD;
}

static inline void make_step(struct choices *c, struct leaktrace_chain *chain, unsigned int i, unsigned int from)
{
	unsigned int frame = chain->nhead + chain->nstack, done = from >= frame ? frame : from ? chain->nhead : 0;
	struct leaktrace_chain_step *s = &chain->step[i];
	bool is_frames = from == frame, is_stacks = chain->nstack && from == chain->nhead;

	s->base = chain_value(c, chain, from, i);
	s->bytes = (1 << choice(c) % 5) & 15;
	s->off = (int8_t)choice(c) * 8 + choice(c) % 2;
	if ((is_frames || is_stacks) && choice(c) % 4 == 0) {
		s->action = choice(c) & (is_frames ? LEAKTRACE_CHAIN_F_ALL : LEAKTRACE_CHAIN_F_STOP | LEAKTRACE_CHAIN_F_UNLESS);
		s->mask = choice(c) % 8;
		s->wanted = choice(c) % 8;
	} else if (done + i - from && choice(c) % 4 == 0) {
		s->index = chain_step_value(c, done, from, i);
		s->stride = choice(c) * 8;
	}
}

static inline struct leaktrace_chain make_chain(struct choices *c)
{
	struct leaktrace_chain chain = {
		.nhead = 2 + choice(c) % 6, .nstack = choice(c) % 2 * (choice(c) % 5), .nframe = 2 + choice(c) % 12,
		.nnext = 1 + choice(c) % 4, .relative = choice(c) % 2, .leader = choice(c) % 2,
	};
	unsigned int stack = chain.nhead, frame = stack + chain.nstack, next = frame + chain.nframe;
	unsigned int end = next + chain.nnext;

	if (choice(c) % 2) {
		chain.carry_first = LEAKTRACE_CHAIN_STEP_0 + choice(c) % (stack - 1);
		chain.carry = LEAKTRACE_CHAIN_STEP_0 + frame + choice(c) % (chain.nframe - 1);
	}
	for (unsigned int i = 0; i < end; i++)
		make_step(c, &chain, i, i < stack ? 0 : i < frame ? stack : i < next ? frame : next);
	if (choice(c) % 2) {
		chain.root = choice(c) * 8;
		if (chain.root)
			chain.step[0].base = LEAKTRACE_CHAIN_FRAME;
	}
	if (chain.nstack) {
		chain.stack = chain_step_value(c, 0, 0, stack);
		chain.stack_next = chain_step_value(c, stack, stack, frame);
		chain.count = chain_step_value(c, stack, stack, frame);
	}
	chain.first = chain_step_value(c, chain.nstack ? stack : 0, chain.nstack ? stack : 0, frame);
	chain.what = chain_value(c, &chain, frame, next);
	chain.where = chain_value(c, &chain, frame, next);
	chain.check = chain_value(c, &chain, frame, next);
	chain.next = chain_value(c, &chain, next, end);
	return chain;
}

#endif
