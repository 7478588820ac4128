/* SPDX-License-Identifier: GPL-2.0 */
/* mm.c: a target's address space. */
#ifndef _LT_MM_H
#define _LT_MM_H

#include <linux/atomic.h>
#include <linux/cache.h>
#include <linux/mmu_notifier.h>
#include <linux/rcupdate.h>
#include <linux/refcount.h>
#include <linux/types.h>

#include "code.h"
#include "kind.h"

struct lt_key;
struct lt_target;
struct mm_struct;
struct task_struct;

struct lt_mm {
	/* Read by probes and stack walks. */
	struct mm_struct *mm;
	struct lt_target *target;	/* which has us as its mm: no reference */
	bool gone;			/* is being torn down, or not followed any more */
	void *data[LT_KINDS];		/* of each kind's own: lt_kind.mm_attach() */
	struct lt_code code;

	/* Written at every invalidation. */
	atomic_t invalidating ____cacheline_aligned;	/* between range_start and range_end */
	atomic_t invalidate_seq;

	struct mmu_notifier mn;
	struct lt_key *key;
	refcount_t refs;
	struct rcu_head rcu;
};

struct lt_mm *lt_mm_attach(struct lt_target *t, struct mm_struct *mm,
			   struct lt_maps *maps);
void lt_mm_detach(struct lt_target *t);
bool lt_mm_is_of(struct lt_target *t, struct task_struct *task);
bool lt_mm_read_lock_timeout(struct lt_mm *m);
bool lt_mm_read_lock_briefly(struct lt_mm *m);
struct lt_mm *lt_mm_get(struct lt_target *t);
void lt_mm_put(struct lt_mm *m);

#endif /* _LT_MM_H */
