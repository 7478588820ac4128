/* SPDX-License-Identifier: GPL-2.0 */
/*
 * target.c: which processes are traced; lifecycle.c: what they go through; reconcile.c:
 * comparing what is known of them with the kernel's own state.
 */
#ifndef _LT_TARGET_H
#define _LT_TARGET_H

#include <linux/atomic.h>
#include <linux/cache.h>
#include <linux/completion.h>
#include <linux/list.h>
#include <linux/minmax.h>
#include <linux/mutex.h>
#include <linux/percpu.h>
#include <linux/rcupdate.h>
#include <linux/refcount.h>
#include <linux/rwsem.h>
#include <linux/sched.h>
#include <linux/types.h>

#include "kind.h"
#include "leaktrace.h"

struct lt_maps_then;
struct netlink_ext_ack;
struct pid;

/* What every event of one kind counts: on each CPU for itself, summed when it is read. */
struct lt_kind_counts {
	u64 born;
	u64 died;
};

/* Counters of one kind that few events write; on cache lines of their own. */
struct lt_kind_stats {
	atomic64_t baseline;
	atomic64_t baseline_live;
	atomic64_t missed_births;
	atomic64_t missed_deaths;
	atomic64_t reborn;
	atomic64_t foreign;
	atomic64_t untracked;
	atomic64_t moved;
} ____cacheline_aligned_in_smp;

struct lt_target {
	/* Read by every probe; written seldom: at attach, exec and exit, or once. */
	u32 id;
	u32 kinds;
	u32 flags;			/* LEAKTRACE_TARGET_F_* */
	u32 max_objects;
	atomic_t exited;		/* probes must not touch it */
	atomic_t inexact;		/* LEAKTRACE_INEXACT_* */
	bool ready;			/* baseline is complete */
	bool dead;			/* detached: its tables are gone */
	bool hold_timed_out;		/* no MAPS_SET came in time: do not wait again */
	u32 execs;
	atomic_t code_changes;		/* new code mapped, exec included */
	u64 attached_ns;
	struct lt_mm __rcu *mm;
	struct lt_target *parent;	/* by fork, or as asked for; holds a reference */
	void *data[LT_KINDS];		/* of each kind's own: lt_kind.attach() */
	struct lt_kind_counts __percpu *counts;		/* by kind */
	unsigned long *groups;		/* in object.c's table: LT_OBJECT_GROUPS bits a kind */

	/* Written by some events, each kind's for itself. */
	struct lt_kind_stats kind[LT_KINDS];

	/* Written by births and deaths in object.c's table: none of a page, which are most. */
	atomic64_t objects ____cacheline_aligned_in_smp;	/* in that table */

	/* Written by losses and by mremap. */
	atomic64_t lost[__LT_LOSSES] ____cacheline_aligned_in_smp;
	atomic_t pending_moves;		/* mremap works queued and not done */

	/* Written by who holds the target: deferred works, dumps, comparisons. */
	struct rw_semaphore rwsem ____cacheline_aligned_in_smp;
	struct mutex reconciling;	/* two would take each other's repairs for losses */
	refcount_t refs;
	struct list_head node;		/* lt_targets, under lt_mutex */
	bool ending;			/* in no list any more, under lt_mutex */
	struct completion started;	/* the attach has succeeded, or @ending is set */
	u32 portid;			/* netlink socket that owns it */
	u32 children_dropped;		/* exited ones, under lt_mutex */
	pid_t tgid;			/* initial namespace */
	struct pid *pid;
	char comm[TASK_COMM_LEN];
	u64 exited_ns;
	u32 exit_code;
	u64 reconciled_ns;
	struct rcu_head rcu;
};

extern struct list_head lt_targets;

/* target.c */
struct lt_target *lt_target_current(void);
struct lt_target *lt_target_enter(const void *hook, u32 kinds);
struct lt_target *lt_target_add(struct task_struct *task, u32 kinds, u32 flags,
				u32 max_objects, u32 portid, struct lt_maps *maps,
				struct lt_target *parent, struct netlink_ext_ack *extack);
void lt_target_fork(struct lt_target *parent, const struct lt_maps_then *code);
void lt_target_del(struct lt_target *t);
int lt_target_del_by_id(u32 id);
bool lt_target_is_owner(u32 portid);
void lt_target_del_by_port(u32 portid);
struct lt_target *lt_target_by_id(u32 id);
struct lt_target *lt_target_next(u32 id);
struct task_struct *lt_target_task(struct lt_target *t);
void lt_target_put(struct lt_target *t);
int lt_target_count(void);

/* lifecycle.c */
bool lt_target_confirm(struct lt_target *t);
void lt_target_unconfirmed(struct lt_target *t);

/* reconcile.c */
enum { LT_SECOND_LOOK_MS = 20 };	/* after which a difference is believed */

int lt_reconcile(struct lt_target *t);
bool lt_target_is_ending(struct lt_target *t);

static inline void lt_target_get(struct lt_target *t)
{
	refcount_inc(&t->refs);
}

static inline void lt_target_lost(struct lt_target *t, enum lt_loss why, u64 n)
{
	atomic64_add(n, &lt_lost[why]);
	atomic64_add(n, &t->lost[why]);
}

/* @why: LEAKTRACE_INEXACT_* */
static inline void lt_target_inexact(struct lt_target *t, u32 why)
{
	if ((atomic_read(&t->inexact) & why) != why)
		atomic_or(why, &t->inexact);
}

static inline bool lt_target_wants(const struct lt_target *t,
				   enum leaktrace_kind kind)
{
	return t->kinds & (1U << kind);
}

/* The next of the kinds that a target wants; the first after NULL, NULL after the last. */
static inline const struct lt_kind *lt_kind_next(const struct lt_target *t,
						 const struct lt_kind *kind)
{
	unsigned int i;

	for (i = kind ? kind->id + 1 : 0; i < LT_KINDS; i++)
		if (lt_target_wants(t, i))
			return lt_kinds[i];
	return NULL;
}

static inline void lt_count_births(struct lt_target *t, enum leaktrace_kind kind, u64 n)
{
	this_cpu_add(t->counts[kind].born, n);
}

static inline void lt_count_deaths(struct lt_target *t, enum leaktrace_kind kind, u64 n)
{
	this_cpu_add(t->counts[kind].died, n);
}

void lt_kind_sum(const struct lt_target *t, enum leaktrace_kind kind, struct lt_kind_counts *sum);
u64 lt_kind_live(const struct lt_target *t, enum leaktrace_kind kind);

#endif /* _LT_TARGET_H */
