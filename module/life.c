// SPDX-License-Identifier: GPL-2.0
/*
 * What a target goes through as the same target: it runs another program, and it ends.
 */
#include <linux/sched.h>
#include <linux/sched/signal.h>

#include "leaktrace.h"

/**
 * lt_target_exec() - current, of target @t, runs a new program
 * @t: the target
 *
 * The old address space's pages and the timers died with it, close-on-exec
 * descriptors are gone, the other threads have exited.
 *
 * Context: may sleep, gate held for writing.
 */
void lt_target_exec(struct lt_target *t)
{
	struct lt_mm *m;
	int err;

	t->execs++;
	atomic_inc(&t->code_changes);
	get_task_comm(t->comm, current);
	if (lt_target_wants(t, LEAKTRACE_KIND_FD))
		lt_fd_resync(t, 0);
	lt_mm_died(t);
	lt_mm_detach(t);
	m = lt_mm_attach(t, current->mm, NULL);
	err = PTR_ERR_OR_ZERO(m);
	if (!err && m && lt_target_wants(t, LEAKTRACE_KIND_PAGE))
		err = lt_mm_baseline(m, false);
	if (err && !fatal_signal_pending(current))	/* else nothing will be born */
		lt_inexact(t, LEAKTRACE_INEXACT_TABLE_FULL);
	if (lt_target_wants(t, LEAKTRACE_KIND_TIMER))
		lt_timer_reconcile(t);
	if (lt_target_wants(t, LEAKTRACE_KIND_THREAD))
		lt_thread_reconcile(t);
	lt_ring_note(t, LEAKTRACE_EVENT_EXEC, 0);
}

/**
 * lt_target_settle() - are the last numbers of an exited target all there
 * @t: the target
 *
 * Its descriptors are compared when its last thread exits, its pages when the last
 * user of its memory lets go of that: since v6.16 later, else mostly before. Whoever
 * comes second says that all was confirmed, if it was.
 *
 * Context: any but interrupts.
 * Return: whether its memory is gone, or not followed: nothing more will come.
 */
bool lt_target_settle(struct lt_target *t)
{
	struct lt_mm *m = lt_target_wants(t, LEAKTRACE_KIND_PAGE) ? lt_mm_get(t) : NULL;
	bool over;

	/* Pairs with itself: of exit and release one sees what the other has written. */
	smp_mb();
	over = !m || READ_ONCE(m->gone);
	if (over && atomic_read(&t->exited) && READ_ONCE(t->fds_confirmed) &&
	    (!m || READ_ONCE(m->confirmed)))
		atomic_andnot(LEAKTRACE_INEXACT_NO_RECONCILE, &t->inexact);
	lt_mm_put(m);
	return over;
}

/**
 * lt_target_doubt() - a comparison with the kernel's state came to nothing
 * @t: the target; if it has exited meanwhile, that compared once more
 *
 * Context: any but interrupts.
 */
void lt_target_doubt(struct lt_target *t)
{
	lt_inexact(t, LEAKTRACE_INEXACT_NO_RECONCILE);
	/* Pairs with the exchange in lt_target_exit(). */
	smp_mb__after_atomic();
	if (atomic_read(&t->exited))
		lt_target_settle(t);
}

/**
 * lt_target_exit() - the last task of a target exits
 * @t: the target
 * @task: current
 *
 * From here on the tables stand still: what was alive is what leaked.
 *
 * Context: probe; current still has its fd table.
 */
void lt_target_exit(struct lt_target *t, struct task_struct *task)
{
	bool again;

	if (atomic_read(&t->exited))
		return;
	WRITE_ONCE(t->fds_confirmed, !lt_target_wants(t, LEAKTRACE_KIND_FD) || lt_fd_confirmed(t));
	lt_inexact(t, LEAKTRACE_INEXACT_NO_RECONCILE);
	again = atomic_xchg(&t->exited, 1);
	lt_target_settle(t);	/* also if two were the last, and it had been settled */
	if (again)
		return;
	t->exited_ns = lt_now_ns();
	t->exit_code = task->signal->group_exit_code ?: task->exit_code;
	/* Pairs with lt_fill_target(): when and how before that. */
	smp_store_release(&t->flags, t->flags | LEAKTRACE_TARGET_F_EXITED);
	lt_ring_note(t, LEAKTRACE_EVENT_EXIT, 0);
}
