/* SPDX-License-Identifier: GPL-2.0 */
/* gate.c: a target's gate (linux/leaktrace_gate.h): its memory, its doors, what is left of it. */
#ifndef _LT_GATE_H
#define _LT_GATE_H

#include <linux/atomic.h>
#include <linux/bits.h>
#include <linux/leaktrace_gate.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/refcount.h>
#include <linux/spinlock.h>
#include <linux/types.h>

#include "patch.h"

struct lt_gate;
struct lt_mm;
struct lt_store;
struct lt_target;
struct mm_struct;
struct netlink_ext_ack;
struct task_struct;

/* What is counted of a gate, in the order of LEAKTRACE_A_GATE_BIRTHS and on. */
enum lt_gate_count {
	LT_GATE_BIRTHS,
	LT_GATE_DEATHS,
	LT_GATE_STRANGERS,
	LT_GATE_INNER,
	LT_GATE_DROPPED,
	LT_GATE_UNDONE,
	LT_GATE_LOST_TAGS,
	LT_GATE_LOST_OBJECTS,
	LT_GATE_LOST_FAULTS,
	LT_GATE_LOST_UNDOS,
	LT_GATE_INVALID,
	LT_GATE_CHILDREN,
	LT_GATE_LOST_CHILDREN,
	__LT_GATE_COUNTS
};

struct lt_door {
	struct lt_patch_probe probe;
	struct lt_gate *gate;
	const struct leaktrace_gate_door *plan;
	bool held;			/* its inode */
	u8 state;			/* enum leaktrace_door_state */
	int error;
	atomic64_t traps;
};

struct lt_gate {
	struct leaktrace_gate_header *plan;	/* the whole, checked */
	struct mm_struct *mm;		/* by mm_count; only compared by probes */
	struct lt_target *target;	/* no reference; used while probes are registered */
	u32 id;				/* grows */
	u32 target_id;
	pid_t tgid;			/* initial namespace */
	bool open;
	bool finished;			/* its announcements are not heard; target's rwsem */
	bool detached;			/* of a target that is no more */
	unsigned long *slots;		/* tags in use */
	raw_spinlock_t lock;		/* protects slots */
	atomic64_t count[__LT_GATE_COUNTS];
	struct list_head node;
	refcount_t refs;
	struct rcu_head rcu;
	struct lt_door door[];
};

/* A target's: what kind_heap.c keeps for it. */
struct lt_gates {
	struct mutex lock;		/* who opens and closes; before mmap_lock */
	struct lt_gate __rcu *gate;	/* the last one that was opened */
	bool ended;			/* none is opened any more */
};

extern const struct lt_store lt_gate_store;

int lt_gate_open(struct lt_target *t, struct lt_gates *g, struct leaktrace_gate_header *plan,
		 struct netlink_ext_ack *extack);
bool lt_gate_close(struct lt_gates *g);
bool lt_gate_finish(struct lt_gates *g);
void lt_gate_leave(struct lt_gates *g);
void lt_gate_rearm(struct lt_gates *g, struct lt_mm *m);
void lt_gate_fork(struct lt_gate *gate, struct task_struct *child);
struct lt_gate *lt_gate_get(struct lt_gates *g);
void lt_gate_put(struct lt_gate *gate);
u64 lt_gate_draw(const struct leaktrace_gate_header *h);
struct lt_gate *lt_gate_find(u32 target);
int lt_gate_walk(int (*fn)(struct lt_gate *gate, void *arg), void *arg);

static inline void lt_gate_count(struct lt_gate *gate, enum lt_gate_count what)
{
	atomic64_inc(&gate->count[what]);
}

#endif /* _LT_GATE_H */
