// SPDX-License-Identifier: GPL-2.0
/*
 * Which pages die, and which only move, when a range of the target's address space is
 * invalidated (mm.c). By event and system call:
 *
 *   UNMAP  the range dies, unless mremap moves it: then its pages follow on
 *	    the way back to user mode, when the new address is known
 *   CLEAR  dies inside the target's own madvise (DONTNEED, FREE, REMOVE and
 *	    relatives), clipped to its range. Inside its truncate, ftruncate or
 *	    fallocate(PUNCH_HOLE) pages of shared memory may go, or be swapped out, or
 *	    be a huge page's that is split: on the way back to user mode the range is
 *	    compared with the page tables. Anywhere else it is COW, swap-out,
 *	    migration, compaction, KSM, collapse, split: alive
 *   other  protection and aging: nothing
 *
 * Not seen at once, but at the next reconcile: any of these through io_uring, and shared
 * memory whose pages another process takes off the file, or open() with O_TRUNC.
 *
 * Deaths are counted when the range begins to go: a detached mapping cannot fault in
 * between.
 */
#include <uapi/linux/falloc.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/mmu_notifier.h>
#include <linux/ptrace.h>
#include <linux/sched/task_stack.h>
#include <linux/uaccess.h>
#include <linux/uio.h>

#include "arch.h"
#include "leaktrace.h"
#include "mm.h"
#include "page.h"
#include "probe.h"
#include "stack.h"
#include "target.h"
#include "work.h"

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
};

static bool advice_frees(unsigned long advice)
{
	return advice == MADV_DONTNEED || advice == MADV_FREE || advice == MADV_REMOVE ||
	       advice == MADV_DONTNEED_LOCKED || advice == MADV_GUARD_INSTALL;
}

/* To the advice's own range: a huge page that is split is invalidated as a whole. */
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
	return i < n;		/* not all were read: take the whole range */
}

/* Narrows [*first, *end) to what dies; false: nothing. */
static bool madvise_clears(unsigned long *first, unsigned long *end)
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
		lt_page_moved(lt_pages(m), a->from, to >> PAGE_SHIFT, a->pages);
	lt_mm_put(m);
	lt_work_unlock(w);
}

/* A comparison that began before the move is over sees by invalidate_seq that it was. */
static void mremap_end(struct lt_work *w)
{
	struct lt_mm *m = lt_mm_get(w->target);

	if (m) {
		cmpxchg(&lt_pages(m)->mover, current, NULL);
		atomic_inc(&m->invalidate_seq);
	}
	lt_mm_put(m);
	/* Pairs with read_block() in pagesync.c. */
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
static bool mremap_moves(struct lt_pages *p, unsigned long first, unsigned long end)
{
	unsigned long args[6], from, n, new_n;
	struct lt_target *t = p->target;
	struct mremap_args move;

	if (lt_syscall_current(args) != LT_SYS_MREMAP)
		return false;
	from = args[0] >> PAGE_SHIFT;
	new_n = PAGE_ALIGN(args[2]) >> PAGE_SHIFT;
	n = min(PAGE_ALIGN(args[1]) >> PAGE_SHIFT, new_n);
	if (first < from || end > from + n)
		return false;
	if (p->mover == current)
		return true;
	p->moves++;
	atomic_inc(&t->pending_moves);
	move = (struct mremap_args){ .from = from, .pages = n };
	if (lt_work_queue(t, current, &mremap_work, 0, &move))
		p->mover = current;
	else
		atomic_dec(&t->pending_moves);
	return true;
}

static void pages_die(struct lt_pages *p, unsigned long first, unsigned long end, bool may_sleep)
{
	u32 stack = 0;

	if (lt_probe_enter(NULL)) {
		stack = lt_stack_capture_death(p->target);
		lt_probe_leave();
	}
	for (; first < end; first += CHUNK_PAGES) {
		lt_page_died(p, first, min(end, first + CHUNK_PAGES), stack);
		if (may_sleep)
			cond_resched();
	}
}

/* Does current's system call take pages off a file? They leave all of its mappings. */
static bool takes_pages_off_file(void)
{
	unsigned long args[6];

	switch (lt_syscall_current(args)) {
	case LT_SYS_TRUNCATE:
		return true;
	case LT_SYS_FALLOCATE:
		return args[1] & FALLOC_FL_PUNCH_HOLE;
	default:
		return false;
	}
}

struct hole_args {
	unsigned long first;
	unsigned long end;
	u64 began_ns;
};

static void hole_run(struct lt_work *w)
{
	const struct hole_args *h = lt_work_args(w);
	struct lt_mm *m;

	lt_work_lock(w);
	m = w->target->dead ? NULL : lt_mm_get(w->target);
	if (m && m->mm == current->mm)
		lt_page_sync_hole(m, h->first, h->end, h->began_ns, w->stack);
	lt_mm_put(m);
	lt_work_unlock(w);
}

/* One system call may queue one for each mapping of the file. */
static const struct lt_work_type hole_work = {
	.run = hole_run,
	LT_WORK_ARGS(struct hole_args),
	.loss = LT_WORK_REPAIRABLE,
	.bulk = true,
};

static void hole_later(struct lt_pages *p, unsigned long first, unsigned long end)
{
	struct hole_args hole = { .first = first, .end = end, .began_ns = lt_now_ns() };
	struct lt_page_run run;

	if (!lt_page_next_run(p, first, &run) || run.page >= end || !lt_probe_enter(NULL))
		return;
	lt_work_queue(p->target, current, &hole_work, lt_stack_capture_death(p->target), &hole);
	lt_probe_leave();
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
	struct lt_pages *p = lt_pages(m);
	struct lt_page_run run;
	bool dies = false;

	if (!lt_has_user_stack(current) || current->mm != m->mm) {
		/*
		 * If pages are unmapped it is by the OOM reaper or process_mrelease(); all
		 * else only moves pages, or unmaps what we don't count (hugetlbfs). The
		 * registers of an io_uring worker are those of the call that created it.
		 */
		if (range->event == MMU_NOTIFY_UNMAP && lt_page_next_run(p, first, &run) &&
		    run.page < end)
			WRITE_ONCE(p->reaped, true);
		return;
	}
	if (atomic_read(&m->target->exited))
		return;
	if (range->event == MMU_NOTIFY_UNMAP)
		dies = !mremap_moves(p, first, end);
	else if (range->event == MMU_NOTIFY_CLEAR)
		dies = madvise_clears(&first, &end);
	if (range->event == MMU_NOTIFY_CLEAR && !dies && takes_pages_off_file())
		hole_later(p, first, end);
	if (dies)
		pages_die(p, first, end, mmu_notifier_range_blockable(range));
}
