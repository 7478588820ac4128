// SPDX-License-Identifier: GPL-2.0
/*
 * What a probe may not do itself, done by the same task on its way back to
 * user mode: there it may sleep, and the system call has its result. Works
 * come from a small pool made at load; when it is empty the work is skipped,
 * counted, and the target marked until the next reconcile repairs it.
 *
 * A pending work holds its target, and a target holds the module. A task that
 * sleeps in a system call for hours would hold them that long, so works are
 * queued only where the way back is short (exec, fork, mremap, timer_create,
 * a fault from user mode).
 */
#include <linux/ptrace.h>
#include <linux/sched/signal.h>
#include <linux/sched/task_stack.h>
#include <linux/slab.h>
#include <linux/task_work.h>

#include "leaktrace.h"

enum {
	WORKS = 4096,
};

struct work {
	struct callback_head head;
	struct lt_target *target;
	u32 index;
	u32 op;
	u64 a;
	u64 b;
	u32 c;
};

static struct lt_pool *pool;
static atomic_t pending;

/**
 * lt_work_init() - make the pool
 *
 * Context: may sleep.
 * Return: 0 or -ENOMEM.
 */
int lt_work_init(void)
{
	pool = lt_pool_create("internal error: torn list of works", sizeof(struct work), WORKS);
	if (!pool)
		return -ENOMEM;
	if (lt_pool_prime(pool)) {
		lt_pool_destroy(pool);
		return -ENOMEM;
	}
	return 0;
}

/**
 * lt_work_exit() - free the pool
 *
 * Context: may sleep; no work is pending.
 */
void lt_work_exit(void)
{
	lt_pool_destroy(pool);
}

/**
 * lt_work_pending() - works queued and not done
 *
 * Context: any.
 * Return: number.
 */
u32 lt_work_pending(void)
{
	return atomic_read(&pending);
}

static void move_pages_of_mremap(struct lt_target *t, u64 from, u64 n)
{
	unsigned long to = regs_return_value(task_pt_regs(current));
	struct lt_mm *m = lt_mm_get(t);

	if (m && !IS_ERR_VALUE(to) && to >> PAGE_SHIFT != from)
		lt_page_moved(m, from, to >> PAGE_SHIFT, n);
	lt_mm_put(m);
}

static void sync_block(struct lt_target *t, u64 addr, u32 site)
{
	struct lt_mm *m = lt_mm_get(t);

	if (m && m->mm == current->mm)
		lt_mm_sync_block(m, addr, site);
	lt_mm_put(m);
}

/* These replace what the others use. */
static void run_alone(struct work *w)
{
	if (w->op == LT_WORK_FORKED) {
		lt_target_fork(w->target);
		return;
	}
	down_write(&w->target->gate);
	if (!w->target->dead) {
		if (w->op == LT_WORK_EXEC)
			lt_target_exec(w->target);
		else
			lt_fd_resync(w->target, w->a);
	}
	up_write(&w->target->gate);
	if (w->op == LT_WORK_EXEC)
		lt_maps_hold(w->target, 0);
}

static void run_shared(struct work *w)
{
	struct lt_target *t = w->target;

	down_read(&t->gate);
	if (!t->dead) {
		if (w->op == LT_WORK_MREMAP)
			move_pages_of_mremap(t, w->a, w->b);
		else if (w->op == LT_WORK_BLOCK)
			sync_block(t, w->a, w->b);
		else
			lt_timer_created(t, w->a, w->b, w->c);
	}
	up_read(&t->gate);
}

static void code_mapped(struct lt_target *t, unsigned long len)
{
	unsigned long at = regs_return_value(task_pt_regs(current));

	if (!IS_ERR_VALUE(at))
		lt_maps_mapped(t, at, len);
}

static void forget(struct work *w)
{
	unsigned long flags;

	local_irq_save(flags);
	lt_pool_free(pool, w->index);
	local_irq_restore(flags);
}

static void work_fn(struct callback_head *head)
{
	struct work *w = container_of(head, struct work, head);
	struct lt_target *t = w->target;

	if (current->mm && !(current->flags & PF_EXITING) && !lt_gave_up()) {
		if (w->op <= LT_WORK_FILES)
			run_alone(w);
		else if (w->op == LT_WORK_CODE)
			code_mapped(t, w->a);
		else
			run_shared(w);
	}
	forget(w);
	atomic_dec(&pending);
	lt_target_put(t);
}

/**
 * lt_work_queue() - have @task do something on its way back to user mode
 * @t: its target
 * @task: current, or a child that has not run yet
 * @op: what
 * @a: for @op
 * @b: for @op
 * @c: for @op
 *
 * Context: any but interrupts; @task is a user task.
 * Return: false if it could not be queued (counted).
 */
bool lt_work_queue(struct lt_target *t, struct task_struct *task,
		   enum lt_work_op op, u64 a, u64 b, u32 c)
{
	unsigned long flags;
	struct work *w;
	u32 index;

	local_irq_save(flags);
	index = lt_pool_alloc(pool);
	local_irq_restore(flags);
	if (!index) {
		atomic64_inc(&lt_lost[LT_LOST_WORK]);
		lt_inexact(t, LEAKTRACE_INEXACT_WORK_FULL);
		return false;
	}
	w = lt_pool_cell(pool, index);
	init_task_work(&w->head, work_fn);
	w->target = t;
	w->index = index;
	w->op = op;
	w->a = a;
	w->b = b;
	w->c = c;
	lt_target_get(t);
	atomic_inc(&pending);
	if (!task_work_add(task, &w->head, TWA_RESUME))
		return true;
	atomic_dec(&pending);
	refcount_dec(&t->refs);		/* the caller's own is still there */
	forget(w);
	return false;
}
