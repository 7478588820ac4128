/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What code an address space has: table.c: unwind tables, one an ELF object; maps.c: which
 * mapping has which.
 */
#ifndef _LT_CODE_H
#define _LT_CODE_H

#include <linux/list.h>
#include <linux/refcount.h>
#include <linux/types.h>
#include <linux/wait.h>
#include <linux/leaktrace_chain.h>
#include <linux/leaktrace_unwind.h>

struct file;
struct lt_mm;
struct lt_target;

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
	u64 dead;		/* generation in which it was unmapped; 0: it is mapped */
};

struct lt_maps {
	refcount_t refs;
	u64 generation;		/* no other array, nor what this one was, has it */
	struct leaktrace_chain *chain;	/* of the script that runs here; NULL: none is known */
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

/* What an address space had at some moment. */
struct lt_maps_then {
	struct lt_maps *maps;	/* held; NULL: none */
	u64 generation;		/* what is dead since a later one was mapped */
};

/* An address space's code, as far as user space has told. */
struct lt_code {
	struct lt_maps __rcu *maps;
	wait_queue_head_t maps_set;	/* somebody waits for maps */
	u64 changed_ns;			/* last LEAKTRACE_EVENT_MAPS */
	u64 rest_ns;			/* last LEAKTRACE_CMD_STACK_REST */
};

struct lt_table *lt_table_get(u32 id);
void lt_table_hold(struct lt_table *tb);
void lt_table_put(struct lt_table *tb);
u32 lt_table_find(const u8 *key);
int lt_table_add(struct file *file, u32 *id);
void lt_table_exit(void);
u32 lt_table_usage(u64 *bytes);

void lt_maps_hold(struct lt_target *t, unsigned long pc);
struct lt_maps *lt_maps_new(u32 n);
void lt_maps_put(struct lt_maps *maps);
struct lt_maps *lt_maps_set(struct lt_mm *m, struct lt_maps *maps);
struct lt_maps_then lt_maps_now(const struct lt_target *t);
struct lt_maps *lt_maps_copy(const struct lt_maps_then *then);
u32 lt_maps_count(const struct lt_target *t);
void lt_maps_changed(struct lt_mm *m);
void lt_maps_unmapped(struct lt_mm *m, unsigned long start, unsigned long end);

#endif /* _LT_CODE_H */
