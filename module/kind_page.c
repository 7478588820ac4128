// SPDX-License-Identifier: GPL-2.0
/*
 * page: one populated page of the target's anonymous or shared-anonymous
 * memory, known by its address in the process.
 *
 * Born at the first fault on an address that is not live: handle_mm_fault()
 * is where faults from user mode, from inside system calls, and populating
 * (mlock, MAP_POPULATE, process_vm_writev, io_uring) meet. A fault on a live
 * address (COW after fork, swap-in, NUMA hint, write to the zero page) is no
 * birth. A fault may map more than its own page (a huge page, fault-around):
 * whoever may have is looked at on the way back to user mode.
 *
 * Died: mm.c. Not seen at once, but at the next reconcile: pages that
 * userfaultfd or khugepaged put where nobody touched.
 *
 * Known by the address space: faults of a vfork child count for the target,
 * whose memory it is.
 */
#include <linux/fs.h>
#include <linux/ftrace.h>
#include <linux/huge_mm.h>
#include <linux/magic.h>
#include <linux/mm.h>
#include <linux/ptrace.h>

#include "leaktrace.h"

/**
 * lt_vma_type() - do we count this mapping's pages, and as what
 * @vma: the mapping; its lock or mmap_lock is held
 *
 * Shared memory counts if it belongs to no file system that anybody mounted:
 * MAP_SHARED | MAP_ANONYMOUS, memfd, SysV.
 *
 * Context: any.
 * Return: LEAKTRACE_TYPE_ANON, _SHMEM, or _UNKNOWN: not counted.
 */
enum leaktrace_type lt_vma_type(struct vm_area_struct *vma)
{
	const struct super_block *sb;

	if (vma->vm_flags & (VM_PFNMAP | VM_MIXEDMAP | VM_IO | VM_HUGETLB))
		return LEAKTRACE_TYPE_UNKNOWN;
	if (vma_is_anonymous(vma))
		return LEAKTRACE_TYPE_ANON;
	if (!vma->vm_file || !(vma->vm_flags & VM_SHARED))
		return LEAKTRACE_TYPE_UNKNOWN;
	sb = file_inode(vma->vm_file)->i_sb;
	if (sb->s_magic == TMPFS_MAGIC && (sb->s_flags & SB_KERNMOUNT))
		return LEAKTRACE_TYPE_SHMEM;
	return LEAKTRACE_TYPE_UNKNOWN;
}

/* May this fault map more than its own page? */
static bool may_map_more(struct vm_area_struct *vma, unsigned long addr,
			 unsigned int flags, enum leaktrace_type type)
{
	unsigned long start = addr & HPAGE_PMD_MASK;

	if (type == LEAKTRACE_TYPE_SHMEM && !(flags & FAULT_FLAG_WRITE))
		return true;
	return start >= vma->vm_start && start + HPAGE_PMD_SIZE <= vma->vm_end &&
	       lt_walk_pmd_none(vma->vm_mm, addr);
}

static void touched(struct lt_mm *m, struct vm_area_struct *vma,
		    unsigned long addr, unsigned int flags)
{
	enum leaktrace_type type = lt_vma_type(vma);
	unsigned long page = addr >> PAGE_SHIFT;
	struct lt_target *t = m->target;
	u64 now_ns = lt_now_ns();
	bool own = current->mm == m->mm;
	u32 stack, site;

	if (type == LEAKTRACE_TYPE_UNKNOWN || lt_page_is_live(m, page))
		return;
	/* Populated, and the baseline has not come by yet. */
	if (!READ_ONCE(m->listed) && lt_walk_populated(vma, addr))
		return;
	stack = own ? lt_stack_capture(t) : 0;
	if (own && !stack)
		lt_inexact(t, LEAKTRACE_INEXACT_STACKS_FULL);
	site = lt_site_get(t, LEAKTRACE_KIND_PAGE, type, stack);
	if (!lt_page_born(m, page, site, now_ns, false))
		return;
	if (own && may_map_more(vma, addr, flags, type))
		lt_work_queue(t, current, LT_WORK_BLOCK, addr, site, stack);
	else if (unlikely(stack & LT_STACK_CUT))
		lt_work_queue(t, current, LT_WORK_BIRTH, page,
			      LT_BIRTH(now_ns, LEAKTRACE_KIND_PAGE), stack);
}

/* Not inline: a bystander shall not save registers for what is not its own. */
static noinline void notrace on_fault(const void *hook, struct ftrace_regs *fregs)
{
	struct vm_area_struct *vma = (void *)lt_arg(fregs, 0);
	struct lt_key *k;

	if (!lt_probe_enter(hook))
		return;
	k = lt_key_find(vma->vm_mm, LT_KEY_MM);
	if (k && !READ_ONCE(k->mm->gone) && lt_target_wants(k->target, LEAKTRACE_KIND_PAGE))
		touched(k->mm, vma, lt_arg(fregs, 1), lt_arg(fregs, 2));
	lt_probe_leave();
}

/* handle_mm_fault(vma, address, flags, regs) */
static void notrace on_handle_mm_fault(const void *hook, struct ftrace_regs *fregs)
{
	struct vm_area_struct *vma = (void *)lt_arg(fregs, 0);

	if (unlikely(lt_filter_hit(vma->vm_mm)))
		on_fault(hook, fregs);
}

const struct lt_probe lt_page_probes[] = {
	{
		.name = "handle_mm_fault", .how = LEAKTRACE_PROBE_FTRACE,
		.kinds = LT_KINDBIT(PAGE), .fn = on_handle_mm_fault, .required = true,
		.why = "first touch of pages",
	}, {
		.name = "invalidate_range_start", .how = LEAKTRACE_PROBE_MMU_NOTIFIER,
		.kinds = LT_KINDBIT(PAGE), .required = true,
		.why = "pages unmapped, on the target's address space only",
	},
	{ }
};
