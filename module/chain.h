/* SPDX-License-Identifier: GPL-2.0 */
/* chain.c: the frames of a script that current runs. */
#ifndef _LT_CHAIN_H
#define _LT_CHAIN_H

#include "unwind.h"

void lt_chain_walk(struct lt_walk *w);

/* All of current's stack: what has no script's frames behind it is another stack. */
static inline void lt_walk_all(struct lt_walk *w, unsigned int max, struct pt_regs *regs,
			       struct lt_maps *maps)
{
	lt_walk_user(w, max, regs, maps);
	lt_chain_walk(w);
}

#endif /* _LT_CHAIN_H */
