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

	t->execs++;
	atomic_inc(&t->code_changes);
	get_task_comm(t->comm, current);
	if (lt_target_wants(t, LEAKTRACE_KIND_FD))
		lt_fd_resync(t, 0);
	m = lt_mm_get(t);
	if (m)
		lt_page_died(m, 0, ULONG_MAX, 0);
	lt_mm_put(m);
	lt_mm_detach(t);
	m = lt_mm_attach(t, current->mm, NULL);
	if (IS_ERR(m))
		lt_inexact(t, LEAKTRACE_INEXACT_TABLE_FULL);
	if (lt_target_wants(t, LEAKTRACE_KIND_TIMER))
		lt_timer_reconcile(t);
	if (lt_target_wants(t, LEAKTRACE_KIND_THREAD))
		lt_thread_reconcile(t);
	lt_ring_note(t, LEAKTRACE_EVENT_EXEC, 0);
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
	if (atomic_read(&t->exited))
		return;
	if (!lt_target_wants(t, LEAKTRACE_KIND_FD) || lt_fd_confirmed(t))
		atomic_andnot(LEAKTRACE_INEXACT_NO_RECONCILE, &t->inexact);
	else
		lt_inexact(t, LEAKTRACE_INEXACT_NO_RECONCILE);
	if (atomic_xchg(&t->exited, 1))
		return;
	t->exited_ns = lt_now_ns();
	t->exit_code = task->signal->group_exit_code ?: task->exit_code;
	/* Pairs with lt_fill_target(): when and how before that. */
	smp_store_release(&t->flags, t->flags | LEAKTRACE_TARGET_F_EXITED);
	lt_ring_note(t, LEAKTRACE_EVENT_EXIT, 0);
}
