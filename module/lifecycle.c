// SPDX-License-Identifier: GPL-2.0
/*
 * What a target goes through: it makes threads and children, runs another program, and
 * ends. The hooks that tell of it, and what is the same for every kind; what is a
 * kind's own is in its operations (kind.h).
 *
 * When the whole process exits, its last threads' ends are no deaths: the tables stand
 * as they are, for the report.
 */
#include <linux/binfmts.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <trace/events/sched.h>
#include <trace/events/task.h>

#include "code.h"
#include "key.h"
#include "kind.h"
#include "leaktrace.h"
#include "mm.h"
#include "probe.h"
#include "ring.h"
#include "target.h"
#include "work.h"

static void exec_begin(struct lt_target *t)
{
	const struct lt_kind *kind = NULL;

	while ((kind = lt_kind_next(t, kind)))
		if (kind->exec_begin)
			kind->exec_begin(t);
}

static void exec_end(struct lt_target *t)
{
	const struct lt_kind *kind = NULL;

	while ((kind = lt_kind_next(t, kind)))
		if (kind->exec)
			kind->exec(t);
}

/* current, of target @t, runs a new program; the other threads have exited. */
static void target_exec(struct lt_target *t)
{
	struct lt_mm *m;

	t->execs++;
	atomic_inc(&t->code_changes);
	get_task_comm(t->comm, current);
	exec_begin(t);
	lt_mm_detach(t);
	m = lt_mm_attach(t, current->mm, NULL);
	if (IS_ERR(m) && !fatal_signal_pending(current))	/* else nothing will be born */
		lt_target_inexact(t, LEAKTRACE_INEXACT_TABLE_FULL);
	exec_end(t);
	lt_ring_note(t, LEAKTRACE_EVENT_EXEC, 0);
}

static void exec_run(struct lt_work *w)
{
	struct lt_target *t = w->target;

	down_write(&t->rwsem);
	if (!t->dead)
		target_exec(t);
	up_write(&t->rwsem);
	lt_maps_hold(t, 0);
}

static const struct lt_work_type exec_work = {
	.run = exec_run,
	.loss = LT_WORK_IRREPARABLE,
};

static void fork_run(struct lt_work *w)
{
	lt_target_fork(w->target, lt_work_args(w));
}

static void fork_end(struct lt_work *w)
{
	const struct lt_maps_then *code = lt_work_args(w);

	lt_maps_put(code->maps);
}

static const struct lt_work_type fork_work = {
	.run = fork_run,
	.end = fork_end,
	LT_WORK_ARGS(struct lt_maps_then),
	.loss = LT_WORK_IRREPARABLE,
};

/**
 * lt_target_confirm() - are the last numbers of an exited target all there
 * @t: the target
 *
 * Its descriptors are compared when its last thread exits, its pages when the last
 * user of its memory lets go of that: since v6.16 later, else mostly before. Whichever
 * comes second says that all was confirmed, if it was.
 *
 * Context: any but interrupts; t->rwsem held, or inside a probe or mmu_notifier callback.
 * Return: whether no comparison is still to come.
 */
bool lt_target_confirm(struct lt_target *t)
{
	const struct lt_kind *kind = NULL;
	bool over = true, confirmed;
	enum lt_final final;

	if (READ_ONCE(t->dead))
		return true;
	/* Pairs with itself: of exit and release one sees what the other has written. */
	smp_mb();
	confirmed = atomic_read(&t->exited);
	while ((kind = lt_kind_next(t, kind))) {
		final = kind->final ? kind->final(t) : LT_FINAL_CONFIRMED;
		over &= final != LT_FINAL_PENDING;
		confirmed &= final == LT_FINAL_CONFIRMED;
	}
	if (confirmed)
		atomic_andnot(LEAKTRACE_INEXACT_NO_RECONCILE, &t->inexact);
	return over;
}

/**
 * lt_target_unconfirmed() - a comparison with the kernel's state came to nothing
 * @t: the target; if it has exited meanwhile, that compared once more
 *
 * Context: any but interrupts.
 */
void lt_target_unconfirmed(struct lt_target *t)
{
	lt_target_inexact(t, LEAKTRACE_INEXACT_NO_RECONCILE);
	/* Pairs with the exchange in target_exit(). */
	smp_mb__after_atomic();
	if (atomic_read(&t->exited))
		lt_target_confirm(t);
}

/*
 * current is the last task of @t, and still has its fd table. From here on the tables
 * stand still: what was alive is what leaked. Two threads that exit at the same time may
 * both be the last.
 */
static void target_exit(struct lt_target *t)
{
	const struct lt_kind *kind = NULL;
	bool again;

	if (atomic_read(&t->exited))
		return;
	while ((kind = lt_kind_next(t, kind)))
		if (kind->exit)
			kind->exit(t);
	lt_target_inexact(t, LEAKTRACE_INEXACT_NO_RECONCILE);
	again = atomic_xchg(&t->exited, 1);
	/* Also the second time: the mark that was set just now may be ours to clear. */
	lt_target_confirm(t);
	if (again)
		return;
	t->exited_ns = lt_now_ns();
	t->exit_code = current->signal->group_exit_code ?: current->exit_code;
	/* Pairs with lt_fill_target(): when and how before that. */
	smp_store_release(&t->flags, t->flags | LEAKTRACE_TARGET_F_EXITED);
	lt_ring_note(t, LEAKTRACE_EVENT_EXIT, 0);
}

static void notrace on_task_newtask(void *data, struct task_struct *task,
				    LT_CLONE_FLAGS_TYPE clone_flags)
{
	bool thread = clone_flags & CLONE_THREAD;
	const struct lt_kind *kind = NULL;
	struct lt_maps_then code;
	struct lt_target *t;

	if (likely(!lt_filter_hit(current->signal)))
		return;
	t = lt_target_enter(data, LEAKTRACE_KINDS_ALL);
	if (!t)
		return;
	if (!thread && !(t->flags & LEAKTRACE_TARGET_F_FOLLOW_FORK))
		goto out;
	while ((kind = lt_kind_next(t, kind)))
		if (kind->clone)
			kind->clone(t, task, clone_flags);
	if (!thread) {
		code = lt_maps_now(t);
		if (!lt_work_queue(t, task, &fork_work, 0, &code))
			lt_maps_put(code.maps);
	}
out:
	lt_probe_leave();
}

/* current exits, and others go on. */
static void thread_exit(struct lt_target *t)
{
	const struct lt_kind *kind = NULL;

	while ((kind = lt_kind_next(t, kind)))
		if (kind->thread_exit)
			kind->thread_exit(t);
}

static void notrace on_sched_process_exit(void *data, LT_SCHED_PROCESS_EXIT_PROTO(task))
{
	struct lt_target *t;

	if (likely(!lt_filter_hit(task->signal)))
		return;
	t = lt_target_enter(data, LEAKTRACE_KINDS_ALL);
	if (!t)
		return;
	if (!atomic_read(&task->signal->live))
		target_exit(t);
	else
		thread_exit(t);
	lt_probe_leave();
}

static void notrace on_sched_process_exec(void *data, struct task_struct *task, pid_t old_pid,
					  struct linux_binprm *bprm)
{
	struct lt_target *t;

	if (likely(!lt_filter_hit(current->signal)))
		return;
	t = lt_target_enter(data, LEAKTRACE_KINDS_ALL);
	if (!t)
		return;
	lt_work_queue(t, current, &exec_work, 0, NULL);
	lt_probe_leave();
}

#define TASK_ROW(_name, _why) {						\
	LT_TRACEPOINT(_name), .kinds = LEAKTRACE_KINDS_ALL, .required = true, .why = _why }

const struct lt_probe lt_lifecycle_probes[] = {
	TASK_ROW(task_newtask, "threads and children made"),
	TASK_ROW(sched_process_exit, "threads and processes that end"),
	TASK_ROW(sched_process_exec, "new programs"),
	{ }
};
