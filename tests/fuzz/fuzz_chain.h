/* SPDX-License-Identifier: GPL-2.0 */
/* Descriptions of a script's frames, made of bytes that somebody chose: all of them are valid. */
#ifndef FUZZ_CHAIN_H
#define FUZZ_CHAIN_H

#include <linux/leaktrace_chain.h>

#include "fuzz_made.h"

/* A value that is made before step @i, in the head or, with the frame, from @from on. */
static inline uint8_t chain_value(struct choices *c, unsigned int nhead, unsigned int from, unsigned int i)
{
	unsigned int head = i < nhead ? i : nhead, own = from ? i - from : 0;
	unsigned int which = choice(c) % (1 + head + (from ? 1 + own : 0));

	if (!which)
		return 0;
	if (which <= head)
		return LEAKTRACE_CHAIN_STEP_0 + which - 1;
	which -= head + 1;
	return which ? LEAKTRACE_CHAIN_STEP_0 + from + which - 1 : 1;
}

static inline struct leaktrace_chain make_chain(struct choices *c)
{
	struct leaktrace_chain chain = {
		.nhead = 1 + choice(c) % 6, .nframe = 1 + choice(c) % 12, .nnext = 1 + choice(c) % 6,
		.relative = choice(c) % 2, .leader = choice(c) % 2,
	};
	unsigned int frame = chain.nhead, next = frame + chain.nframe, end = next + chain.nnext;

	for (unsigned int i = 0; i < end; i++) {
		unsigned int from = i < frame ? 0 : i < next ? frame : next;
		struct leaktrace_chain_step *s = &chain.step[i];

		s->base = chain_value(c, frame, from, i);
		s->bytes = (1 << choice(c) % 5) & 15;
		s->off = (int8_t)choice(c) * 8 + choice(c) % 2;
		if (from == frame && choice(c) % 4 == 0) {
			s->action = choice(c) % (LEAKTRACE_CHAIN_F_ALL + 1);
			s->mask = choice(c) % 8;
			s->wanted = choice(c) % 8;
		}
	}
	if (choice(c) % 2) {
		chain.root = choice(c) * 8;
		if (chain.root)
			chain.step[0].base = 1;
	}
	chain.first = chain_value(c, frame, 0, frame);
	chain.what = chain_value(c, frame, frame, next);
	chain.where = chain_value(c, frame, frame, next);
	chain.check = chain_value(c, frame, frame, next);
	chain.next = chain_value(c, frame, next, end);
	return chain;
}

#endif
