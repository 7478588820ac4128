// SPDX-License-Identifier: GPL-2.0
/* All objects of a target, one bucket of the table (object.c) after the other. */
#include <linux/sched.h>

#include "leaktrace.h"

/**
 * lt_object_forget() - free all objects of a target
 * @t: the target; no probe can reach it any more
 *
 * Context: may sleep, under lt_mutex.
 */
void lt_object_forget(struct lt_target *t)
{
	struct hlist_node *tmp;
	struct lt_object *o;
	unsigned long flags;
	struct hlist_head *head;
	raw_spinlock_t *lock;
	u32 b;

	for (b = 0; b < lt_object_buckets(); b++) {
		head = lt_object_bucket(b, &lock);
		if (hlist_empty(head))
			continue;
		raw_spin_lock_irqsave(lock, flags);
		hlist_for_each_entry_safe(o, tmp, head, node)
			if (o->target == t->id)
				lt_object_free(t, o);
		raw_spin_unlock_irqrestore(lock, flags);
		cond_resched();
	}
}

/**
 * lt_object_walk() - call @fn on every object of a target
 * @target: its id
 * @bucket: where to start; set to the bucket in which @fn stopped the walk
 * @fn: called under the bucket's lock, may not sleep; non-zero stops the walk,
 *	and the whole bucket is walked again next time
 * @arg: passed to @fn
 *
 * Context: may sleep between buckets.
 * Return: what @fn returned last.
 */
int lt_object_walk(u32 target, u32 *bucket,
		   int (*fn)(const struct lt_object *o, void *arg), void *arg)
{
	struct hlist_head *head;
	struct lt_object *o;
	raw_spinlock_t *lock;
	unsigned long flags;
	int err = 0;

	for (; *bucket < lt_object_buckets(); (*bucket)++) {
		head = lt_object_bucket(*bucket, &lock);
		if (hlist_empty(head))
			continue;
		raw_spin_lock_irqsave(lock, flags);
		hlist_for_each_entry(o, head, node) {
			if (o->target == target)
				err = fn(o, arg);
			if (err)
				break;
		}
		raw_spin_unlock_irqrestore(lock, flags);
		if (err)
			return err;
		cond_resched();
	}
	return 0;
}
