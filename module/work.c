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
 * a fault from user mode), and rarely for who closes something: if that takes long,
 * so does the unloading.
 */
#include <linux/mm.h>
#include <linux/ptrace.h>
#include <linux/sched/signal.h>
#include <linux/sched/task_stack.h>
#include <linux/slab.h>
#include <linux/task_work.h>

#include "leaktrace.h"

enum {
	WORKS = 4096,
	SPARED = WORKS / 4,	/* for what nobody could make good */
	MAX_PAGES = 256,	/* that are brought into memory for one stack */
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

/* Whoever looked at the pages before sees that something has changed. */
static void end_of_move(struct lt_target *t)
{
	struct lt_mm *m = lt_mm_get(t);

	if (m) {
		cmpxchg(&m->mover, current, NULL);
		atomic_inc(&m->invalidate_seq);
	}
	lt_mm_put(m);
	/* Pairs with look() in pagesync.c. */
	smp_mb__before_atomic();
	atomic_dec(&t->moving);
}

/* @stack: a whole one, if that of the page's birth was cut; else 0 */
static void sync_block(struct work *w, u32 stack)
{
	struct lt_mm *m = lt_mm_get(w->target);
	u32 site = 0;

	if (m && stack)
		site = lt_page_walked_again(m, w->a >> PAGE_SHIFT, 0, w->c, stack);
	if (m && m->mm == current->mm)
		lt_mm_sync_block(m, w->a, site ?: w->b);
	lt_mm_put(m);
}

/* These replace what the others use. */
static void run_alone(struct work *w)
{
	if (w->op == LT_WORK_FORKED) {
		lt_target_fork(w->target, w->a);
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

static void page_walked_again(struct work *w, u64 born_ns, u32 stack)
{
	struct lt_mm *m = lt_mm_get(w->target);

	if (m)
		lt_page_walked_again(m, w->a, born_ns, w->c, stack);
	lt_mm_put(m);
}

struct again {
	struct lt_target *target;
	u64 born_ns;
	u32 cut;
	u32 stack;
};

static void move_to_site(struct lt_object *o, u64 arg)
{
	struct again *a = (void *)(unsigned long)arg;

	if (o->born_ns == a->born_ns)
		o->site = lt_site_move(a->target, o->site, a->cut, a->stack, a->born_ns);
}

static void birth_walked_again(struct work *w, u32 stack)
{
	struct again a = { w->target, w->b >> 3, w->c, stack };
	enum leaktrace_kind kind = w->b & 7;

	if (kind == LEAKTRACE_KIND_PAGE)
		page_walked_again(w, a.born_ns, stack);
	else
		lt_object_update(w->target, kind, w->a, move_to_site, (unsigned long)&a);
}

/*
 * Takes the gate, having walked again what was cut: nothing has changed since that a
 * walk hangs on. The gate is not held while memory is brought in: that may take long.
 * Return: the whole stack, or 0.
 */
static u32 begin_shared(struct work *w)
{
	struct lt_target *t = w->target;
	unsigned long missed;
	u32 stack = 0;
	bool more = w->c & LT_STACK_CUT;
	int pages;

	down_read(&t->gate);
	for (pages = 0; more && !t->dead && pages < MAX_PAGES; pages++) {
		stack = lt_stack_again(t, w->c, &missed);
		if (!missed)
			break;
		up_read(&t->gate);
		more = lt_walk_bring_in(missed);
		down_read(&t->gate);
	}
	return stack;
}

static void run_shared(struct work *w)
{
	/* What another thread may have made hard to read is read without the gate. */
	int id = w->op == LT_WORK_TIMER ? lt_timer_read_id(w->a) : -1;
	u32 stack = begin_shared(w);
	struct lt_target *t = w->target;

	if (!t->dead) {
		if (w->op == LT_WORK_MREMAP)
			move_pages_of_mremap(t, w->a, w->b);
		else if (w->op == LT_WORK_BLOCK)
			sync_block(w, stack);
		else if (w->op == LT_WORK_TIMER)
			lt_timer_created(t, id, w->b, stack ?: w->c & ~LT_STACK_CUT);
		else if (stack && w->op == LT_WORK_BIRTH)
			birth_walked_again(w, stack);
		else if (stack)
			lt_stack_settle(w->c, stack);
	}
	up_read(&t->gate);
}

static void code_mapped(struct work *w)
{
	unsigned long result = regs_return_value(task_pt_regs(current));

	if (IS_ERR_VALUE(result))
		return;
	if (!w->b)
		lt_maps_mapped(w->target, result, w->a);
	else if (lt_maps_is_news(w->target, w->b, w->a))
		lt_maps_mapped(w->target, w->b, w->a);
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
			code_mapped(w);
		else if (w->op == LT_WORK_REST)
			lt_rest_send(t, w->c);
		else
			run_shared(w);
	}
	if (w->op == LT_WORK_MREMAP)
		end_of_move(t);
	forget(w);
	atomic_dec(&pending);
	lt_target_put(t);
}

/* A stack that stays short makes no number wrong. */
static bool is_only_a_stack(enum lt_work_op op)
{
	return op == LT_WORK_BIRTH || op == LT_WORK_DEATH || op == LT_WORK_REST;
}

/* A program or a child that nobody took up is lost; of all else a reconcile finds what
 * there is.
 */
static bool skip(struct lt_target *t, enum lt_work_op op)
{
	if (op == LT_WORK_EXEC || op == LT_WORK_FORKED)
		lt_inexact(t, LEAKTRACE_INEXACT_WORK_FULL);
	else if (!is_only_a_stack(op))
		lt_target_doubt(t);
	return false;
}

/* One system call that populates gigabytes has one for each two MiB, and runs none. */
static bool has_room(enum lt_work_op op)
{
	return atomic_read(&pending) < WORKS - SPARED ||
		(op != LT_WORK_BLOCK && !is_only_a_stack(op));
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
 * Return: false if it could not be queued; the target says so, until it is reconciled.
 */
bool lt_work_queue(struct lt_target *t, struct task_struct *task,
		   enum lt_work_op op, u64 a, u64 b, u32 c)
{
	unsigned long flags;
	struct work *w;
	u32 index;

	/* It would hold its target, and that the module, until the worker ends. */
	if (unlikely(!lt_runs_works(task)))
		return skip(t, op);
	local_irq_save(flags);
	index = has_room(op) ? lt_pool_alloc(pool) : 0;
	local_irq_restore(flags);
	if (!index) {
		lt_lose(t, LT_LOST_WORK, 1);
		return skip(t, op);
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
