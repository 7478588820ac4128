// SPDX-License-Identifier: GPL-2.0
/* Descriptions of frames: ours are valid, and none that is bent reads what has not been made. */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "../../../module/chain_check.h"
#include "check.h"
#include "script/cpython.h"
#include "script/php.h"
#include "script/ruby.h"

/* A walk as module/chain.c does it, but for the memory: which values has it made? */
static bool uses_only_what_is_made(const struct leaktrace_chain *c)
{
	bool made[256] = { true, c->root };
	unsigned int sections[] = { c->nhead, c->nframe, c->nnext }, i = 0;
	bool head[256];

	for (int s = 0; s < 3; s++) {
		if (s == 1) {
			if (!made[c->first])
				return false;
			made[1] = true;
			memcpy(head, made, sizeof(head));
		}
		if (s == 2) {
			if (!made[c->what] || !made[c->where] || !made[c->check])
				return false;
			memcpy(made, head, sizeof(head));	/* the frame was skipped */
		}
		for (unsigned int end = i + sections[s]; i < end; i++) {
			if (!made[c->step[i].base])
				return false;
			made[LEAKTRACE_CHAIN_STEP_0 + i] = true;
		}
	}
	return made[c->next];
}

static const struct leaktrace_chain *ours(int i)
{
	if (i < cpython_nlayouts)
		return &cpython_layouts[i].chain;
	i -= cpython_nlayouts;
	return i < php_nlayouts ? &php_layouts[i].chain : &ruby_layouts[i - php_nlayouts].chain;
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
	c.step[2].reserved = 1;
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
		CHECK(c.nhead + c.nframe + c.nnext <= LEAKTRACE_CHAIN_STEPS && uses_only_what_is_made(&c));
	}
	CHECK(accepted > 1000);
}

int main(void)
{
	int layouts = cpython_nlayouts + php_nlayouts + ruby_nlayouts;

	for (int i = 0; i < layouts; i++)
		test_refusals(i);
	test_bent(layouts);
	return verdict("chain");
}
