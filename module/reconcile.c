// SPDX-License-Identifier: GPL-2.0
/*
 * At every snapshot the tables are compared with the kernel's own state and repaired: an
 * order of steps, each the kinds' own. Descriptors: fd_compare.c. Pages: pagesync.c.
 * Timers and threads: ids.c.
 */
#include <linux/delay.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>

#include "kind.h"
#include "leaktrace.h"
#include "probe.h"
#include "target.h"

enum {
	FINAL_WAIT_MS = 1000,
};

/**
 * lt_target_is_ending() - has the process begun to exit
 * @t: the target
 *
 * A process takes its timers and threads off the kernel's lists before our last hook is
 * called: they did not die, they are what its last report is about.
 *
 * Context: may sleep.
 * Return: whether it has.
 */
bool lt_target_is_ending(struct lt_target *t)
{
	unsigned int flags = SIGNAL_GROUP_EXIT;
	struct task_struct *task = lt_target_task(t);
	bool ending;

#ifdef SIGNAL_GROUP_COREDUMP	/* until 2f824d4d197e (v5.17) a dump had a flag of its own */
	flags |= SIGNAL_GROUP_COREDUMP;
#endif
	ending = !task || !atomic_read(&task->signal->live) ||
		(READ_ONCE(task->signal->flags) & flags);

	if (task)
		put_task_struct(task);
	return ending;
}

/*
 * A client that is told of the target's exit asks for the last numbers at once, when its
 * memory may not be freed yet: since v6.16 it never is. Bounded, as a process that shares
 * the memory may keep it for long.
 */
static void wait_for_last_numbers(struct lt_target *t)
{
	unsigned int tries = FINAL_WAIT_MS / LT_SECOND_LOOK_MS;
	bool over = false;

	while (tries-- && !over && !fatal_signal_pending(current) &&
	       atomic_read(&t->inexact) & LEAKTRACE_INEXACT_NO_RECONCILE) {
		down_read(&t->rwsem);
		over = lt_target_confirm(t);
		up_read(&t->rwsem);
		if (!over)
			msleep(LT_SECOND_LOOK_MS);
	}
}

static int reconcile_begin(struct lt_target *t)
{
	const struct lt_kind *kind = NULL;

	if (t->dead)
		return -ENOENT;
	if (atomic_read(&t->exited) || lt_target_is_ending(t))
		return 0;
	while ((kind = lt_kind_next(t, kind)))
		if (kind->reconcile_begin)
			kind->reconcile_begin(t);
	return 0;
}

/* Some release the rwsem for a while. Return: 0, -ENOENT if the target was detached. */
static int reconcile_kinds(struct lt_target *t)
{
	const struct lt_kind *kind = NULL;

	while (!t->dead && (kind = lt_kind_next(t, kind)))
		if (kind->reconcile)
			kind->reconcile(t);
	return t->dead ? -ENOENT : 0;
}

/**
 * lt_reconcile() - compare a target's tables with the kernel's own state, and repair them
 * @t: the target; an exited one stays as it was, and all do after lt_give_up()
 *
 * Context: may sleep.
 * Return: 0, -ENOENT if it was detached meanwhile, -EINTR if current is killed.
 */
int lt_reconcile(struct lt_target *t)
{
	int err;

	if (mutex_lock_killable(&t->reconciling))
		return -EINTR;
	if (down_write_killable(&t->rwsem)) {
		mutex_unlock(&t->reconciling);
		return -EINTR;
	}
	err = reconcile_begin(t);
	downgrade_write(&t->rwsem);
	if (err || atomic_read(&t->exited) || lt_gave_up())
		goto out;

	atomic_andnot(LEAKTRACE_INEXACT_NO_RECONCILE, &t->inexact);
	if (atomic_read(&t->exited))	/* meanwhile: that was not ours to clear */
		lt_target_unconfirmed(t);
	err = reconcile_kinds(t);
	t->reconciled_ns = lt_now_ns();
out:
	up_read(&t->rwsem);
	mutex_unlock(&t->reconciling);
	if (!err && atomic_read(&t->exited))
		wait_for_last_numbers(t);
	return err;
}
