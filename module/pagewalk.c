// SPDX-License-Identifier: GPL-2.0
/*
 * The truth about pages: the page tables, read to take the baseline, after
 * faults that may have mapped more than one page, and to reconcile.
 *
 * Page tables are read without their locks. mmap_lock keeps the mapping and,
 * with RCU where empty tables may be freed under a mapping (v6.14, "x86: mm:
 * free page table pages by RCU instead of semi RCU"), the tables. A torn view is
 * of one entry only, and what
 * reconcile does with it is decided under lt_mm.lock and only if no
 * invalidation was under way (as KVM does).
 */
#include <linux/delay.h>
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/pgtable.h>
#include <linux/sched/mm.h>
#include <linux/swap.h>
#include <linux/swapops.h>
#ifdef LT_HAVE_SOFTLEAF
#include <linux/leafops.h>
#endif
#include <linux/uaccess.h>
#include <linux/xarray.h>

#include "leaktrace.h"

enum {
	RETRIES = 10,
};

/* The pmd that maps @addr; false if an upper level is empty or huge. */
static bool read_pmd(struct mm_struct *mm, unsigned long addr, pmd_t *out)
{
	pgd_t *pgd = pgd_offset(mm, addr);
	p4d_t *p4d;
	pud_t *pud;

	if (pgd_none(READ_ONCE(*pgd)))
		return false;
	p4d = p4d_offset(pgd, addr);
	if (p4d_none(READ_ONCE(*p4d)))
		return false;
	pud = pud_offset(p4d, addr);
	if (pud_none(READ_ONCE(*pud)) || !pud_present(READ_ONCE(*pud)) ||
	    pud_leaf(READ_ONCE(*pud)))
		return false;
	*out = READ_ONCE(*pmd_offset(pud, addr));
	return true;
}

/**
 * lt_walk_pmd_none() - is nothing mapped around an address
 * @mm: address space; mmap_lock or a mapping's lock is held
 * @addr: the address
 *
 * Context: any.
 * Return: whether a fault there may map a whole huge page.
 */
bool lt_walk_pmd_none(struct mm_struct *mm, unsigned long addr)
{
	pmd_t pmd;

	return !read_pmd(mm, addr, &pmd) || pmd_none(pmd);
}

/* v5.19, 679d10331910: an entry that says something of an empty page. */
static bool is_marker(pte_t pte)
{
#if defined(LT_HAVE_SOFTLEAF)	/* v6.19, 68aa2fdbf57f: renamed */
	return !pte_present(pte) && softleaf_is_marker(softleaf_from_pte(pte));
#elif defined(LT_HAVE_PTE_MARKER)
	return is_pte_marker(pte);
#else
	return false;
#endif
}

static bool is_populated(pte_t pte)
{
	return !pte_none(pte) && !is_marker(pte);
}

/**
 * lt_walk_populated() - is a page populated
 * @vma: its mapping; mmap_lock or the mapping's lock is held
 * @addr: its address
 *
 * Context: any.
 * Return: whether it has a page table entry.
 */
bool lt_walk_populated(struct vm_area_struct *vma, unsigned long addr)
{
	bool yes = false;
	pmd_t pmd;

	rcu_read_lock();
	if (read_pmd(vma->vm_mm, addr, &pmd) && !pmd_none(pmd))
		yes = !pmd_present(pmd) || pmd_trans_huge(pmd) ||
		      is_populated(READ_ONCE(*pte_offset_kernel(&pmd, addr)));
	rcu_read_unlock();
	return yes;
}

/**
 * lt_walk_bring_in() - have a page of current's in memory
 * @addr: in it
 *
 * Only what was there and is elsewhere now: a page that was never touched stays so.
 *
 * Context: sleeps, takes mmap_lock.
 * Return: whether it was there.
 */
bool lt_walk_bring_in(unsigned long addr)
{
	struct vm_area_struct *vma;
	bool known;
	char byte;

	mmap_read_lock(current->mm);
	vma = find_vma(current->mm, addr);
	known = vma && vma->vm_start <= addr && lt_walk_populated(vma, addr);
	mmap_read_unlock(current->mm);
	return known && !copy_from_user(&byte, (void __user *)addr, sizeof(byte));
}

/* Maybe MADV_FREE gave it away, and nobody has written to it since: the kernel
 * marks such pages late and in batches, but makes their entries clean at once.
 */
static bool is_clean(pte_t pte)
{
	return pte_present(pte) && !pte_dirty(pte) && !pte_special(pte);
}

/**
 * lt_walk_block() - which pages of a block are populated
 * @vma: mapping; mmap_lock is held
 * @block: block number; bits outside the mapping stay clear
 * @populated: 512 bits, set
 * @clean: 512 bits, set to those not written to; or NULL
 *
 * Populated is what has a page table entry: present, swapped out, migrating.
 *
 * Context: may not sleep while reading.
 */
void lt_walk_block(struct vm_area_struct *vma, unsigned long block,
		   unsigned long *populated, unsigned long *clean)
{
	unsigned long base = block * LT_BLOCK_PAGES;
	unsigned long first = max(base, vma->vm_start >> PAGE_SHIFT) - base;
	unsigned long end = min(base + LT_BLOCK_PAGES, vma->vm_end >> PAGE_SHIFT) - base;
	unsigned long i;
	pmd_t pmd;
	pte_t *pte;

	bitmap_zero(populated, LT_BLOCK_PAGES);
	if (clean)
		bitmap_zero(clean, LT_BLOCK_PAGES);
	rcu_read_lock();
	if (!read_pmd(vma->vm_mm, base << PAGE_SHIFT, &pmd) || pmd_none(pmd))
		goto out;
	if (!pmd_present(pmd) || pmd_trans_huge(pmd)) {
		bitmap_set(populated, first, end - first);
		goto out;
	}
	pte = pte_offset_kernel(&pmd, base << PAGE_SHIFT);
	for (i = first; i < end; i++) {
		pte_t entry = READ_ONCE(pte[i]);

		if (is_populated(entry))
			__set_bit(i, populated);
		if (clean && is_clean(entry))
			__set_bit(i, clean);
	}
out:
	rcu_read_unlock();
}

/**
 * lt_walk_shmem_cached() - does shared memory still hold this page
 * @vma: a mapping of type SHMEM; mmap_lock is held
 * @page: a page of it without a page table entry
 *
 * Shared pages that are swapped out have no entry in the page table, but one
 * in the file's cache.
 *
 * Context: any.
 * Return: whether it does.
 */
bool lt_walk_shmem_cached(struct vm_area_struct *vma, unsigned long page)
{
	pgoff_t index = page - (vma->vm_start >> PAGE_SHIFT) + vma->vm_pgoff;

	return xa_is_value(xa_load(&vma->vm_file->f_mapping->i_pages, index));
}

/* Calls @fn for every counted mapping; mmap_lock is held for reading. */
static void walk_mappings(struct lt_mm *m, void (*fn)(struct lt_mm *, struct vm_area_struct *))
{
	struct vm_area_struct *vma;
	unsigned long addr = 0;

	while ((vma = find_vma(m->mm, addr))) {
		if (lt_vma_type(vma) != LEAKTRACE_TYPE_UNKNOWN)
			fn(m, vma);
		addr = vma->vm_end;
	}
}

static unsigned long first_block(const struct vm_area_struct *vma)
{
	return (vma->vm_start >> PAGE_SHIFT) / LT_BLOCK_PAGES;
}

static unsigned long last_block(const struct vm_area_struct *vma)
{
	return ((vma->vm_end - 1) >> PAGE_SHIFT) / LT_BLOCK_PAGES;
}

/* A terabyte of reserved, untouched addresses is the rule, not the exception
 * (Go, sanitizers): step over empty upper levels.
 */
static unsigned long next_block(struct mm_struct *mm, unsigned long block)
{
	unsigned long addr = (block + 1) * LT_BLOCK_PAGES << PAGE_SHIFT;
	pgd_t *pgd = pgd_offset(mm, addr);
	p4d_t *p4d;
	pud_t *pud;

	if (pgd_none(READ_ONCE(*pgd)))
		return (ALIGN(addr + 1, PGDIR_SIZE) >> PAGE_SHIFT) / LT_BLOCK_PAGES;
	p4d = p4d_offset(pgd, addr);
	if (p4d_none(READ_ONCE(*p4d)))
		return (ALIGN(addr + 1, P4D_SIZE) >> PAGE_SHIFT) / LT_BLOCK_PAGES;
	pud = pud_offset(p4d, addr);
	if (pud_none(READ_ONCE(*pud)))
		return (ALIGN(addr + 1, PUD_SIZE) >> PAGE_SHIFT) / LT_BLOCK_PAGES;
	return block + 1;
}

static void list_mapping(struct lt_mm *m, struct vm_area_struct *vma)
{
	unsigned long populated[BITS_TO_LONGS(LT_BLOCK_PAGES)], block;
	unsigned int i;

	for (block = first_block(vma); block <= last_block(vma);
	     block = next_block(vma->vm_mm, block)) {
		lt_walk_block(vma, block, populated, NULL);
		for_each_set_bit(i, populated, LT_BLOCK_PAGES)
			lt_page_baseline(m, block * LT_BLOCK_PAGES + i);
		cond_resched();
	}
}

/**
 * lt_mm_baseline() - list the pages that are populated now
 * @m: a new address space
 *
 * Context: may sleep; the caller holds a user reference to the mm.
 */
void lt_mm_baseline(struct lt_mm *m)
{
	mmap_read_lock(m->mm);
	walk_mappings(m, list_mapping);
	mmap_read_unlock(m->mm);
}

static void born_here(struct lt_mm *m, unsigned long block, const unsigned long *pages,
		      u32 site)
{
	u64 now_ns = lt_now_ns();
	unsigned int i;

	for_each_set_bit(i, pages, LT_BLOCK_PAGES)
		lt_page_born(m, block * LT_BLOCK_PAGES + i, site, now_ns);
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

	mmap_read_lock(m->mm);
	vma = find_vma(m->mm, addr);
	if (vma && vma->vm_start <= addr && lt_vma_type(vma) != LEAKTRACE_TYPE_UNKNOWN) {
		lt_walk_block(vma, block, populated, NULL);
		born_here(m, block, populated, site);
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
static bool look(struct lt_mm *m, struct vm_area_struct *vma, unsigned long block,
		 struct view *v)
{
	unsigned long found;
	int tries, seq;

	for (tries = 0; tries < RETRIES; tries++) {
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
		if (!atomic_read(&m->invalidating) && atomic_read(&m->invalidate_seq) == seq)
			return true;
		usleep_range(100, 200);
	}
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

		if (shmem && lt_walk_shmem_cached(vma, page))
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
	unsigned int n = bitmap_weight(found, LT_BLOCK_PAGES);

	if (!n)
		return;
	atomic64_add(n, &t->kind[LEAKTRACE_KIND_PAGE].missed_births);
	born_here(m, block, found, lt_site_get(t, LEAKTRACE_KIND_PAGE, lt_vma_type(vma), 0));
}

static void reconcile_block(struct lt_mm *m, struct vm_area_struct *vma, unsigned long block)
{
	unsigned long base = block * LT_BLOCK_PAGES, first, end;
	unsigned long work[BITS_TO_LONGS(LT_BLOCK_PAGES)];
	struct view v;

	if (!look(m, vma, block, &v)) {
		lt_inexact(m->target, LEAKTRACE_INEXACT_NO_RECONCILE);
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

static void reconcile_mapping(struct lt_mm *m, struct vm_area_struct *vma)
{
	unsigned long block = first_block(vma);

	while (block <= last_block(vma)) {
		reconcile_block(m, vma, block);
		block = min(next_block(vma->vm_mm, block), known_block(m, block + 1));
		cond_resched();
	}
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
 *
 * Context: may sleep; gate held for reading, or the mm's last user.
 */
void lt_mm_reconcile(struct lt_mm *m)
{
	mmap_read_lock(m->mm);
	walk_mappings(m, reconcile_mapping);
	drop_unmapped(m);
	mmap_read_unlock(m->mm);
}
