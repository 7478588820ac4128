// SPDX-License-Identifier: GPL-2.0
/*
 * What a probe may not do itself, done by the same task on its way back to user mode:
 * there it may sleep, and the system call has its result. Works come from a small pool
 * made at load; when it is empty the work is skipped and counted, and the target marked
 * with what is wrong (enum lt_work_loss).
 *
 * A pending work holds its target, and a target holds the module. A task may sleep for
 * hours in the system call in which it touched a page: a detach takes back what is pending.
 */
#include <linux/rcupdate.h>
#include <linux/sched/signal.h>
#include <linux/sched/task_stack.h>
#include <linux/slab.h>
#include <linux/static_call.h>
#include <linux/task_work.h>

#include "leaktrace.h"
#include "page.h"
#include "pool.h"
#include "probe.h"
#include "stack.h"
#include "target.h"
#include "work.h"

enum {
	WORKS = 4096,
	RESERVED_WORKS = WORKS / 4,	/* not for works that a reconcile makes up for */
	MAX_PAGES = 256,	/* that are brought into memory for one stack */
};

static struct lt_pool *pool;
static atomic_t pending;

/*
 * Upstream does not export task_work_add(); Debian and Ubuntu do. A static call goes there
 * by a direct call that is patched in, which is legal whatever guards indirect ones: it
 * needs no ENDBR at its end (IBT), no hash of a type (kCFI) and no retpoline. The address is
 * the function's start, or its entry behind the ENDBR.
 */
DEFINE_STATIC_CALL_NULL(lt_task_work_add, task_work_add);

/*
 * Neither does it export this one, of v5.13, c7aab1a7c52b, and of v5.10.y. Without it works
 * that are pending are waited for.
 */
#ifdef LT_HAVE_TASK_WORK_CANCEL_MATCH
DEFINE_STATIC_CALL_NULL(lt_task_work_cancel, task_work_cancel_match);
static bool can_cancel;

static void find_task_work_cancel(void)
{
	unsigned long start = lt_function_find("task_work_cancel_match");
	typeof(task_work_cancel_match) *cancel = (void *)start;

	if (start)
		static_call_update(lt_task_work_cancel, cancel);
	can_cancel = start;
}
#else
static void find_task_work_cancel(void) { }
#endif

static int find_task_work_add(void)
{
	unsigned long start = lt_function_find("task_work_add");
	typeof(task_work_add) *add = (void *)start;	/* v5.10 checks the type */

	if (!start) {
		pr_err("this kernel has no task_work_add() that kprobes can find\n");
		return -EOPNOTSUPP;
	}
	static_call_update(lt_task_work_add, add);
	return 0;
}

static int work_init(void)
{
	int err = find_task_work_add();

	if (err)
		return err;
	find_task_work_cancel();
	pool = lt_pool_create("internal error: torn list of works", sizeof(struct lt_work), WORKS);
	if (!pool)
		return -ENOMEM;
	if (lt_pool_prime(pool)) {
		lt_pool_destroy(pool);
		return -ENOMEM;
	}
	return 0;
}

static void work_exit(void)
{
	lt_pool_destroy(pool);
}

const struct lt_store lt_work_store = { .init = work_init, .exit = work_exit };

/**
 * lt_work_at_return() - have current do something on its way back to user mode
 * @head: what, as init_task_work() has prepared it; it need not hold a target
 *
 * Context: a user task's, any but interrupts.
 * Return: 0, or -ESRCH if current has exited too far.
 */
int lt_work_at_return(struct callback_head *head)
{
	return static_call(lt_task_work_add)(current, head, TWA_RESUME);
}

/**
 * lt_work_at_first_return() - have a child do something before its first user instruction
 * @child: made and not woken yet
 * @head: what, as init_task_work() has prepared it; it need not hold a target
 *
 * Context: any but interrupts.
 * Return: 0, or -ESRCH.
 */
int lt_work_at_first_return(struct task_struct *child, struct callback_head *head)
{
	return static_call(lt_task_work_add)(child, head, TWA_RESUME);
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

/**
 * lt_work_lock() - take the target's rwsem for reading, and complete a work's stack
 * @w: the work
 *
 * If w->stack was cut short because memory was not present, that memory is brought in,
 * without the rwsem as it may take long, and the stack walked again: nothing that the
 * walk depends on has changed since the event.
 *
 * Context: a work's run(). The target may be dead (t->dead).
 * Return: id of the whole stack; 0 if w->stack was not cut, or still is.
 */
u32 lt_work_lock(struct lt_work *w)
{
	struct lt_target *t = w->target;
	bool more = w->stack & LT_STACK_CUT;
	unsigned long missed;
	u32 stack = 0;
	int pages;

	down_read(&t->rwsem);
	for (pages = 0; more && !t->dead && pages < MAX_PAGES; pages++) {
		stack = lt_stack_rewalk(t, w->stack, &missed);
		if (!missed)
			break;
		up_read(&t->rwsem);
		more = lt_walk_fault_in(missed);
		down_read(&t->rwsem);
	}
	return stack;
}

/**
 * lt_work_unlock() - release what lt_work_lock() took
 * @w: the work
 *
 * Context: a work's run().
 */
void lt_work_unlock(struct lt_work *w)
{
	up_read(&w->target->rwsem);
}

/**
 * lt_work_lock_if() - lt_work_lock(), if what is at work still counts
 * @w: the work
 * @is_current: whether it does, asked under the lock
 * @arg: passed to @is_current
 *
 * Context: a work's run().
 * Return: false if it does not: the lock is not held then.
 */
bool lt_work_lock_if(struct lt_work *w, bool (*is_current)(void *arg), void *arg)
{
	lt_work_lock(w);
	if (is_current(arg))
		return true;
	lt_work_unlock(w);
	return false;
}

/**
 * lt_work_capture_call() - the user stack of current behind a call that is on its way
 * @w: the work, under lt_work_lock(), which is given up and taken again
 * @at: where on the stack the return address is; the callee-saved registers are the caller's
 * @caller: the return address
 * @stack: set to the stack's id; 0: none
 * @is_current: whether what is at work still counts, asked under the lock
 * @arg: passed to @is_current
 *
 * Context: a work's run().
 * Return: false if it does not count any more: the lock is released then.
 */
bool lt_work_capture_call(struct lt_work *w, unsigned long at, unsigned long caller, u32 *stack,
			  bool (*is_current)(void *arg), void *arg)
{
	struct pt_regs regs = *task_pt_regs(current);
	unsigned long missed = 0, *want = &missed;
	int pages;

	instruction_pointer_set(&regs, caller - 1);
	user_stack_pointer_set(&regs, at + sizeof(caller));
	*stack = 0;
	for (pages = 0;; pages++) {
		if (pages == MAX_PAGES)
			want = NULL;
		if (lt_probe_resume()) {
			*stack = lt_stack_capture_call(w->target, &regs, want);
			lt_probe_leave();
		}
		if (!want || !missed)
			return true;
		lt_work_unlock(w);
		if (!lt_walk_fault_in(missed))
			want = NULL;
		if (!lt_work_lock_if(w, is_current, arg))
			return false;
	}
}

static void work_free(struct lt_work *w)
{
	unsigned long flags;

	local_irq_save(flags);
	lt_pool_free(pool, w->index);
	local_irq_restore(flags);
}

static void work_end(struct lt_work *w)
{
	struct lt_target *t = w->target;

	if (w->type->end)
		w->type->end(w);
	work_free(w);
	atomic_dec(&pending);
	lt_target_put(t);
}

static void work_fn(struct callback_head *head)
{
	struct lt_work *w = container_of(head, struct lt_work, head);

	if (current->mm && !(current->flags & PF_EXITING) && !lt_gave_up())
		w->type->run(w);
	work_end(w);
}

#ifdef LT_HAVE_TASK_WORK_CANCEL_MATCH
static bool work_is_of(struct callback_head *head, void *target)
{
	return head->func == work_fn && container_of(head, struct lt_work, head)->target == target;
}

/* Takes them off their tasks' lists. All tasks: a child has one before it runs. */
static struct callback_head *cancel_works(struct lt_target *t)
{
	struct callback_head *head, *all = NULL;
	struct task_struct *g, *p;

	rcu_read_lock();
	for_each_process_thread(g, p)
		while ((head = static_call(lt_task_work_cancel)(p, work_is_of, t))) {
			head->next = all;
			all = head;
		}
	rcu_read_unlock();
	return all;
}

/**
 * lt_work_cancel() - take back works that are queued and not begun
 * @t: their target; no probe finds it any more
 *
 * Context: may sleep; the caller holds a reference.
 */
void lt_work_cancel(struct lt_target *t)
{
	struct callback_head *head, *next;

	if (!can_cancel || !atomic_read(&pending))
		return;
	for (head = cancel_works(t); head; head = next) {
		next = head->next;
		work_end(container_of(head, struct lt_work, head));
	}
}
#else
void lt_work_cancel(struct lt_target *t) { }
#endif

static bool work_skip(struct lt_target *t, const struct lt_work_type *type)
{
	if (type->loss == LT_WORK_IRREPARABLE)
		lt_target_inexact(t, LEAKTRACE_INEXACT_WORK_FULL);
	else if (type->loss == LT_WORK_REPAIRABLE)
		lt_target_unconfirmed(t);
	return false;
}

static bool may_allocate(const struct lt_work_type *type)
{
	return atomic_read(&pending) < WORKS - RESERVED_WORKS ||
		(!type->bulk && type->loss != LT_WORK_ONLY_STACK);
}

/**
 * lt_work_queue() - have @task do something on its way back to user mode
 * @t: its target
 * @task: current, or a child that has not run yet
 * @type: what
 * @stack: of the event, 0 if none is needed
 * @args: of @type's own struct, copied for lt_work_args(); NULL if it has none
 *
 * Context: any but interrupts; @task is a user task.
 * Return: false if it could not be queued; the target says so, until it is reconciled.
 */
bool lt_work_queue(struct lt_target *t, struct task_struct *task,
		   const struct lt_work_type *type, u32 stack, const void *args)
{
	unsigned long flags;
	struct lt_work *w;
	u32 index;

	/* A worker that never returns would hold its target, and that the module. */
	if (unlikely(!lt_runs_works(task)))
		return work_skip(t, type);
	local_irq_save(flags);
	index = may_allocate(type) ? lt_pool_alloc(pool) : 0;
	local_irq_restore(flags);
	if (!index) {
		lt_target_lost(t, LT_LOST_WORK, 1);
		return work_skip(t, type);
	}
	w = lt_pool_cell(pool, index);
	init_task_work(&w->head, work_fn);
	w->target = t;
	w->type = type;
	w->index = index;
	w->stack = stack;
	memcpy(w->args, args, type->args_bytes);
	lt_target_get(t);
	atomic_inc(&pending);
	if (!static_call(lt_task_work_add)(task, &w->head, TWA_RESUME))
		return true;
	atomic_dec(&pending);
	refcount_dec(&t->refs);		/* the caller's own is still there */
	work_free(w);
	return false;
}
