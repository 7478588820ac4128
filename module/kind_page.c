// SPDX-License-Identifier: GPL-2.0
/*
 * page: one populated page of the target's anonymous or shared-anonymous
 * memory, known by its address in the process.
 *
 * Born at the first fault on an address that is not live: handle_mm_fault()
 * is where faults from user mode, from inside system calls, and populating
 * (mlock, MAP_POPULATE, process_vm_writev, io_uring) meet. A fault on a live
 * address (COW after fork, swap-in, NUMA hint, write to the zero page) is no
 * birth. A fault may map more than its own page (a huge page, fault-around): then
 * the whole block is looked at on the way back to user mode.
 *
 * Died: page_unmap.c. Not seen at once, but at the next reconcile: pages that
 * userfaultfd or khugepaged put where there was no fault.
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
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <net/netlink.h>

#include "key.h"
#include "kind.h"
#include "leaktrace.h"
#include "mm.h"
#include "netlink.h"
#include "object.h"
#include "page.h"
#include "probe.h"
#include "site.h"
#include "stack.h"
#include "target.h"
#include "work.h"

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

struct sync_args {
	unsigned long addr;	/* of the fault */
	u32 site;
};

/* A fault may have mapped more than its page. */
static void sync_run(struct lt_work *w)
{
	const struct sync_args *s = lt_work_args(w);
	u32 stack = lt_work_lock(w), site = 0;
	struct lt_mm *m = w->target->dead ? NULL : lt_mm_get(w->target);

	if (m && stack)
		site = lt_page_rewalked(lt_pages(m), s->addr >> PAGE_SHIFT, 0, w->stack, stack);
	if (m && m->mm == current->mm)
		lt_page_sync_block(m, s->addr, site ?: s->site);
	lt_mm_put(m);
	lt_work_unlock(w);
}

/* One system call that populates gigabytes queues one for each two MiB, and runs none. */
static const struct lt_work_type sync_work = {
	.run = sync_run,
	LT_WORK_ARGS(struct sync_args),
	.loss = LT_WORK_REPAIRABLE,
	.bulk = true,
};

static void sync_later(struct lt_target *t, unsigned long addr, u32 site, u32 stack)
{
	struct sync_args args = { .addr = addr, .site = site };

	lt_work_queue(t, current, &sync_work, stack, &args);
}

struct birth_args {
	unsigned long page;
	u64 born_ns;
};

static void birth_run(struct lt_work *w)
{
	const struct birth_args *b = lt_work_args(w);
	u32 stack = lt_work_lock(w);
	struct lt_mm *m = stack && !w->target->dead ? lt_mm_get(w->target) : NULL;

	if (m)
		lt_page_rewalked(lt_pages(m), b->page, b->born_ns, w->stack, stack);
	lt_mm_put(m);
	lt_work_unlock(w);
}

static const struct lt_work_type birth_work = {
	.run = birth_run,
	LT_WORK_ARGS(struct birth_args),
	.loss = LT_WORK_ONLY_STACK,
};

static noinline void complete_later(struct lt_target *t, unsigned long page, u64 now_ns, u32 stack)
{
	struct birth_args args = { .page = page, .born_ns = now_ns };

	lt_work_queue(t, current, &birth_work, stack, &args);
}

static void page_touched(struct lt_mm *m, struct vm_area_struct *vma,
			 unsigned long addr, unsigned int flags)
{
	enum leaktrace_type type = lt_vma_type(vma);
	unsigned long page = addr >> PAGE_SHIFT;
	struct lt_target *t = m->target;
	u64 now_ns = lt_now_ns();
	bool own = current->mm == m->mm;
	u32 stack, site;

	if (type == LEAKTRACE_TYPE_UNKNOWN || lt_page_is_live(lt_pages(m), page))
		return;
	/* Populated before attach: the baseline is going to list it. */
	if (!READ_ONCE(lt_pages(m)->listed) && lt_walk_populated(vma, addr))
		return;
	stack = own ? lt_stack_capture(t) : 0;
	if (own && !stack)
		lt_target_inexact(t, LEAKTRACE_INEXACT_STACKS_FULL);
	site = lt_site_get(t, LEAKTRACE_KIND_PAGE, type, stack);
	if (!lt_page_born(lt_pages(m), page, site, now_ns, false))
		return;
	if (own && may_map_more(vma, addr, flags, type))
		sync_later(t, addr, site, stack);
	else if (unlikely(stack & LT_STACK_CUT))
		complete_later(t, page, now_ns, stack);
}

/* noinline keeps the bystanders' path free of a prologue that saves registers. */
static noinline void notrace on_fault(const void *hook, struct ftrace_regs *fregs)
{
	struct vm_area_struct *vma = (void *)lt_arg(fregs, 0);
	struct lt_key *k;

	if (!lt_probe_enter(hook))
		return;
	k = lt_key_find(vma->vm_mm, LT_KEY_MM);
	if (k && !READ_ONCE(k->mm->gone) && lt_target_wants(k->target, LEAKTRACE_KIND_PAGE))
		page_touched(k->mm, vma, lt_arg(fregs, 1), lt_arg(fregs, 2));
	lt_probe_leave();
}

/* handle_mm_fault(vma, address, flags, regs) */
static void notrace on_handle_mm_fault(const void *hook, struct ftrace_regs *fregs)
{
	struct vm_area_struct *vma = (void *)lt_arg(fregs, 0);

	if (unlikely(lt_filter_hit(vma->vm_mm)))
		on_fault(hook, fregs);
}

static const struct lt_probe page_probes[] = {
	{
		.name = "handle_mm_fault", .how = LEAKTRACE_PROBE_FTRACE,
		.kinds = LT_KINDBIT(PAGE), .function = on_handle_mm_fault, .required = true,
		.why = "first touch of pages",
	}, {
		.name = "invalidate_range_start", .how = LEAKTRACE_PROBE_MMU_NOTIFIER,
		.kinds = LT_KINDBIT(PAGE), .required = true,
		.why = "pages unmapped, on the target's address space only",
	},
	{ }
};

/* Takes long, so the rwsem is released for whoever waits for it. */
static int page_baseline_walk(struct lt_target *t)
{
	struct lt_mm *m = lt_mm_get(t);
	int err = m ? lt_page_baseline_walk(m, true) : 0;

	lt_mm_put(m);
	return err;
}

/* All pages of the old program went with its address space. */
static void page_exec_begin(struct lt_target *t)
{
	struct lt_mm *m = lt_mm_get(t);
	struct lt_page_run run;
	unsigned long from = 0;

	for (; m && lt_page_next_run(lt_pages(m), from, &run); from = run.page + run.n) {
		lt_page_died(lt_pages(m), run.page, run.page + run.n, 0);
		cond_resched();
	}
	lt_mm_put(m);
}

static void page_exec(struct lt_target *t)
{
	struct lt_mm *m = lt_mm_get(t);

	if (m && lt_page_baseline_walk(m, false) && !fatal_signal_pending(current))
		lt_target_inexact(t, LEAKTRACE_INEXACT_TABLE_FULL);
	lt_mm_put(m);
}

static enum lt_final page_final(struct lt_target *t)
{
	struct lt_mm *m = lt_mm_get(t);
	enum lt_final final = LT_FINAL_CONFIRMED;

	if (m && !READ_ONCE(m->gone))
		final = LT_FINAL_PENDING;
	else if (m && !READ_ONCE(lt_pages(m)->confirmed))
		final = LT_FINAL_UNCONFIRMED;
	lt_mm_put(m);
	return final;
}

static void page_reconcile(struct lt_target *t)
{
	struct lt_mm *m = lt_mm_get(t);

	if (m && !READ_ONCE(m->gone) && mmget_not_zero(m->mm)) {
		lt_page_reconcile(m, false);
		mmput(m->mm);
	}
	lt_mm_put(m);
}

static int page_mm_attach(struct lt_mm *m)
{
	struct lt_pages *p = kzalloc(sizeof(*p), GFP_KERNEL);

	if (!p)
		return -ENOMEM;
	raw_spin_lock_init(&p->lock);
	p->blocks = RB_ROOT;
	p->target = m->target;
	m->data[LEAKTRACE_KIND_PAGE] = p;
	return 0;
}

static void page_mm_detach(struct lt_mm *m)
{
	lt_page_forget(lt_pages(m));
}

static void page_release(struct lt_mm *m)
{
	if (!READ_ONCE(m->gone) && !READ_ONCE(lt_pages(m)->reaped) && !lt_gave_up())
		WRITE_ONCE(lt_pages(m)->confirmed, lt_page_reconcile(m, true));
}

static int page_fill_run(struct sk_buff *skb, const void *page_run)
{
	const struct lt_page_run *run = page_run;
	u32 flags = run->baseline ? LEAKTRACE_OBJECT_F_BASELINE : 0;
	struct lt_object o = {
		.kind = LEAKTRACE_KIND_PAGE,
		.type = LEAKTRACE_TYPE_UNKNOWN,
		.site = run->site,
		.born_ns = run->born_ns,
	};

	if (lt_fill_object_head(skb, &o) ||
	    LT_PUT64(skb, OBJECT, ID, (u64)run->page << PAGE_SHIFT) ||
	    nla_put_u32(skb, LEAKTRACE_A_OBJECT_COUNT, run->n) ||
	    nla_put_u32(skb, LEAKTRACE_A_OBJECT_FLAGS, flags))
		return -EMSGSIZE;
	return 0;
}

static int page_dump(struct lt_target *t, struct lt_dump *dump)
{
	struct lt_mm *m = lt_mm_get(t);
	struct lt_page_run run;
	int err = 0;

	while (m && !err && lt_page_next_run(lt_pages(m), dump->at, &run)) {
		err = lt_dump_one(dump, page_fill_run, &run);
		if (!err)
			dump->at = run.page + run.n;
		cond_resched();
	}
	lt_mm_put(m);
	return err;
}

static u64 page_live_bytes(const struct lt_target *t)
{
	return lt_kind_live(t, LEAKTRACE_KIND_PAGE) << PAGE_SHIFT;
}

static int page_fill_status(struct sk_buff *skb)
{
	if (LT_PUT64(skb, STATUS, PAGE_CELLS, lt_page_cells_used()) ||
	    LT_PUT64(skb, STATUS, PAGE_CELLS_MAX, lt_max_page_cells))
		return -EMSGSIZE;
	return 0;
}

const struct lt_kind lt_kind_page = {
	.id = LEAKTRACE_KIND_PAGE,
	.name = "page",
	.probes = page_probes,
	.store = &lt_page_store,
	.baseline_walk = page_baseline_walk,
	.exec_begin = page_exec_begin,
	.exec = page_exec,
	.final = page_final,
	.reconcile = page_reconcile,
	.mm_attach = page_mm_attach,
	.mm_detach = page_mm_detach,
	.invalidate = lt_page_invalidate,
	.release = page_release,
	.dump = page_dump,
	.bytes = page_live_bytes,
	.fill_status = page_fill_status,
};
