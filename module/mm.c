// SPDX-License-Identifier: GPL-2.0
/*
 * A target's address space. An mmu_notifier on it costs other processes nothing and is
 * told of every unmapping: munmap, brk, madvise, exec, exit. What a kind makes of that is
 * in its invalidate() (page_unmap.c); code that is unmapped has no unwind table any more.
 *
 * The callbacks run under mmap_lock or a mapping's lock; the range says whether they may
 * sleep: the OOM reaper calls them too.
 */
#include <linux/delay.h>
#include <linux/mm.h>
#include <linux/mmu_notifier.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#include "code.h"
#include "key.h"
#include "kind.h"
#include "leaktrace.h"
#include "mm.h"
#include "probe.h"
#include "target.h"

enum {
	MMAP_LOCK_TIMEOUT_MS = 2000,
	FAULT_LOCK_TIMEOUT_MS = 2,
};

static int on_range_start(struct mmu_notifier *mn, const struct mmu_notifier_range *range)
{
	struct lt_mm *m = container_of(mn, struct lt_mm, mn);
	const struct lt_kind *kind = NULL;

	atomic_inc(&m->invalidate_seq);
	atomic_inc(&m->invalidating);
	/* Pairs with read_block() in pagesync.c: announced before anything goes. */
	smp_mb__after_atomic();
	if (READ_ONCE(m->gone) || lt_gave_up())
		return 0;
	if (range->event == MMU_NOTIFY_UNMAP && !atomic_read(&m->target->exited))
		lt_maps_unmapped(m, range->start, range->end);
	while ((kind = lt_kind_next(m->target, kind)))
		if (kind->invalidate)
			kind->invalidate(m, range);
	return 0;
}

static void on_range_end(struct mmu_notifier *mn, const struct mmu_notifier_range *range)
{
	struct lt_mm *m = container_of(mn, struct lt_mm, mn);

	atomic_dec(&m->invalidating);
}

/*
 * The last user of the address space is gone (exit or exec), or we unregister
 * ourselves. What was live stays in the table, for the report.
 */
static void on_release(struct mmu_notifier *mn, struct mm_struct *mm)
{
	struct lt_mm *m = container_of(mn, struct lt_mm, mn);
	const struct lt_kind *kind = NULL;

	while ((kind = lt_kind_next(m->target, kind)))
		if (kind->release)
			kind->release(m);
	WRITE_ONCE(m->gone, true);
	lt_target_confirm(m->target);
}

static const struct mmu_notifier_ops ops = {
	.invalidate_range_start = on_range_start,
	.invalidate_range_end = on_range_end,
	.release = on_release,
};

/**
 * lt_mm_get() - the address space of a target
 * @t: the target
 *
 * Context: any.
 * Return: it with a reference, or NULL.
 */
struct lt_mm *lt_mm_get(struct lt_target *t)
{
	struct lt_mm *m;

	rcu_read_lock();
	m = rcu_dereference(t->mm);
	if (m && !refcount_inc_not_zero(&m->refs))
		m = NULL;
	rcu_read_unlock();
	return m;
}

static void mm_free(struct lt_mm *m)
{
	int i;

	for (i = 0; i < LT_KINDS; i++)
		kfree(m->data[i]);
	kfree(m);
}

static void mm_free_rcu(struct rcu_head *head)
{
	mm_free(container_of(head, struct lt_mm, rcu));
}

/**
 * lt_mm_put() - drop a reference
 * @m: address space or NULL
 *
 * Context: any.
 */
void lt_mm_put(struct lt_mm *m)
{
	if (m && refcount_dec_and_test(&m->refs))
		call_rcu(&m->rcu, mm_free_rcu);
}

struct registration {
	struct work_struct work;
	struct lt_mm *m;
	int err;
};

/*
 * A thread that waits for a file system may hold mmap_lock, forever if that is a dead
 * network's. Our callers hold a target's rwsem, for which others wait: so
 * they must not wait forever.
 */
static bool lock_soon(struct mm_struct *mm, bool (*try)(struct mm_struct *mm), unsigned int ms)
{
	u64 end_ns = lt_now_ns() + ms * NSEC_PER_MSEC;

	while (!try(mm)) {
		if (fatal_signal_pending(current) || lt_now_ns() > end_ns)
			return false;
		usleep_range(50, 200);
	}
	return true;
}

/**
 * lt_mm_read_lock_timeout() - take mmap_lock for reading, but don't wait long for it
 * @m: address space
 *
 * Context: may sleep, up to two seconds.
 * Return: whether it is held.
 */
bool lt_mm_read_lock_timeout(struct lt_mm *m)
{
	return lock_soon(m->mm, mmap_read_trylock, MMAP_LOCK_TIMEOUT_MS);
}

/**
 * lt_mm_read_lock_briefly() - the same for a thread of the target's that has faulted
 * @m: its address space
 *
 * To try again and again is to stand in no queue: where others fight for the lock, it would
 * wait for longer than the fault itself does.
 *
 * Context: may sleep, for some milliseconds.
 * Return: whether it is held.
 */
bool lt_mm_read_lock_briefly(struct lt_mm *m)
{
	return lock_soon(m->mm, mmap_read_trylock, FAULT_LOCK_TIMEOUT_MS);
}

/* Is mmap_lock free? It is released again: there is no lock with a timeout. */
static bool is_free(struct mm_struct *mm)
{
	if (!down_write_trylock(&mm->mmap_lock))
		return false;
	up_write(&mm->mmap_lock);
	return true;
}

/* As mmu_notifier_register(), but for the wait. */
static int register_here(struct lt_mm *m)
{
	int err;

	if (!lock_soon(m->mm, is_free, MMAP_LOCK_TIMEOUT_MS))
		return -EBUSY;
	if (mmap_write_lock_killable(m->mm))
		return -EINTR;
	err = __mmu_notifier_register(&m->mn, m->mm);
	mmap_write_unlock(m->mm);
	return err;
}

static void register_fn(struct work_struct *work)
{
	struct registration *r = container_of(work, struct registration, work);

	r->err = register_here(r->m);
}

/*
 * mm_take_all_locks() returns -EINTR while a signal is pending for current, as one is in a
 * child of a traced process (PTRACE_O_TRACEFORK) from the beginning. A worker never has one.
 */
static int register_notifier(struct lt_mm *m)
{
	struct registration r = { .m = m };

	r.err = register_here(m);
	if (r.err != -EINTR || fatal_signal_pending(current))
		return r.err;
	INIT_WORK_ONSTACK(&r.work, register_fn);
	schedule_work(&r.work);
	flush_work(&r.work);
	destroy_work_on_stack(&r.work);
	return r.err;
}

static void mm_setup(struct lt_mm *m, struct lt_target *t, struct mm_struct *mm,
		     struct lt_maps *maps)
{
	m->mm = mm;
	m->target = t;
	m->mn.ops = &ops;
	refcount_set(&m->refs, 1);
	init_waitqueue_head(&m->code.maps_set);
	RCU_INIT_POINTER(m->code.maps, maps);
}

static int mm_attach_kinds(struct lt_mm *m)
{
	const struct lt_kind *kind = NULL;
	int err = 0;

	while (!err && (kind = lt_kind_next(m->target, kind)))
		if (kind->mm_attach)
			err = kind->mm_attach(m);
	return err;
}

static void mm_detach_kinds(struct lt_mm *m)
{
	const struct lt_kind *kind = NULL;

	while ((kind = lt_kind_next(m->target, kind)))
		if (kind->mm_detach)
			kind->mm_detach(m);
}

/**
 * lt_mm_attach() - follow an address space
 * @t: the target, which has none
 * @mm: its address space; the caller holds a user reference
 * @maps: its code, or NULL; ours from now on, whatever we return
 *
 * If another target follows it already (vfork), it stays that one's. What is populated
 * now is left to the kinds.
 *
 * Context: may sleep, t->rwsem held for writing.
 * Return: the new lt_mm, NULL if shared, or ERR_PTR.
 */
struct lt_mm *lt_mm_attach(struct lt_target *t, struct mm_struct *mm,
			   struct lt_maps *maps)
{
	struct lt_mm *m;
	bool shared;
	int err;

	rcu_read_lock();
	shared = lt_key_find(mm, LT_KEY_MM);
	rcu_read_unlock();
	m = shared ? NULL : kzalloc(sizeof(*m), GFP_KERNEL);
	if (!m) {
		lt_maps_put(maps);
		return shared ? NULL : ERR_PTR(-ENOMEM);
	}
	mm_setup(m, t, mm, maps);
	err = mm_attach_kinds(m) ?: register_notifier(m);
	if (err) {
		lt_maps_put(maps);
		mm_free(m);
		return ERR_PTR(err);
	}
	rcu_assign_pointer(t->mm, m);
	m->key = lt_key_add(mm, LT_KEY_MM, t, m, 0);
	if (m->key)
		return m;
	lt_mm_detach(t);
	return ERR_PTR(-ENOMEM);
}

/**
 * lt_mm_is_of() - is the address space that is followed still that of a task
 * @t: the target
 * @task: one of its tasks
 *
 * Context: may sleep.
 * Return: whether it is, or there is none on either side.
 */
bool lt_mm_is_of(struct lt_target *t, struct task_struct *task)
{
	struct mm_struct *mm = get_task_mm(task);
	struct lt_mm *m = lt_mm_get(t);
	bool same = !mm || !m || m->mm == mm;

	lt_mm_put(m);
	if (mm)
		mmput(mm);
	return same;
}

/**
 * lt_mm_detach() - follow the target's address space no more
 * @t: the target
 *
 * Context: may sleep, t->rwsem held for writing.
 */
void lt_mm_detach(struct lt_target *t)
{
	struct lt_mm *m = rcu_dereference_protected(t->mm, lockdep_is_held(&t->rwsem));
	struct lt_maps *maps;

	if (!m)
		return;
	maps = rcu_dereference_protected(m->code.maps, true);
	lt_key_del(m->key);
	WRITE_ONCE(m->gone, true);
	wake_up_all(&m->code.maps_set);
	rcu_assign_pointer(t->mm, NULL);
	RCU_INIT_POINTER(m->code.maps, NULL);
	/* Waits for running callbacks, and releases the mm_struct. */
	mmu_notifier_unregister(&m->mn, m->mm);
	synchronize_rcu();
	lt_maps_put(maps);
	mm_detach_kinds(m);
	lt_mm_put(m);
}
