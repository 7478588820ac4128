/* SPDX-License-Identifier: GPL-2.0 */
/* ids.c: kinds of which the kernel has a list with small numbers: timers, tasks. */
#ifndef _LT_IDS_H
#define _LT_IDS_H

#include <linux/types.h>
#include <linux/leaktrace.h>

struct lt_object;
struct lt_target;

struct lt_ids {
	u32 *id;
	u32 n;		/* may be more than @max: the rest is only counted */
	u32 max;
};

/**
 * struct lt_id_ops - a kind whose keys are numbers in a list of the kernel's
 * @kind: which
 * @list: appends what the kernel has now, by lt_ids_add(); false: it changes too fast
 * @listed: is this object one that @list would list? NULL: all of the kind are
 * @unlisted: how many are live without an object that @list would not list; NULL: none
 * @add: makes objects of those @ids that are still there; false without memory
 */
struct lt_id_ops {
	enum leaktrace_kind kind;
	bool (*list)(struct lt_target *t, struct lt_ids *ids);
	bool (*listed)(const struct lt_object *o);
	u32 (*unlisted)(struct lt_target *t);
	bool (*add)(struct lt_target *t, const struct lt_ids *ids, u8 flags);
};

void lt_ids_add(struct lt_ids *ids, u32 id);
bool lt_ids_list(struct lt_target *t, const struct lt_id_ops *ops, bool known,
		 struct lt_ids *ids);
void lt_ids_baseline(struct lt_target *t, const struct lt_id_ops *ops, u8 flags);
void lt_ids_reconcile(struct lt_target *t, const struct lt_id_ops *ops);

#endif /* _LT_IDS_H */
