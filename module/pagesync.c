// SPDX-License-Identifier: GPL-2.0
/*
 * Our table of pages is compared with the kernel's page tables: for the baseline, for
 * blocks in which a fault may have mapped more than one page, and to reconcile.
 *
 * What was read from the page tables counts only if no invalidation ran meanwhile (as in
 * KVM) and no mremap has moved pages that our table still has at their old place.
 *
 * A walk of all pages takes long. Whoever waits for mmap_lock or the target's rwsem
 * meanwhile gets it between two blocks.
 */
#include <linux/delay.h>
#include <linux/mm.h>
#include <linux/sched/mm.h>

#include "leaktrace.h"
#include "mm.h"
#include "page.h"
#include "pool.h"
#include "site.h"
#include "target.h"

enum {
	RETRIES = 10,
};

static unsigned long last_block(const struct vm_area_struct *vma)
{
	return ((vma->vm_end - 1) >> PAGE_SHIFT) / LT_BLOCK_PAGES;
}

/* Where a walk goes on; the mapping ends before, or in, the block. */
static unsigned long start_of(const struct vm_area_struct *vma, unsigned long block)
{
	return block > last_block(vma) ? vma->vm_end : block * LT_BLOCK_PAGES << PAGE_SHIFT;
}

/* A walk of all of a target's pages. */
struct pass {
	struct lt_mm *m;
	bool rwsem_held;	/* the target's, for reading */
	bool no_yield;		/* others wait until it is done */
	bool locked;		/* mmap_lock is held for reading */
	bool missed;		/* a block that could not be compared */
	bool move_stuck;	/* a mremap does not end: wait for it once, not at every block */
	/* Of a hole, else 0: */
	unsigned long first, end;	/* pages */
	u64 since_ns;		/* what is born later is on its way; 0: in the last second */
	u32 stack;		/* where it was made */
	/* Does one block of a mapping. Return: the next one's number. */
	unsigned long (*block)(struct pass *p, struct vm_area_struct *vma, unsigned long block);
};

/* A client's request. What a target does itself comes to its end, also when it is killed. */
static bool pass_is_killed(const struct pass *p)
{
	return p->rwsem_held && fatal_signal_pending(current);
}

static bool pass_is_contended(const struct pass *p)
{
	return !p->no_yield && (rwsem_is_contended(&p->m->mm->mmap_lock) ||
			       (p->rwsem_held && rwsem_is_contended(&p->m->target->rwsem)));
}

/* Lets others have the locks. Return: whether there is anything left to walk. */
static bool pass_yield(struct pass *p)
{
	struct lt_target *t = p->m->target;

	mmap_read_unlock(p->m->mm);
	if (p->rwsem_held)
		up_read(&t->rwsem);
	/* A waiter takes longer to wake up than we to lock again. */
	usleep_range(50, 100);
	if (p->rwsem_held)
		down_read(&t->rwsem);
	p->locked = lt_mm_read_lock_timeout(p->m);
	return p->locked && !t->dead && !READ_ONCE(p->m->gone);
}

/* A mapping, or as much of it as is done when somebody waits. Return: where to go on. */
static unsigned long walk_mapping(struct pass *p, struct vm_area_struct *vma, unsigned long addr)
{
	unsigned long block = (addr >> PAGE_SHIFT) / LT_BLOCK_PAGES;

	if (lt_vma_type(vma) == LEAKTRACE_TYPE_UNKNOWN)
		return vma->vm_end;
	do {
		block = p->block(p, vma, block);
		cond_resched();
	} while (block <= last_block(vma) && !pass_is_contended(p) && !pass_is_killed(p));
	return start_of(vma, block);
}

/* Releases mmap_lock on the way. Return: whether it came to the end. */
static bool walk_mappings(struct pass *p)
{
	struct vm_area_struct *vma;
	unsigned long addr = 0;

	while ((vma = find_vma(p->m->mm, addr))) {
		addr = walk_mapping(p, vma, max(addr, vma->vm_start));
		if (pass_is_killed(p) || (pass_is_contended(p) && !pass_yield(p)))
			return false;
	}
	return true;
}

static unsigned long list_block(struct pass *p, struct vm_area_struct *vma, unsigned long block)
{
	unsigned long populated[BITS_TO_LONGS(LT_BLOCK_PAGES)];

	lt_pool_top_up();
	lt_walk_block(vma, block, populated, NULL);
	lt_page_baseline(lt_pages(p->m), block, populated);
	return lt_walk_next_block(vma->vm_mm, block);
}

/**
 * lt_page_baseline_walk() - list the pages that are populated now
 * @m: a new address space
 * @rwsem_held: the target's rwsem is held for reading, and released for whoever waits
 *	for it: the target may have another address space afterwards. Else it is held for
 *	writing
 *
 * What comes and goes meanwhile is seen by the probes.
 *
 * Context: may sleep; the caller holds a user reference to the mm.
 * Return: 0; -EBUSY if mmap_lock cannot be taken in time; -EINTR if current is killed.
 */
int lt_page_baseline_walk(struct lt_mm *m, bool rwsem_held)
{
	struct pass p = { .m = m, .rwsem_held = rwsem_held, .block = list_block };
	bool over;
	u32 moves;

	p.locked = lt_mm_read_lock_timeout(m);
	if (!p.locked)
		return -EBUSY;
	/* mremap may have moved pages from in front of the walk to behind it: walk again. */
	do {
		moves = lt_pages(m)->moves;
		over = !walk_mappings(&p) || p.no_yield;
		p.no_yield = true;
	} while (!over && lt_pages(m)->moves != moves);
	WRITE_ONCE(lt_pages(m)->listed, true);
	if (p.locked)
		mmap_read_unlock(m->mm);
	if (pass_is_killed(&p))
		return -EINTR;
	return p.locked ? 0 : -EBUSY;
}

/* Return: how many of them could be tracked. */
static unsigned int born_here(struct lt_mm *m, unsigned long block, const unsigned long *pages,
			      u32 site, bool again)
{
	u64 now_ns = lt_now_ns();
	unsigned int i, n = 0;

	for_each_set_bit(i, pages, LT_BLOCK_PAGES)
		n += lt_page_born(lt_pages(m), block * LT_BLOCK_PAGES + i, site, now_ns, again);
	return n;
}

/*
 * In a block that nobody had touched, all that is populated came by the fault. Shared
 * memory may have been populated by other faults before; those pages are listed by the
 * baseline.
 */
static bool is_all_new(struct lt_mm *m, struct vm_area_struct *vma)
{
	enum leaktrace_type type = lt_vma_type(vma);

	if (type == LEAKTRACE_TYPE_SHMEM)
		return READ_ONCE(lt_pages(m)->listed);
	return type == LEAKTRACE_TYPE_ANON;
}

/**
 * lt_page_sync_block() - a fault may have mapped more than its page
 * @m: current's address space
 * @addr: where it was
 * @site: its site, which the others share
 *
 * Context: may sleep.
 */
void lt_page_sync_block(struct lt_mm *m, unsigned long addr, u32 site)
{
	unsigned long populated[BITS_TO_LONGS(LT_BLOCK_PAGES)];
	unsigned long block = (addr >> PAGE_SHIFT) / LT_BLOCK_PAGES;
	struct vm_area_struct *vma;

	if (!lt_mm_read_lock_briefly(m)) {
		lt_target_unconfirmed(m->target);
		return;
	}
	vma = find_vma(m->mm, addr);
	if (vma && vma->vm_start <= addr && is_all_new(m, vma)) {
		lt_walk_block(vma, block, populated, NULL);
		born_here(m, block, populated, site, false);
	}
	mmap_read_unlock(m->mm);
}

struct view {
	unsigned long populated[BITS_TO_LONGS(LT_BLOCK_PAGES)];
	unsigned long clean[BITS_TO_LONGS(LT_BLOCK_PAGES)];
	unsigned long live[BITS_TO_LONGS(LT_BLOCK_PAGES)];
	unsigned long young[BITS_TO_LONGS(LT_BLOCK_PAGES)];
};

/* Both sides of a block at a moment when no invalidation is under way. */
static bool read_block(struct pass *p, struct vm_area_struct *vma, unsigned long block,
		       struct view *v)
{
	struct lt_mm *m = p->m;
	struct lt_pages *pages = lt_pages(m);
	u64 since_ns = p->since_ns ?: lt_now_ns() - NSEC_PER_SEC;
	unsigned long found;
	int tries, seq;

	for (tries = p->move_stuck ? RETRIES - 1 : 0; tries < RETRIES; tries++) {
		seq = atomic_read(&m->invalidate_seq);
		/* Pairs with on_range_start(): read the page tables after the number, */
		smp_rmb();
		lt_walk_block(vma, block, v->populated, v->clean);
		if (!lt_page_block(pages, block, &found, v->live, v->young, since_ns) ||
		    found != block) {
			bitmap_zero(v->live, LT_BLOCK_PAGES);
			bitmap_zero(v->young, LT_BLOCK_PAGES);
		}
		/* and compare the number after that. */
		smp_rmb();
		if (!atomic_read(&m->invalidating) &&
		    !atomic_read(&m->target->pending_moves) &&
		    atomic_read(&m->invalidate_seq) == seq)
			return true;
		usleep_range(100, 200);
	}
	p->move_stuck = atomic_read(&m->target->pending_moves);
	return false;
}

static bool is_missing(struct vm_area_struct *vma, unsigned long page)
{
	/* An entry is empty for a moment while its protection is changed. */
	return !lt_walk_populated(vma, page << PAGE_SHIFT) &&
		(lt_vma_type(vma) != LEAKTRACE_TYPE_SHMEM || !lt_walk_shmem_cached(vma, page));
}

/* By runs: of a hole there may be many. */
static void drop_missing(struct pass *p, struct vm_area_struct *vma, unsigned long block,
			 unsigned long *missing)
{
	struct lt_kind_stats *k = &p->m->target->kind[LEAKTRACE_KIND_PAGE];
	unsigned long base = block * LT_BLOCK_PAGES, i, end;
	u64 died;

	for_each_set_bit(i, missing, LT_BLOCK_PAGES)
		if (!is_missing(vma, base + i))
			__clear_bit(i, missing);
	for (i = 0; (i = find_next_bit(missing, LT_BLOCK_PAGES, i)) < LT_BLOCK_PAGES; i = end) {
		end = find_next_zero_bit(missing, LT_BLOCK_PAGES, i);
		died = lt_page_died(lt_pages(p->m), base + i, base + end, p->stack);
		if (!p->end)
			atomic64_add(died, &k->missed_deaths);
	}
}

/* What is live and not populated. Births on their way are live before they are populated. */
static void find_missing(struct pass *p, struct vm_area_struct *vma, unsigned long block,
			 const struct view *v)
{
	unsigned long base = block * LT_BLOCK_PAGES;
	unsigned long first = max3(base, vma->vm_start >> PAGE_SHIFT, p->first) - base;
	unsigned long end = min3(base + LT_BLOCK_PAGES, vma->vm_end >> PAGE_SHIFT,
				 p->end ?: ULONG_MAX) - base;
	unsigned long missing[BITS_TO_LONGS(LT_BLOCK_PAGES)];

	bitmap_andnot(missing, v->live, v->populated, LT_BLOCK_PAGES);
	bitmap_andnot(missing, missing, v->young, LT_BLOCK_PAGES);
	bitmap_clear(missing, 0, first);
	bitmap_clear(missing, end, LT_BLOCK_PAGES - end);
	drop_missing(p, vma, block, missing);
}

/*
 * Populated without anybody's fault: khugepaged filled holes, userfaultfd put
 * pages, or a page that MADV_FREE gave away was written to again.
 */
static void add_found(struct lt_mm *m, struct vm_area_struct *vma, unsigned long block,
		      const unsigned long *found)
{
	struct lt_target *t = m->target;
	u32 site;

	if (bitmap_empty(found, LT_BLOCK_PAGES))
		return;
	site = lt_site_get(t, LEAKTRACE_KIND_PAGE, lt_vma_type(vma), 0);
	atomic64_add(born_here(m, block, found, site, true),
		     &t->kind[LEAKTRACE_KIND_PAGE].missed_births);
}

static void reconcile_block(struct pass *p, struct vm_area_struct *vma, unsigned long block)
{
	unsigned long found[BITS_TO_LONGS(LT_BLOCK_PAGES)];
	struct lt_mm *m = p->m;
	struct view v;

	/* The OOM killer's victim keeps its pages for the last report. */
	if (!read_block(p, vma, block, &v) || READ_ONCE(lt_pages(m)->reaped)) {
		p->missed = true;
		return;
	}
	if (!p->end) {
		bitmap_andnot(found, v.populated, v.live, LT_BLOCK_PAGES);
		bitmap_andnot(found, found, v.clean, LT_BLOCK_PAGES);
		add_found(m, vma, block, found);
	}
	find_missing(p, vma, block, &v);
}

/* The number of the first known block at or above @from. */
static unsigned long known_block(struct lt_mm *m, unsigned long from)
{
	struct lt_page_run run;

	return lt_page_next_run(lt_pages(m), from * LT_BLOCK_PAGES, &run) ?
	       run.page / LT_BLOCK_PAGES : ULONG_MAX;
}

static unsigned long check_block(struct pass *p, struct vm_area_struct *vma, unsigned long block)
{
	reconcile_block(p, vma, block);
	return min(lt_walk_next_block(vma->vm_mm, block), known_block(p->m, block + 1));
}

/* Known pages outside every mapping that we count. */
static void drop_unmapped(struct lt_mm *m)
{
	struct lt_kind_stats *k = &m->target->kind[LEAKTRACE_KIND_PAGE];
	unsigned long from = 0, end;
	struct vm_area_struct *vma;
	struct lt_page_run run;

	while (lt_page_next_run(lt_pages(m), from, &run)) {
		vma = find_vma(m->mm, run.page << PAGE_SHIFT);
		if (vma && vma->vm_start <= run.page << PAGE_SHIFT &&
		    lt_vma_type(vma) != LEAKTRACE_TYPE_UNKNOWN) {
			from = vma->vm_end >> PAGE_SHIFT;
			continue;
		}
		end = run.page + run.n;
		if (vma && vma->vm_start > run.page << PAGE_SHIFT)
			end = min(end, vma->vm_start >> PAGE_SHIFT);
		atomic64_add(lt_page_died(lt_pages(m), run.page, end, 0), &k->missed_deaths);
		from = end;
	}
}

/**
 * lt_page_reconcile() - hold the table against the page tables and repair it
 * @m: address space, alive or being torn down by its last user
 * @last_user: the latter; else the target's rwsem is held for reading, and released for
 *	whoever waits for it: the target may be dead afterwards
 *
 * Context: may sleep.
 * Return: whether all of it was compared; if not, the target says so, too.
 */
bool lt_page_reconcile(struct lt_mm *m, bool last_user)
{
	struct pass p = { .m = m, .rwsem_held = !last_user, .no_yield = last_user,
			  .block = check_block };
	bool done;

	if (last_user)
		mmap_read_lock(m->mm);
	p.locked = last_user || lt_mm_read_lock_timeout(m);
	/* Those that still cannot be tracked are found again. */
	atomic64_set(&m->target->kind[LEAKTRACE_KIND_PAGE].untracked, 0);
	/* Moving pages are still listed at their old place; no move begins under mmap_lock. */
	done = p.locked && walk_mappings(&p) && !atomic_read(&m->target->pending_moves);
	if (done)
		drop_unmapped(m);
	if (p.locked)
		mmap_read_unlock(m->mm);
	done &= !p.missed;
	if (!done)
		lt_target_unconfirmed(m->target);
	return done;
}

/* Compares what is known of [from, end), as far as it is of shared memory. */
static void compare_hole(struct pass *p)
{
	unsigned long from = p->first, block;
	struct vm_area_struct *vma;
	struct lt_page_run run;

	while (from < p->end && lt_page_next_run(lt_pages(p->m), from, &run) &&
	       run.page < p->end) {
		block = run.page / LT_BLOCK_PAGES;
		from = (block + 1) * LT_BLOCK_PAGES;
		vma = find_vma(p->m->mm, run.page << PAGE_SHIFT);
		if (!vma)
			break;
		if (vma->vm_start >> PAGE_SHIFT > run.page) {
			from = min(from, vma->vm_start >> PAGE_SHIFT);
			continue;
		}
		from = min(from, vma->vm_end >> PAGE_SHIFT);
		if (lt_vma_type(vma) == LEAKTRACE_TYPE_SHMEM)
			reconcile_block(p, vma, block);
		cond_resched();
	}
}

/**
 * lt_page_sync_hole() - current's system call took pages off a file
 * @m: its address space
 * @first: first page of the range that it may have taken them from
 * @end: one past the last
 * @began_ns: when it began to
 * @stack: where it was called
 *
 * What another thread touched for the first time meanwhile, in the same millisecond or
 * before, and does not have yet, passes for gone until the next reconcile.
 *
 * Context: may sleep, the target's rwsem held for reading.
 */
void lt_page_sync_hole(struct lt_mm *m, unsigned long first, unsigned long end, u64 began_ns,
		       u32 stack)
{
	struct pass p = { .m = m, .first = first, .end = end, .since_ns = began_ns,
			  .stack = stack };

	p.locked = lt_mm_read_lock_timeout(m);
	if (p.locked) {
		compare_hole(&p);
		mmap_read_unlock(m->mm);
	}
	if (!p.locked || p.missed)
		lt_target_unconfirmed(m->target);
}
