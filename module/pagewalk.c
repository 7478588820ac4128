// SPDX-License-Identifier: GPL-2.0
/*
 * Reads the kernel's page tables.
 *
 * Page tables are read without their locks. mmap_lock keeps the mapping and,
 * with RCU where empty tables may be freed under a mapping (v6.14, "x86: mm:
 * free page table pages by RCU instead of semi RCU"), the tables. Each entry is read at
 * once, but two may be of different moments: pagesync.c decides what to believe.
 */
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/pgtable.h>
#include <linux/swap.h>
#include <linux/swapops.h>
#ifdef LT_HAVE_SOFTLEAF
#include <linux/leafops.h>
#endif
#include <linux/uaccess.h>
#include <linux/xarray.h>

#include "page.h"

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
 * lt_walk_fault_in() - make a page of current's present
 * @addr: in it
 *
 * Only if it is populated (swapped out, say): a page that was never touched stays so.
 *
 * Context: sleeps, takes mmap_lock.
 * Return: whether it is present.
 */
bool lt_walk_fault_in(unsigned long addr)
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

/*
 * Perhaps freed by MADV_FREE and not written to since: the kernel marks such pages late
 * and in batches, but makes their page table entries clean at once.
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

/**
 * lt_walk_next_block() - the next block that may have anything
 * @mm: address space; mmap_lock is held
 * @block: a block number
 *
 * A terabyte of reserved, untouched addresses is the rule, not the exception
 * (Go, sanitizers): empty upper levels are stepped over.
 *
 * Context: any.
 * Return: block number.
 */
unsigned long lt_walk_next_block(struct mm_struct *mm, unsigned long block)
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
