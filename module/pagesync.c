// SPDX-License-Identifier: GPL-2.0
/*
 * The table of pages and the page tables brought together: the baseline, blocks in
 * which a fault may have mapped more than one page, and reconcile.
 *
 * What is done with a look at the page tables is decided under lt_mm.lock, and only if
 * no invalidation was under way (as KVM does), nor pages of mremap on their way.
 *
 * A walk of all pages takes long. Whoever waits for mmap_lock or the gate meanwhile is
 * let in between two blocks.
 */
#include <linux/delay.h>
#include <linux/mm.h>
#include <linux/sched/mm.h>

#include "leaktrace.h"

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
	bool rwsem_held;	/* the target's rwsem is held for reading */
	bool patient;		/* others wait until it is done */
	bool locked;		/* mmap_lock is held for reading */
	bool missed;		/* a block that could not be compared */
	bool hopeless;		/* a move does not come to its end: no block waits for it again */
	/* Does one block of a mapping. Return: the next one's number. */
	unsigned long (*block)(struct pass *p, struct vm_area_struct *vma, unsigned long block);
};

static bool is_waited_for(const struct pass *p)
{
	return !p->patient && (rwsem_is_contended(&p->m->mm->mmap_lock) ||
			       (p->rwsem_held && rwsem_is_contended(&p->m->target->rwsem)));
}

/* Lets others have what they wait for. Return: whether there is anything left to walk. */
static bool give_way(struct pass *p)
{
	struct lt_target *t = p->m->target;

	mmap_read_unlock(p->m->mm);
	if (p->rwsem_held)
		up_read(&t->rwsem);
	/* Who has waited is slower to get it than we are. */
	usleep_range(50, 100);
	if (p->rwsem_held)
		down_read(&t->rwsem);
	p->locked = lt_mm_read_lock_timeout(p->m);
	return p->locked && !t->dead && !READ_ONCE(p->m->gone);
}

/* As much of a mapping as nobody waits for. Return: where to go on. */
static unsigned long walk_mapping(struct pass *p, struct vm_area_struct *vma, unsigned long addr)
{
	unsigned long block = (addr >> PAGE_SHIFT) / LT_BLOCK_PAGES;

	if (lt_vma_type(vma) == LEAKTRACE_TYPE_UNKNOWN)
		return vma->vm_end;
	do {
		block = p->block(p, vma, block);
		cond_resched();
	} while (block <= last_block(vma) && !is_waited_for(p));
	return start_of(vma, block);
}

/* mmap_lock is held, but not all the time. Return: whether it came to the end. */
static bool walk_mappings(struct pass *p)
{
	struct vm_area_struct *vma;
	unsigned long addr = 0;

	while ((vma = find_vma(p->m->mm, addr))) {
		addr = walk_mapping(p, vma, max(addr, vma->vm_start));
		if (is_waited_for(p) && !give_way(p))
			return false;
	}
	return true;
}

static unsigned long list_block(struct pass *p, struct vm_area_struct *vma, unsigned long block)
{
	unsigned long populated[BITS_TO_LONGS(LT_BLOCK_PAGES)];

	lt_pool_top_up();
	lt_walk_block(vma, block, populated, NULL);
	lt_page_baseline(p->m, block, populated);
	return lt_walk_next_block(vma->vm_mm, block);
}

/**
 * lt_mm_baseline() - list the pages that are populated now
 * @m: a new address space
 * @rwsem_held: t->rwsem is held for reading, and released for whoever waits for it: the target may
 *	have another address space afterwards; else it is held for writing
 *
 * What comes and goes meanwhile is seen by the probes.
 *
 * Context: may sleep; the caller holds a user reference to the mm.
 * Return: 0, -EBUSY if mmap_lock is not to be had, or current is killed meanwhile.
 */
int lt_mm_baseline(struct lt_mm *m, bool rwsem_held)
{
	struct pass p = { .m = m, .rwsem_held = rwsem_held, .block = list_block };
	bool over;
	u32 moves;

	p.locked = lt_mm_read_lock_timeout(m);
	if (!p.locked)
		return -EBUSY;
	/* What mremap took away before a walk came to it is behind that walk now. */
	do {
		moves = m->moves;
		over = !walk_mappings(&p) || p.patient;
		p.patient = true;
	} while (!over && m->moves != moves);
	WRITE_ONCE(m->listed, true);
	if (p.locked)
		mmap_read_unlock(m->mm);
	return p.locked ? 0 : -EBUSY;
}

/* Return: how many there was room for. */
static unsigned int born_here(struct lt_mm *m, unsigned long block, const unsigned long *pages,
			      u32 site, bool again)
{
	u64 now_ns = lt_now_ns();
	unsigned int i, n = 0;

	for_each_set_bit(i, pages, LT_BLOCK_PAGES)
		n += lt_page_born(m, block * LT_BLOCK_PAGES + i, site, now_ns, again);
	return n;
}

/*
 * Where nobody had touched a block, all that is in it came by the fault; of shared memory
 * others may have been there before, and are the baseline's to list.
 */
static bool is_all_new(struct lt_mm *m, struct vm_area_struct *vma)
{
	enum leaktrace_type type = lt_vma_type(vma);

	if (type == LEAKTRACE_TYPE_SHMEM)
		return READ_ONCE(m->listed);
	return type == LEAKTRACE_TYPE_ANON;
}

/**
 * lt_mm_sync_block() - a fault may have mapped more than its page
 * @m: current's address space
 * @addr: where it was
 * @site: its site, which the others share
 *
 * Context: may sleep.
 */
void lt_mm_sync_block(struct lt_mm *m, unsigned long addr, u32 site)
{
	unsigned long populated[BITS_TO_LONGS(LT_BLOCK_PAGES)];
	unsigned long block = (addr >> PAGE_SHIFT) / LT_BLOCK_PAGES;
	struct vm_area_struct *vma;

	if (!lt_mm_read_lock_timeout(m)) {
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
static bool look(struct pass *p, struct vm_area_struct *vma, unsigned long block,
		 struct view *v)
{
	struct lt_mm *m = p->m;
	unsigned long found;
	int tries, seq;

	for (tries = p->hopeless ? RETRIES - 1 : 0; tries < RETRIES; tries++) {
		seq = atomic_read(&m->invalidate_seq);
		/* Pairs with on_range_start(): look after the number was read, */
		smp_rmb();
		lt_walk_block(vma, block, v->populated, v->clean);
		if (!lt_page_block(m, block, &found, v->live, v->young) || found != block) {
			bitmap_zero(v->live, LT_BLOCK_PAGES);
			bitmap_zero(v->young, LT_BLOCK_PAGES);
		}
		/* and compare it after the look. */
		smp_rmb();
		if (!atomic_read(&m->invalidating) && !atomic_read(&m->target->pending_moves) &&
		    atomic_read(&m->invalidate_seq) == seq)
			return true;
		usleep_range(100, 200);
	}
	p->hopeless = atomic_read(&m->target->pending_moves);
	return false;
}

static void drop_missing(struct lt_mm *m, struct vm_area_struct *vma, unsigned long block,
			 const unsigned long *missing)
{
	struct lt_kind_stats *k = &m->target->kind[LEAKTRACE_KIND_PAGE];
	bool shmem = lt_vma_type(vma) == LEAKTRACE_TYPE_SHMEM;
	unsigned int i;

	for_each_set_bit(i, missing, LT_BLOCK_PAGES) {
		unsigned long page = block * LT_BLOCK_PAGES + i;

		/* An entry is empty for a moment while its protection is changed. */
		if (lt_walk_populated(vma, page << PAGE_SHIFT) ||
		    (shmem && lt_walk_shmem_cached(vma, page)))
			continue;
		atomic64_add(lt_page_died(m, page, page + 1, 0), &k->missed_deaths);
	}
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
	struct lt_mm *m = p->m;
	unsigned long base = block * LT_BLOCK_PAGES, first, end;
	unsigned long work[BITS_TO_LONGS(LT_BLOCK_PAGES)];
	struct view v;

	/* What was reaped is not there, and is what its last report is about. */
	if (!look(p, vma, block, &v) || READ_ONCE(m->reaped)) {
		p->missed = true;
		return;
	}
	bitmap_andnot(work, v.populated, v.live, LT_BLOCK_PAGES);
	bitmap_andnot(work, work, v.clean, LT_BLOCK_PAGES);
	add_found(m, vma, block, work);

	/* Births on their way are live before they are populated. */
	bitmap_andnot(work, v.live, v.populated, LT_BLOCK_PAGES);
	bitmap_andnot(work, work, v.young, LT_BLOCK_PAGES);
	first = max(base, vma->vm_start >> PAGE_SHIFT) - base;
	end = min(base + LT_BLOCK_PAGES, vma->vm_end >> PAGE_SHIFT) - base;
	bitmap_clear(work, 0, first);
	bitmap_clear(work, end, LT_BLOCK_PAGES - end);
	drop_missing(m, vma, block, work);
}

/* The number of the first known block at or above @from. */
static unsigned long known_block(struct lt_mm *m, unsigned long from)
{
	struct lt_page_run run;

	return lt_page_next_run(m, from * LT_BLOCK_PAGES, &run) ?
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

	while (lt_page_next_run(m, from, &run)) {
		vma = find_vma(m->mm, run.page << PAGE_SHIFT);
		if (vma && vma->vm_start <= run.page << PAGE_SHIFT &&
		    lt_vma_type(vma) != LEAKTRACE_TYPE_UNKNOWN) {
			from = vma->vm_end >> PAGE_SHIFT;
			continue;
		}
		end = run.page + run.n;
		if (vma && vma->vm_start > run.page << PAGE_SHIFT)
			end = min(end, vma->vm_start >> PAGE_SHIFT);
		atomic64_add(lt_page_died(m, run.page, end, 0), &k->missed_deaths);
		from = end;
	}
}

/**
 * lt_mm_reconcile() - hold the table against the page tables and repair it
 * @m: address space, alive or being torn down by its last user
 * @last_user: the latter; else the gate is held for reading, but given to who waits
 *	for it: the target may be dead afterwards
 *
 * Context: may sleep.
 * Return: whether all of it was compared; if not, the target says so, too.
 */
bool lt_mm_reconcile(struct lt_mm *m, bool last_user)
{
	struct pass p = { .m = m, .rwsem_held = !last_user, .patient = last_user, .block = check_block };
	bool done;

	if (last_user)
		mmap_read_lock(m->mm);
	p.locked = last_user || lt_mm_read_lock_timeout(m);
	/* Those for which there is still no room are found again. */
	atomic64_set(&m->target->kind[LEAKTRACE_KIND_PAGE].untracked, 0);
	/* What moves still stands where it was; no other move begins under the lock. */
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
