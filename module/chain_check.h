/* SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR BSD-3-Clause) */
/*
 * Is a description of script frames valid? The kernel asks before it uses one, the CLI
 * before it sends one; both compile this file, and the fuzzer runs it.
 */
#ifndef _LEAKTRACE_CHAIN_CHECK_H
#define _LEAKTRACE_CHAIN_CHECK_H

#include <linux/leaktrace_chain.h>

/* Whether @value has been made wherever the steps from @from on to @end have been done. */
static inline int leaktrace_chain_is_made(const struct leaktrace_chain *c, unsigned int value,
					  unsigned int from, unsigned int end)
{
	unsigned int step = value - LEAKTRACE_CHAIN_STEP_0;

	if (value < LEAKTRACE_CHAIN_STEP_0)
		return !value || from >= c->nhead || c->root;
	return step < c->nhead ? step < end : step >= from && step < end;
}

static inline int leaktrace_chain_check_step(const struct leaktrace_chain *c, unsigned int i,
					     unsigned int from)
{
	const struct leaktrace_chain_step *s = &c->step[i];

	if (s->bytes > 8 || (s->bytes & (s->bytes - 1)) || s->reserved)
		return 1;
	if (s->action & ~LEAKTRACE_CHAIN_F_ALL)
		return 1;
	/* Only a frame can be skipped. */
	if (s->action && (i < c->nhead || i >= (unsigned int)c->nhead + c->nframe))
		return 1;
	return !leaktrace_chain_is_made(c, s->base, from, i);
}

/* 0: every value that a walk uses has been made in the same walk, and for the same frame. */
static inline int leaktrace_chain_check(const struct leaktrace_chain *c)
{
	unsigned int frame = c->nhead, next = frame + c->nframe, end = next + c->nnext, i;

	if (!c->nhead || !c->nframe || !c->nnext || end > LEAKTRACE_CHAIN_STEPS)
		return 1;
	if (c->relative > 1 || c->leader > 1 || c->root & LEAKTRACE_CHAIN_WORD)
		return 1;
	for (i = 0; i < sizeof(c->reserved); i++)
		if (c->reserved[i])
			return 1;
	for (i = 0; i < end; i++)
		if (leaktrace_chain_check_step(c, i, i < frame ? 0 : i < next ? frame : next))
			return 1;
	return !leaktrace_chain_is_made(c, c->first, 0, frame) ||
	       !leaktrace_chain_is_made(c, c->what, frame, next) ||
	       !leaktrace_chain_is_made(c, c->where, frame, next) ||
	       !leaktrace_chain_is_made(c, c->check, frame, next) ||
	       !leaktrace_chain_is_made(c, c->next, next, end);
}

#endif /* _LEAKTRACE_CHAIN_CHECK_H */
