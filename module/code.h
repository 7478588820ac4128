/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Code, and how to walk stacks through it. Included by leaktrace.h only.
 */
#ifndef _LT_CODE_H
#define _LT_CODE_H

#include <linux/leaktrace_unwind.h>
#include <linux/list.h>
#include <linux/types.h>

#include "tables.h"

struct file;
struct lt_mm;
struct lt_target;
struct pt_regs;

/*
 * table.c: unwind tables; maps.c: which code has which
 */
struct lt_table {
	struct list_head node;
	struct leaktrace_unwind_header *header;	/* the whole blob */
	const u32 *granule;
	const u32 *row;
	const struct leaktrace_unwind_rule *rule;
	size_t bytes;
	u32 id;
	u32 users;
};

struct lt_map {
	unsigned long start;
	unsigned long end;
	unsigned long bias;	/* address - ELF virtual address */
	struct lt_table *table;	/* held; NULL: none */
	u32 flags;		/* LEAKTRACE_MAP_F_* */
	bool dead;		/* unmapped since */
};

struct lt_maps {
	u64 generation;		/* no other array, nor what this one was, has it */
	u32 n;
	struct lt_map map[];
};

/* The mapping that holds @pc, or NULL. RCU read side. */
static inline struct lt_map *lt_maps_find(struct lt_maps *maps, unsigned long pc)
{
	u32 lo = 0, hi = maps->n;

	while (lo < hi) {
		u32 mid = (lo + hi) / 2;

		if (pc < maps->map[mid].start)
			hi = mid;
		else if (pc >= maps->map[mid].end)
			lo = mid + 1;
		else
			return &maps->map[mid];
	}
	return NULL;
}

struct lt_table *lt_table_get(u32 id);
void lt_table_hold(struct lt_table *tb);
void lt_table_put(struct lt_table *tb);
u32 lt_table_find(const u8 *key);
int lt_table_add(struct file *file, u32 *id);
void lt_table_exit(void);
u32 lt_table_usage(u64 *bytes);

void lt_maps_hold(struct lt_target *t, unsigned long pc);
bool lt_maps_is_new_code(struct lt_target *t, unsigned long start, unsigned long len);
void lt_maps_mapped(struct lt_target *t, unsigned long start, unsigned long len);
struct lt_maps *lt_maps_new(u32 n);
void lt_maps_free(struct lt_maps *maps);
struct lt_maps *lt_maps_set(struct lt_mm *m, struct lt_maps *maps);
void lt_maps_copy(struct lt_mm *to, struct lt_target *parent, u32 execs);
u32 lt_maps_count(const struct lt_target *t);
void lt_maps_changed(struct lt_mm *m);
void lt_maps_unmapped(struct lt_mm *m, unsigned long start, unsigned long end);

/*
 * unwind.c: the walk itself
 */
enum {
	LT_WALK_REGS = 16,
	LT_WALK_BASES = 96,	/* each of recall.c's FRAMES may need its frame pointer */
	LT_WALK_RULES = 64,
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
	u64 *pc;		/* pc[0] exact, the others return addresses */
	unsigned int n;
	u8 status;		/* enum leaktrace_stack_status */
	u8 guessed;		/* frames that only a frame pointer vouches for */
	unsigned long missed;	/* a word that is not in memory ended it; 0: none did */
	/* on what it hangs, apart from the return addresses */
	bool repeatable;	/* on nothing but: */
	bool by_bp;		/* current's own rbp */
	u16 nbases;
	/* under way */
	bool bp_lost;		/* nobody knows the caller's rbp */
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
	/* from walk to walk */
	struct lt_known_rule known[LT_WALK_RULES];
};

/* Whether @w has the outcome that was kept as @s. */
static inline bool lt_stack_is(const struct lt_stack *s, const struct lt_walk *w)
{
	unsigned int i;

	if (s->nr != w->n || s->status != w->status)
		return false;
	for (i = 0; i < w->n; i++)
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
int lt_recall_reset(bool prime);
u32 lt_recall(struct pt_regs *regs, struct lt_maps *maps);
void lt_recall_put(const struct lt_walk *w, u32 stack);
u64 lt_recall_bytes(void);

#endif /* _LT_CODE_H */
