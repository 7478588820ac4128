// SPDX-License-Identifier: GPL-2.0
/*
 * The target's address space: who unmaps what. An mmu_notifier on it costs
 * other processes nothing and sees every road (munmap, brk, madvise, exec,
 * exit). It also sees what is no death, so by event and system call:
 *
 *   UNMAP  the range dies, unless mremap moves it: then its pages follow on
 *	    the way back to user mode, when the new address is known
 *   CLEAR  dies inside the target's own madvise (DONTNEED, FREE, REMOVE and
 *	    relatives), clipped to its range. Anywhere else it is COW, swap-out,
 *	    migration, compaction, KSM, collapse, split: alive
 *   other  protection and aging: nothing
 *
 * Not seen at once, but at the next reconcile: madvise through io_uring, and
 * holes punched into shared memory by another process.
 *
 * The callbacks run under mmap_lock or a mapping's lock; whoever calls them says
 * whether they may sleep: the OOM reaper calls them too. Deaths are counted when the
 * range begins to go: a detached mapping cannot fault in between.
 */
#include <linux/delay.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/mmu_notifier.h>
#include <linux/ptrace.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/uio.h>
#include <linux/workqueue.h>

#include "arch.h"
#include "leaktrace.h"

/* v5.18, 9457056ac426; v6.13, 662df3e5c376: newer kernels' numbers, also for
 * headers that don't know them: user space passes them either way.
 */
#ifndef MADV_DONTNEED_LOCKED
#define MADV_DONTNEED_LOCKED 24
#endif
#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL 102
#endif

enum {
	CHUNK_PAGES = 1 << 18,	/* that die before others get their turn */
	MAX_VECTORS = 64,	/* of process_madvise that are read */
	PATIENCE_MS = 2000,	/* with mmap_lock */
};

static bool advice_frees(unsigned long advice)
{
	return advice == MADV_DONTNEED || advice == MADV_FREE || advice == MADV_REMOVE ||
	       advice == MADV_DONTNEED_LOCKED || advice == MADV_GUARD_INSTALL;
}

/* To what the advice is about: a huge page that is split goes as a whole, and comes back. */
static bool clip(unsigned long *first, unsigned long *end, unsigned long at, unsigned long bytes)
{
	unsigned long from = max(*first, at >> PAGE_SHIFT);
	unsigned long to = min(*end, PAGE_ALIGN(at + bytes) >> PAGE_SHIFT);

	if (from >= to)
		return false;
	*first = from;
	*end = to;
	return true;
}

/* The vector in which the range lies; they are dealt with one by one. */
static bool clip_to_vector(unsigned long *first, unsigned long *end,
			   const struct iovec __user *vectors, unsigned long n)
{
	struct iovec v;
	unsigned long i;

	for (i = 0; i < min_t(unsigned long, n, MAX_VECTORS); i++)
		if (copy_from_user_nofault(&v, &vectors[i], sizeof(v)))
			break;
		else if (clip(first, end, (unsigned long)v.iov_base, v.iov_len))
			return true;
	return i < n;		/* not read: all of it, as far as is known */
}

/* Narrows [*first, *end) to what dies; false: nothing. */
static bool cleared(unsigned long *first, unsigned long *end)
{
	unsigned long args[6];

	switch (lt_syscall_current(args)) {
	case LT_SYS_MADVISE:
		return advice_frees(args[2]) && clip(first, end, args[0], args[1]);
	case LT_SYS_PROCESS_MADVISE:
		return advice_frees(args[3]) &&
		       clip_to_vector(first, end, (void __user *)args[1], args[2]);
	default:
		return false;
	}
}

struct mremap_args {
	unsigned long from;	/* first page */
	unsigned long pages;
};

static void mremap_run(struct lt_work *w)
{
	const struct mremap_args *a = lt_work_args(w);
	unsigned long to = regs_return_value(task_pt_regs(current));
	struct lt_mm *m;

	lt_work_lock(w);
	m = w->target->dead ? NULL : lt_mm_get(w->target);
	if (m && !IS_ERR_VALUE(to) && to >> PAGE_SHIFT != a->from)
		lt_page_moved(m, a->from, to >> PAGE_SHIFT, a->pages);
	lt_mm_put(m);
	lt_work_unlock(w);
}

/* Whoever looked at the pages before sees that something has changed. */
static void mremap_end(struct lt_work *w)
{
	struct lt_mm *m = lt_mm_get(w->target);

	if (m) {
		cmpxchg(&m->mover, current, NULL);
		atomic_inc(&m->invalidate_seq);
	}
	lt_mm_put(m);
	/* Pairs with look() in pagesync.c. */
	smp_mb__before_atomic();
	atomic_dec(&w->target->pending_moves);
}

static const struct lt_work_type mremap_work = {
	.run = mremap_run,
	.end = mremap_end,
	LT_WORK_ARGS(struct mremap_args),
	.loss = LT_WORK_REPAIRABLE,
};

/* Inside mremap, an unmapped range is the old place of what moves, the tail
 * that is cut off, or what lay at the new place. The old place is unmapped twice, with
 * its pages and then with nothing in it, under one mmap_lock: that is one move.
 */
static bool moves(struct lt_mm *m, unsigned long first, unsigned long end)
{
	unsigned long args[6], from, n, new_n;
	struct lt_target *t = m->target;
	struct mremap_args args_of_work;

	if (lt_syscall_current(args) != LT_SYS_MREMAP)
		return false;
	from = args[0] >> PAGE_SHIFT;
	new_n = PAGE_ALIGN(args[2]) >> PAGE_SHIFT;
	n = min(PAGE_ALIGN(args[1]) >> PAGE_SHIFT, new_n);
	if (first < from || end > from + n)
		return false;
	if (m->mover == current)
		return true;
	m->moves++;
	atomic_inc(&t->pending_moves);
	args_of_work = (struct mremap_args){ .from = from, .pages = n };
	if (lt_work_queue(t, current, &mremap_work, 0, &args_of_work))
		m->mover = current;
	else
		atomic_dec(&t->pending_moves);
	return true;
}

static void die(struct lt_mm *m, unsigned long first, unsigned long end, bool may_sleep)
{
	u32 stack = 0;

	if (lt_probe_enter(NULL)) {
		stack = lt_stack_capture_death(m->target);
		lt_probe_leave();
	}
	for (; first < end; first += CHUNK_PAGES) {
		lt_page_died(m, first, min(end, first + CHUNK_PAGES), stack);
		if (may_sleep)
			cond_resched();
	}
}

/**
 * lt_page_invalidate() - a range of an address space is invalidated: do pages die
 * @m: the address space
 * @range: as the kernel tells
 *
 * Context: see struct lt_kind.
 */
void lt_page_invalidate(struct lt_mm *m, const struct mmu_notifier_range *range)
{
	unsigned long first = range->start >> PAGE_SHIFT;
	unsigned long end = PAGE_ALIGN(range->end) >> PAGE_SHIFT;
	struct lt_page_run run;
	bool dies = false;

	if (!lt_has_user_stack(current) || current->mm != m->mm) {
		/* The OOM reaper unmaps, or somebody by process_mrelease(); the rest of
		 * them only move things, or unmap what is not counted (hugetlbfs). A worker
		 * of io_uring has the registers of the call in which it was made.
		 */
		if (range->event == MMU_NOTIFY_UNMAP && lt_page_next_run(m, first, &run) &&
		    run.page < end)
			WRITE_ONCE(m->reaped, true);
		return;
	}
	if (atomic_read(&m->target->exited))
		return;
	if (range->event == MMU_NOTIFY_UNMAP)
		dies = !moves(m, first, end);
	else if (range->event == MMU_NOTIFY_CLEAR)
		dies = cleared(&first, &end);
	if (dies)
		die(m, first, end, mmu_notifier_range_blockable(range));
}

static int on_range_start(struct mmu_notifier *mn, const struct mmu_notifier_range *range)
{
	struct lt_mm *m = container_of(mn, struct lt_mm, mn);
	const struct lt_kind *kind = NULL;

	atomic_inc(&m->invalidate_seq);
	atomic_inc(&m->invalidating);
	/* Pairs with look() in pagesync.c: announced before anything goes. */
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

/**
 * lt_mm_put() - drop a reference
 * @m: address space or NULL
 *
 * Context: any.
 */
void lt_mm_put(struct lt_mm *m)
{
	if (m && refcount_dec_and_test(&m->refs))
		kfree_rcu(m, rcu);
}

struct registration {
	struct work_struct work;
	struct lt_mm *m;
	int err;
};

/* A thread that waits for a frozen file system may hold mmap_lock, for ever if that is a
 * network's. Whoever waits for it here holds a gate or lt_mutex, on which others wait.
 */
static bool lock_soon(struct mm_struct *mm, bool (*try)(struct mm_struct *mm))
{
	u64 end_ns = lt_now_ns() + PATIENCE_MS * NSEC_PER_MSEC;

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
	return lock_soon(m->mm, mmap_read_trylock);
}

/* Nobody has it, or is about to: not for the lock, which has to be taken as it is. */
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

	if (!lock_soon(m->mm, is_free))
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

/* The kernel gives up if current has a signal waiting, as a child of a process that is
 * debugged has from its first moment on; a worker never has one.
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

/**
 * lt_mm_attach() - follow an address space
 * @t: the target, which has none
 * @mm: its address space; the caller holds a user reference
 * @maps: its code, or NULL; ours from now on, whatever we return
 *
 * If another target follows it already (vfork), it stays that one's. What is populated
 * now is left to lt_mm_baseline().
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
		lt_maps_free(maps);
		return shared ? NULL : ERR_PTR(-ENOMEM);
	}
	m->mm = mm;
	m->target = t;
	m->mn.ops = &ops;
	m->blocks = RB_ROOT;
	raw_spin_lock_init(&m->lock);
	refcount_set(&m->refs, 1);
	init_waitqueue_head(&m->maps_set);
	RCU_INIT_POINTER(m->maps, maps);
	err = register_notifier(m);
	if (err) {
		lt_maps_free(maps);
		kfree(m);
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
	maps = rcu_dereference_protected(m->maps, true);
	lt_key_del(m->key);
	WRITE_ONCE(m->gone, true);
	wake_up_all(&m->maps_set);
	rcu_assign_pointer(t->mm, NULL);
	RCU_INIT_POINTER(m->maps, NULL);
	/* Waits for running callbacks, and releases the mm_struct. */
	mmu_notifier_unregister(&m->mn, m->mm);
	synchronize_rcu();
	lt_maps_free(maps);
	lt_page_forget(m);
	lt_mm_put(m);
}
