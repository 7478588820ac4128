// SPDX-License-Identifier: GPL-2.0
/*
 * Which fd tables a target has. A process has one, but its threads may leave it
 * (unshare, clone without CLONE_FILES): each table is a space of its own, number 0
 * the process's.
 *
 * A space is known by its table's address, and ends when no task of the target has
 * that table any more.
 */
#include <linux/fdtable.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>

#include "fd.h"

static bool add_space(struct lt_target *t, const struct files_struct *files, u8 flags)
{
	struct lt_fds *fds = lt_fds(t);
	bool shared;
	int i;

	rcu_read_lock();
	shared = lt_key_find(files, LT_KEY_FILES);
	rcu_read_unlock();
	if (shared)	/* with another target, which counts it */
		return true;
	for (i = 0; i < LT_FD_SPACES; i++) {
		if (fds->space[i])
			continue;
		fds->space[i] = lt_key_add(files, LT_KEY_FILES, t, NULL, i);
		if (!fds->space[i])
			break;
		lt_fd_list(t, fds->space[i], flags);
		return true;
	}
	lt_inexact(t, LEAKTRACE_INEXACT_FD_SPACES);
	return false;
}

/* The tables that @t's tasks have now, each once; the leader's or current's
 * first. Only addresses: nothing is read through them. Who exits alone has told
 * lt_fd_thread_exit(), or will not: its table may be gone before it has a key.
 */
static int collect_tables(struct lt_target *t, const void **tables, int max)
{
	struct task_struct *leader = lt_target_task(t), *p;
	int n = 0, i;

	if (!leader)
		return 0;
	rcu_read_lock();
	for_each_thread(leader, p) {
		const void *files = READ_ONCE(p->files);

		if (!files || (READ_ONCE(p->flags) & PF_EXITING &&
			       !(READ_ONCE(p->signal->flags) & SIGNAL_GROUP_EXIT)))
			continue;
		for (i = 0; i < n && tables[i] != files; i++)
			;
		if (i == n && n < max)
			tables[n++] = files;
		else if (i == n)
			lt_inexact(t, LEAKTRACE_INEXACT_FD_SPACES);
	}
	rcu_read_unlock();
	put_task_struct(leader);
	return n;
}

static bool holds(const void **tables, int n, const void *ptr)
{
	while (n--)
		if (tables[n] == ptr)
			return true;
	return false;
}

static bool is_known(const struct lt_target *t, const void *files)
{
	const struct lt_fds *fds = lt_fds(t);
	int i;

	for (i = 0; i < LT_FD_SPACES; i++)
		if (fds->space[i] && fds->space[i]->ptr == files)
			return true;
	return false;
}

/* No task has the table any more: its descriptors are closed. */
static void drop_space(struct lt_target *t, int i)
{
	struct lt_fds *fds = lt_fds(t);
	u32 fd;

	/* Another process may have it, too: no probe is to add to what is buried here. */
	lt_key_del(fds->space[i]);
	fds->space[i] = NULL;
	synchronize_rcu();
	for (fd = 0; fd < fds->space_top[i]; fd++) {
		lt_object_died(t, LEAKTRACE_KIND_FD, LT_FD_KEY(i, fd), 0, NULL);
		cond_resched();
	}
	fds->space_top[i] = 0;
}

/* The process's own table was replaced by a copy, with the same descriptors, or is gone
 * with its last thread: the others have tables of their own.
 */
static void rekey_main(struct lt_target *t, const void **tables, int n)
{
	struct lt_fds *fds = lt_fds(t);
	struct lt_key *key;
	int i;

	if (!n || !fds->space[0] || holds(tables, n, fds->space[0]->ptr))
		return;
	for (i = 0; i < n && is_known(t, tables[i]); i++)
		;
	if (i == n) {
		drop_space(t, 0);
		return;
	}
	key = lt_key_add(tables[i], LT_KEY_FILES, t, NULL, 0);
	if (!key)
		return;
	lt_key_del(fds->space[0]);
	fds->space[0] = key;
}

/**
 * lt_fd_spaces() - bring the target's fd tables up to date
 * @t: the target
 *
 * Context: may sleep, gate held for writing.
 */
void lt_fd_spaces(struct lt_target *t)
{
	const void *tables[LT_FD_SPACES];
	int n = collect_tables(t, tables, LT_FD_SPACES), i;
	struct lt_fds *fds = lt_fds(t);

	rekey_main(t, tables, n);
	for (i = 1; i < LT_FD_SPACES; i++)
		if (fds->space[i] && !holds(tables, n, fds->space[i]->ptr))
			drop_space(t, i);
	for (i = 0; i < n; i++)
		if (!is_known(t, tables[i]))
			add_space(t, tables[i], LEAKTRACE_OBJECT_F_INHERITED);
}

/**
 * lt_fd_baseline() - list the descriptors that are open now
 * @t: a new target
 *
 * Context: may sleep, gate held for writing.
 * Return: 0 or -ENOMEM.
 */
int lt_fd_baseline(struct lt_target *t)
{
	u8 flags = t->parent ? LEAKTRACE_OBJECT_F_INHERITED : 0;
	const void *tables[LT_FD_SPACES];
	int n = collect_tables(t, tables, LT_FD_SPACES), i;

	for (i = 0; i < n; i++)
		if (!add_space(t, tables[i], flags))
			return -ENOMEM;
	return 0;
}

/* Is there a thread of the process that has @files and goes on */
static bool goes_on(const struct files_struct *files)
{
	struct task_struct *p;

	for_each_thread(current, p)
		if (p != current && READ_ONCE(p->files) == files &&
		    !(READ_ONCE(p->flags) & PF_EXITING))
			return true;
	return false;
}

/**
 * lt_fd_thread_exit() - current exits and may be the last to have its table
 * @t: its target
 *
 * The table's address may soon be another's: its key must not match any more. Where
 * all end together the process's own is kept for whoever is the last.
 *
 * Context: probe; current still has its fd table.
 */
void lt_fd_thread_exit(struct lt_target *t)
{
	struct files_struct *files = current->files;
	struct lt_key *k = files ? lt_key_find(files, LT_KEY_FILES) : NULL;

	if (!k || k->target != t || goes_on(files))
		return;
	if (k->space || !(current->signal->flags & SIGNAL_GROUP_EXIT))
		WRITE_ONCE(k->ptr, NULL);
}

/**
 * lt_fd_confirmed() - do the numbers agree with the table of current
 * @t: target; current is its last task
 *
 * Context: probe.
 * Return: whether every open descriptor, and nothing else, is counted live.
 */
bool lt_fd_confirmed(struct lt_target *t)
{
	struct files_struct *files = current->files;
	struct fdtable *fdt;
	bool agree;

	if (!files || !is_known(t, files))
		return false;
	rcu_read_lock();
	fdt = files_fdtable(files);
	agree = bitmap_weight(fdt->open_fds, fdt->max_fds) ==
		lt_kind_live(t, LEAKTRACE_KIND_FD);
	rcu_read_unlock();
	return agree;
}
