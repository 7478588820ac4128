/* SPDX-License-Identifier: GPL-2.0 */
/*
 * unwind.c: walks of user stacks; chain.c: what a script adds to them; recall.c: those that
 * need not be walked again; rest.c: what lies above those that ended early, for user space.
 */
#ifndef _LT_UNWIND_H
#define _LT_UNWIND_H

#include <linux/leaktrace_chain.h>
#include <linux/types.h>

#include "code.h"
#include "stack.h"

struct lt_mm;
struct pt_regs;

enum {
	LT_WALK_REGS = 16,
	LT_WALK_BASES = 96,	/* each of recall.c's FRAMES may need its frame pointer */
	LT_WALK_RULES = 64,
	LT_WALK_WORDS = LEAKTRACE_CHAIN_FRAMES_MAX * LEAKTRACE_CHAIN_FRAME_WORDS,
};

/* What a frame's rule made of it. */
struct lt_frame {
	const struct leaktrace_unwind_rule *rule;	/* NULL: guessed */
	unsigned long cfa;
};

/* The rule of a pc that was looked up, as long as the code is the same. */
struct lt_known_rule {
	u64 generation;		/* of struct lt_maps; 0: none */
	unsigned long pc;
	const struct leaktrace_unwind_rule *rule;
};

/* A word of the stack that held the address of a frame. */
struct lt_base {
	unsigned long at;
	unsigned long value;
};

struct lt_walk {
	/* the outcome */
	u64 *pc;		/* pc[0] exact, the others return addresses; then words */
	unsigned int n;		/* frames */
	unsigned int nwords;	/* that chain.c has added */
	u8 status;		/* enum leaktrace_stack_status */
	u8 guessed;		/* frames that only a frame pointer vouches for */
	u8 chain;		/* enum leaktrace_chain_status */
	unsigned long missed;	/* a word that is not in memory ended it; 0: none did */
	/* what the outcome depends on, apart from the return addresses */
	bool repeatable;	/* on nothing but the next two: */
	bool by_bp;		/* current's own rbp; and the words in base[] */
	u16 nbases;
	/* state of the walk */
	bool bp_lost;		/* the caller's rbp cannot be known */
	bool bp_read;		/* bp came out of memory */
	bool exact;		/* ip is no return address */
	bool in_signal;		/* registers of frame whole are in sig, else in regs */
	u8 switches;		/* from one stack to another */
	unsigned int whole;	/* frame whose registers are known whole */
	unsigned int max;
	unsigned long ip;
	unsigned long sp;
	unsigned long bp;
	unsigned long bp_at;	/* where rbp is saved; 0: it is in bp */
	struct lt_maps *maps;
	u64 generation;		/* of maps, when the walk began */
	const struct lt_map *last;
	struct pt_regs *regs;
	struct lt_frame *frame;
	unsigned long sig[LT_WALK_REGS];
	struct lt_base base[LT_WALK_BASES];
	/* kept from walk to walk */
	struct lt_known_rule known[LT_WALK_RULES];
};

/* Whether @w has the outcome that was kept as @s. */
static inline bool lt_stack_is(const struct lt_stack *s, const struct lt_walk *w)
{
	unsigned int i;

	if (s->nr != w->n + w->nwords || s->status != w->status || s->chain != w->chain)
		return false;
	for (i = 0; i < s->nr; i++)
		if (s->pc[i] != w->pc[i])
			return false;
	return true;
}

size_t lt_walk_bytes(unsigned int max);
void lt_walk_user(struct lt_walk *w, unsigned int max, struct pt_regs *regs,
		  struct lt_maps *maps);

/*
 * rest.c: what lies above stacks that ended early, for user space
 */
void lt_rest_reset(void);
void lt_rest_queue(struct lt_mm *m, const struct lt_walk *w, u32 stack);

/*
 * recall.c: walks that need not be walked again
 */
void lt_recall_reset(void);
int lt_recall_cpu_get(unsigned int cpu);
u32 lt_recall(struct pt_regs *regs, struct lt_maps *maps);
void lt_recall_put(const struct lt_walk *w, u32 stack);
u64 lt_recall_cpu_bytes(void);

#endif /* _LT_UNWIND_H */
