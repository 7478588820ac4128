// SPDX-License-Identifier: GPL-2.0
/* Descriptions of frames: ours are valid, and none that is bent reads what has not been made. */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "../../../module/chain_check.h"
#include "check.h"
#include "script/cpython.h"
#include "script/perl.h"
#include "script/php.h"
#include "script/ruby.h"

/* A walk as module/chain.c does it, but for the memory: which values has it made? */
struct walk {
	const struct leaktrace_chain *chain;
	unsigned int i;			/* of the next step */
	bool made[256], ok;
};

static void take_steps(struct walk *w, unsigned int n)
{
	for (unsigned int end = w->i + n; w->i < end; w->i++) {
		const struct leaktrace_chain_step *s = &w->chain->step[w->i];

		w->ok &= w->made[s->base] && (!s->index || w->made[s->index]);
		w->made[LEAKTRACE_CHAIN_STEP_0 + w->i] = true;
	}
}

static void use(struct walk *w, uint8_t value)
{
	w->ok &= w->made[value];
}

static void take_stack(struct walk *w)
{
	const struct leaktrace_chain *c = w->chain;

	if (!c->nstack)
		return;
	use(w, c->stack);
	w->made[LEAKTRACE_CHAIN_FRAME] = false;
	w->made[LEAKTRACE_CHAIN_STACK] = true;
	take_steps(w, c->nstack);
	use(w, c->count);
	use(w, c->stack_next);
}

static bool uses_only_what_is_made(const struct leaktrace_chain *c)
{
	struct walk w = { .chain = c, .ok = true, .made = { true, c->root } };
	bool before[256];

	take_steps(&w, c->nhead);
	if (c->carry) {
		use(&w, c->carry_first);
		use(&w, c->carry_first + 1);
	}
	take_stack(&w);
	use(&w, c->first);
	w.made[LEAKTRACE_CHAIN_FRAME] = true;
	w.made[LEAKTRACE_CHAIN_CARRIED] = w.made[LEAKTRACE_CHAIN_CARRIED + 1] = c->carry;
	memcpy(before, w.made, sizeof(before));
	take_steps(&w, c->nframe);
	use(&w, c->what);
	use(&w, c->where);
	use(&w, c->check);
	if (c->carry) {
		use(&w, c->carry);
		use(&w, c->carry + 1);
	}
	memcpy(w.made, before, sizeof(before));	/* the frame was skipped */
	take_steps(&w, c->nnext);
	use(&w, c->next);
	return w.ok;
}

static const struct leaktrace_chain *ours(int i)
{
	if (i < cpython_nlayouts)
		return &cpython_layouts[i].chain;
	i -= cpython_nlayouts;
	if (i < php_nlayouts)
		return &php_layouts[i].chain;
	i -= php_nlayouts;
	return i < perl_nlayouts ? &perl_layouts[i].chain : &ruby_layouts[i - perl_nlayouts].chain;
}

/* As it is sent. */
static struct leaktrace_chain copy(int i)
{
	struct leaktrace_chain c = *ours(i);

	c.root = c.step[0].base == 1 ? 0x555555555000 : 0;
	return c;
}

static void test_refusals(int i)
{
	struct leaktrace_chain c = copy(i);

	CHECK(!leaktrace_chain_check(&c) && uses_only_what_is_made(&c), "layout %d", i);
	c.step[1].index = LEAKTRACE_CHAIN_STEP_0 + 1;	/* its own value */
	CHECK(leaktrace_chain_check(&c));
	c = copy(i);
	c.step[1].bytes = 3;
	CHECK(leaktrace_chain_check(&c));
	c = copy(i);
	c.step[0].action = LEAKTRACE_CHAIN_F_SKIP;
	CHECK(leaktrace_chain_check(&c));
	c = copy(i);
	c.nnext = LEAKTRACE_CHAIN_STEPS;
	CHECK(leaktrace_chain_check(&c));
	c = copy(i);
	c.next = c.what;		/* of a frame that may be skipped before it is read */
	CHECK(leaktrace_chain_check(&c));
	c = copy(i);
	c.leader = 2;
	CHECK(leaktrace_chain_check(&c));
	c = copy(i);
	c.root |= LEAKTRACE_CHAIN_WORD;	/* no address of a process */
	CHECK(leaktrace_chain_check(&c));
	c = copy(i);
	c.root = 0;
	c.step[0].base = 1;		/* there is neither a root nor a frame */
	CHECK(leaktrace_chain_check(&c));
}

/* Perl's, which has all of it. */
static void test_stacks(void)
{
	struct leaktrace_chain c = perl_layouts[0].chain;

	c.step[8].stride = 8192;
	CHECK(leaktrace_chain_check(&c));
	c = perl_layouts[0].chain;
	c.count = LEAKTRACE_CHAIN_STEP_0 + c.nhead + c.nstack;	/* a frame's */
	CHECK(leaktrace_chain_check(&c));
	c = perl_layouts[0].chain;
	c.stack = 0;
	CHECK(leaktrace_chain_check(&c));
	c = perl_layouts[0].chain;
	c.carry = c.next - 1;		/* the second one is made too late */
	CHECK(leaktrace_chain_check(&c));
	c = perl_layouts[0].chain;
	c.carry = c.carry_first = 0;	/* but they are used */
	CHECK(leaktrace_chain_check(&c));
	c = perl_layouts[0].chain;
	c.step[c.nhead].action = LEAKTRACE_CHAIN_F_SKIP;	/* a stack is not skipped */
	CHECK(leaktrace_chain_check(&c));
}

static void test_bent(int layouts)
{
	unsigned int accepted = 0;

	srand(1);
	for (int i = 0; i < 500000; i++) {
		struct leaktrace_chain c = copy(rand() % layouts);

		for (int k = 1 + rand() % 3; k; k--)
			((uint8_t *)&c)[rand() % (rand() % 2 ? 24 : sizeof(c))] = rand() % (rand() % 2 ? 16 : 256);
		if (leaktrace_chain_check(&c))
			continue;
		accepted++;
		CHECK(c.nhead + c.nstack + c.nframe + c.nnext <= LEAKTRACE_CHAIN_STEPS && uses_only_what_is_made(&c));
	}
	CHECK(accepted > 1000);
}

int main(void)
{
	int layouts = cpython_nlayouts + php_nlayouts + perl_nlayouts + ruby_nlayouts;

	for (int i = 0; i < layouts; i++)
		test_refusals(i);
	test_stacks();
	test_bent(layouts);
	return verdict("chain");
}
