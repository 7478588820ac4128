// SPDX-License-Identifier: GPL-2.0
/*
 * The frames of a script that current runs, by a description of the interpreter's memory
 * (leaktrace_chain.h). Which interpreter that is, and what the words mean that come of it,
 * user space knows.
 *
 * current stands still, and with it what its thread's own frames are. Others may change
 * memory that is read here, or it is damaged: whatever is found, a walk is bounded, reads
 * only what is user memory, and never faults. What is not in memory ends it; it says what
 * it missed, so that it can be done again where faults are allowed (work.c).
 */
#include <linux/sched/signal.h>
#include <linux/uaccess.h>

#include "arch.h"
#include "chain.h"
#include "code.h"
#include "unwind.h"

enum {
	VALUES = LEAKTRACE_CHAIN_STEP_0 + LEAKTRACE_CHAIN_STEPS,
	MAX_STEPS = 2048,	/* of a walk */
	GO_ON = -1,
};

struct chain_walk {
	struct lt_walk *w;
	const struct leaktrace_chain *chain;
	unsigned int steps;
	u64 value[VALUES];
};

static __always_inline bool load(unsigned long at, unsigned int bytes, u64 *value)
{
	const void __user *p = (const void __user *)at;
	u64 v8;
	u32 v4;
	u16 v2;
	u8 v1;

	if (!user_access_begin(p, bytes))
		return false;
	switch (bytes) {
	case 1:
		unsafe_get_user(v1, (const u8 __user *)p, fault);
		v8 = v1;
		break;
	case 2:
		unsafe_get_user(v2, (const u16 __user *)p, fault);
		v8 = v2;
		break;
	case 4:
		unsafe_get_user(v4, (const u32 __user *)p, fault);
		v8 = v4;
		break;
	default:
		unsafe_get_user(v8, (const u64 __user *)p, fault);
	}
	user_access_end();
	*value = v8;
	return true;
fault:
	user_access_end();
	return false;
}

static noinline int chain_missed(struct lt_walk *w, unsigned long at, unsigned int bytes)
{
	if (access_ok((const void __user *)at, bytes))
		w->missed = at;
	return LEAKTRACE_CHAIN_FAULT;
}

static __always_inline int chain_step(struct chain_walk *c, unsigned int i)
{
	const struct leaktrace_chain_step *s = &c->chain->step[i];
	u64 *value = &c->value[LEAKTRACE_CHAIN_STEP_0 + i];
	u64 base = c->value[s->base];

	*value = base ? base + s->off : 0;
	if (s->index && base)
		*value += (s64)(s32)c->value[s->index] * s->stride;
	if (!base || !s->bytes || likely(load(*value, s->bytes, value)))
		return GO_ON;
	return chain_missed(c->w, *value, s->bytes);
}

/* Steps [@from, @from + @n) */
static int chain_steps(struct chain_walk *c, unsigned int from, unsigned int n)
{
	unsigned int i;
	int end = GO_ON;

	c->steps += n;
	for (i = from; i < from + n && end == GO_ON; i++)
		end = chain_step(c, i);
	return end;
}

static u8 action_of(const struct leaktrace_chain_step *s, u64 value)
{
	bool holds = ((u32)value & s->mask) == s->wanted;

	return holds == !(s->action & LEAKTRACE_CHAIN_F_UNLESS) ? s->action : 0;
}

static int chain_put(struct chain_walk *c, u64 what, u64 where, u64 check)
{
	struct lt_walk *w = c->w;
	u64 *word = w->pc + w->n + w->nwords;

	if (unlikely(w->nwords == LT_WALK_WORDS))
		return LEAKTRACE_CHAIN_BUDGET;
	if (c->chain->relative)
		where -= what;
	word[0] = LEAKTRACE_CHAIN_WORD | (what & ~LEAKTRACE_CHAIN_END_RUN);
	word[1] = LEAKTRACE_CHAIN_WORD | (u64)leaktrace_chain_fold(check) << 32 | (u32)where;
	w->nwords += LEAKTRACE_CHAIN_FRAME_WORDS;
	return GO_ON;
}

static void chain_end_run(struct lt_walk *w)
{
	if (w->nwords)
		w->pc[w->n + w->nwords - LEAKTRACE_CHAIN_FRAME_WORDS] |= LEAKTRACE_CHAIN_END_RUN;
}

static void chain_carry(struct chain_walk *c, unsigned int from)
{
	c->value[LEAKTRACE_CHAIN_CARRIED] = c->value[from];
	c->value[LEAKTRACE_CHAIN_CARRIED + 1] = c->value[from + 1];
}

static int chain_put_frame(struct chain_walk *c, u8 actions)
{
	const struct leaktrace_chain *chain = c->chain;
	bool top = actions & LEAKTRACE_CHAIN_F_TOP;
	int end = chain_put(c, c->value[top ? chain->where : chain->what], c->value[chain->where],
			    c->value[chain->check]);

	if (chain->carry && end == GO_ON)
		chain_carry(c, chain->carry);
	return end;
}

static int chain_frame(struct chain_walk *c)
{
	const struct leaktrace_chain *chain = c->chain;
	unsigned int first = chain->nhead + chain->nstack, last = first + chain->nframe, i;
	int end = GO_ON;
	u8 actions = 0;

	c->steps += chain->nframe;
	for (i = first; i < last; i++) {
		end = chain_step(c, i);
		if (unlikely(end != GO_ON))
			return end;
		if (chain->step[i].action)
			actions |= action_of(&chain->step[i],
					     c->value[LEAKTRACE_CHAIN_STEP_0 + i]);
		/* What is read through a frame that is none of the script's is anything. */
		if (actions & (LEAKTRACE_CHAIN_F_SKIP | LEAKTRACE_CHAIN_F_STOP))
			break;
	}
	if (i == last)
		end = chain_put_frame(c, actions);
	if (actions & LEAKTRACE_CHAIN_F_END_RUN && end == GO_ON)
		chain_end_run(c->w);
	return actions & LEAKTRACE_CHAIN_F_STOP ? LEAKTRACE_CHAIN_WHOLE : end;
}

/* At most @n frames, from the one whose address is value @first. */
static int chain_frames(struct chain_walk *c, unsigned int first, u64 n)
{
	const struct leaktrace_chain *chain = c->chain;
	unsigned int next = chain->nhead + chain->nstack + chain->nframe;
	int end;

	c->value[LEAKTRACE_CHAIN_FRAME] = c->value[first];
	while (n-- && c->value[LEAKTRACE_CHAIN_FRAME]) {
		if (c->steps > MAX_STEPS)
			return LEAKTRACE_CHAIN_BUDGET;
		end = chain_frame(c);
		if (end == GO_ON)
			end = chain_steps(c, next, chain->nnext);
		if (end != GO_ON)
			return end;
		c->value[LEAKTRACE_CHAIN_FRAME] = c->value[chain->next];
	}
	return GO_ON;
}

/* Of one stack; the next one's address is value STACK then, or 0. */
static int chain_stack(struct chain_walk *c)
{
	const struct leaktrace_chain *chain = c->chain;
	unsigned int i, frame = chain->nhead + chain->nstack;
	int end = chain_steps(c, chain->nhead, chain->nstack);
	bool stop = false;
	s32 last;

	if (end != GO_ON)
		return end;
	for (i = chain->nhead; i < frame; i++)
		if (chain->step[i].action)
			stop |= action_of(&chain->step[i], c->value[LEAKTRACE_CHAIN_STEP_0 + i]) &
				LEAKTRACE_CHAIN_F_STOP;
	last = c->value[chain->count];
	if (last >= 0)
		end = chain_frames(c, chain->first, (u64)last + 1);
	c->value[LEAKTRACE_CHAIN_STACK] = stop ? 0 : c->value[chain->stack_next];
	if (c->value[LEAKTRACE_CHAIN_STACK] && end == GO_ON)
		chain_end_run(c->w);
	return end;
}

static int chain_stacks(struct chain_walk *c)
{
	int end = GO_ON;

	c->value[LEAKTRACE_CHAIN_STACK] = c->value[c->chain->stack];
	while (c->value[LEAKTRACE_CHAIN_STACK] && end == GO_ON)
		end = c->steps > MAX_STEPS ? LEAKTRACE_CHAIN_BUDGET : chain_stack(c);
	return end;
}

static u8 chain_walk(struct chain_walk *c)
{
	const struct leaktrace_chain *chain = c->chain;
	int end;

	if (chain->leader && !thread_group_leader(current))
		return LEAKTRACE_CHAIN_NO_STATE;
	c->value[LEAKTRACE_CHAIN_THREAD] = lt_arch_thread_base();
	c->value[LEAKTRACE_CHAIN_FRAME] = chain->root;
	end = chain_steps(c, 0, chain->nhead);
	if (end != GO_ON)
		return end;
	if (!c->value[chain->nstack ? chain->stack : chain->first])
		return LEAKTRACE_CHAIN_NO_STATE;
	if (chain->carry)
		chain_carry(c, chain->carry_first);
	end = chain->nstack ? chain_stacks(c) : chain_frames(c, chain->first, ~0ULL);
	if (chain->carry && end == GO_ON)
		end = chain_put(c, c->value[LEAKTRACE_CHAIN_CARRIED],
				c->value[LEAKTRACE_CHAIN_CARRIED],
				c->value[LEAKTRACE_CHAIN_CARRIED + 1]);
	return end == GO_ON ? LEAKTRACE_CHAIN_WHOLE : end;
}

static noinline u8 walk_described(struct lt_walk *w, const struct leaktrace_chain *chain)
{
	struct chain_walk c = { .w = w, .chain = chain };

	return chain_walk(&c);
}

/**
 * lt_chain_walk() - add the frames of the script that current runs to a walk
 * @w: what lt_walk_user() has walked, which has ended
 *
 * Context: as lt_walk_user().
 */
void lt_chain_walk(struct lt_walk *w)
{
	unsigned long missed = w->missed;

	if (likely(!w->maps || !w->maps->chain) || w->status == LEAKTRACE_STACK_COMPAT)
		return;
	w->nwords = 0;
	pagefault_disable();
	w->chain = walk_described(w, w->maps->chain);
	pagefault_enable();
	/* What is missing of the stack itself is brought in first; there may be nothing there. */
	if (unlikely(missed))
		w->missed = missed;
}
