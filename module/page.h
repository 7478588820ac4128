/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Pages: kind_page.c (births), page_unmap.c (deaths, moves), page.c (the table),
 * pagewalk.c (reads the page tables), pagesync.c (compares the two).
 */
#ifndef _LT_PAGE_H
#define _LT_PAGE_H

#include <linux/cache.h>
#include <linux/mm_types.h>
#include <linux/rbtree.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/leaktrace.h>

#include "mm.h"

struct lt_store;
struct lt_target;

#define LT_BLOCK_PAGES	512	/* pages of one block: what one pmd maps */

/* What is known of an address space's pages: lt_mm.data of the kind. */
struct lt_pages {
	/* Read by every fault; written once. */
	struct lt_target *target;
	bool listed;			/* baseline is complete */
	bool confirmed;			/* compared with the page tables as the last user left */
	bool reaped;			/* the OOM killer took pages already */

	/* Written where a block comes or goes, and by mremap. */
	raw_spinlock_t lock ____cacheline_aligned_in_smp;	/* protects blocks */
	struct rb_root blocks;
	struct task_struct *mover;	/* has a mremap work; only compared, under mmap_lock */
	u32 moves;			/* by mremap so far; written under mmap_lock */
};

static inline struct lt_pages *lt_pages(const struct lt_mm *m)
{
	return m->data[LEAKTRACE_KIND_PAGE];
}

/* page.c */
extern const struct lt_store lt_page_store;
extern unsigned int lt_max_page_cells;

/* One run of pages of one birth, as lt_page_next_run() finds them. */
struct lt_page_run {
	unsigned long page;
	unsigned int n;
	u32 site;
	u64 born_ns;
	bool baseline;
};

bool lt_page_born(struct lt_pages *p, unsigned long page, u32 site, u64 now_ns, bool again);
bool lt_page_is_live(struct lt_pages *p, unsigned long page);
u64 lt_page_died(struct lt_pages *p, unsigned long first, unsigned long end, u32 stack);
void lt_page_moved(struct lt_pages *p, unsigned long from, unsigned long to, unsigned long n);
void lt_page_forget(struct lt_pages *p);
u32 lt_page_rewalked(struct lt_pages *p, unsigned long page, u64 born_ns, u32 cut, u32 stack);
void lt_page_baseline(struct lt_pages *p, unsigned long nr, const unsigned long *populated);
bool lt_page_block(struct lt_pages *p, unsigned long from, unsigned long *block,
		   unsigned long *live, unsigned long *young, u64 since_ns);
bool lt_page_next_run(struct lt_pages *p, unsigned long from, struct lt_page_run *run);
u32 lt_page_cells_used(void);

/* page_unmap.c */
void lt_page_invalidate(struct lt_mm *m, const struct mmu_notifier_range *range);

/* kind_page.c */
enum leaktrace_type lt_vma_type(struct vm_area_struct *vma);

/* pagewalk.c */
void lt_walk_block(struct vm_area_struct *vma, unsigned long block,
		   unsigned long *populated, unsigned long *clean);
bool lt_walk_fault_in(unsigned long addr);
bool lt_walk_populated(struct vm_area_struct *vma, unsigned long addr);
bool lt_walk_pmd_none(struct mm_struct *mm, unsigned long addr);
bool lt_walk_shmem_cached(struct vm_area_struct *vma, unsigned long page);
unsigned long lt_walk_next_block(struct mm_struct *mm, unsigned long block);

/* pagesync.c */
int lt_page_baseline_walk(struct lt_mm *m, bool rwsem_held);
bool lt_page_reconcile(struct lt_mm *m, bool last_user);
void lt_page_sync_block(struct lt_mm *m, unsigned long addr, u32 site);
void lt_page_sync_hole(struct lt_mm *m, unsigned long first, unsigned long end, u64 began_ns,
		       u32 stack);

#endif /* _LT_PAGE_H */
