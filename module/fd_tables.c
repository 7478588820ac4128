// SPDX-License-Identifier: GPL-2.0
/*
 * Which fd tables a target has. A process has one, but its threads may leave it (unshare,
 * clone without CLONE_FILES), so a target may have several; number 0 is the process's.
 *
 * A table is known by its address, through a key (key.c). It is the target's as long as
 * one of its tasks has that table.
 */
#include <linux/fdtable.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>

#include "fd.h"
#include "key.h"
#include "object.h"
#include "target.h"

/*
 * A single thread that is exiting may have passed lt_fd_thread_exit() already, which is
 * what keeps a key from outliving its table. Where all exit, the last one needs the key.
 */
static bool may_lose_table(const struct task_struct *p)
{
	return READ_ONCE(p->flags) & PF_EXITING &&
	       !(READ_ONCE(p->signal->flags) & SIGNAL_GROUP_EXIT);
}

static bool is_in_use(struct lt_target *t, const void *files)
{
	struct task_struct *leader = lt_target_task(t), *p;
	bool used = false;

	if (!leader)
		return false;
	rcu_read_lock();
	for_each_thread(leader, p)
		used |= READ_ONCE(p->files) == files && !may_lose_table(p);
	rcu_read_unlock();
	put_task_struct(leader);
	return used;
}

/*
 * Publishes a key of @files. That address was read earlier: the last thread with that
 * table may have exited since, without finding a key, and the address be another
 * process's. So look again now that there is one. Returns the key, or ERR_PTR.
 */
static struct lt_key *table_key_add(struct lt_target *t, const void *files, u32 nr)
{
	struct lt_key *key = lt_key_add(files, LT_KEY_FILES, t, NULL, nr);

	if (!key)
		return ERR_PTR(-ENOMEM);
	/*
	 * Pairs with the atomic count in do_exit(), between PF_EXITING and our hook: who
	 * is not seen to exit here finds the key there.
	 */
	smp_mb();
	if (is_in_use(t, files))
		return key;
	lt_key_del(key);
	return ERR_PTR(-ESRCH);
}

static int table_add(struct lt_target *t, const void *files, u8 flags)
{
	struct lt_fds *fds = lt_fds(t);
	struct lt_key *key;
	bool shared;
	int i;

	rcu_read_lock();
	shared = lt_key_find(files, LT_KEY_FILES);
	rcu_read_unlock();
	if (shared)	/* with another target, which counts it */
		return 0;
	for (i = 0; i < LT_FD_TABLES && fds->table[i]; i++)
		;
	key = i < LT_FD_TABLES ? table_key_add(t, files, i) : ERR_PTR(-ENOSPC);
	if (PTR_ERR_OR_ZERO(key) == -ESRCH)
		return 0;
	if (IS_ERR(key)) {
		lt_target_inexact(t, LEAKTRACE_INEXACT_FD_SPACES);
		return -ENOMEM;
	}
	WRITE_ONCE(fds->table[i], key);
	lt_fd_list(t, key, flags);
	return 0;
}

/*
 * The tables that @t's tasks have now, each once; the leader's or current's first. Only
 * addresses: nothing is read through them.
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

		if (!files || may_lose_table(p))
			continue;
		for (i = 0; i < n && tables[i] != files; i++)
			;
		if (i == n && n < max)
			tables[n++] = files;
		else if (i == n)
			lt_target_inexact(t, LEAKTRACE_INEXACT_FD_SPACES);
	}
	rcu_read_unlock();
	put_task_struct(leader);
	return n;
}

static bool contains(const void **tables, int n, const void *files)
{
	while (n--)
		if (tables[n] == files)
			return true;
	return false;
}

/* Context: t->rwsem held, or RCU read side. */
static bool is_known(const struct lt_target *t, const void *files)
{
	const struct lt_fds *fds = lt_fds(t);
	struct lt_key *key;
	int i;

	for (i = 0; i < LT_FD_TABLES; i++) {
		key = READ_ONCE(fds->table[i]);
		if (key && READ_ONCE(key->ptr) == files)
			return true;
	}
	return false;
}

/* Unpublishes a table's key before it deletes it: is_known() reads it without a lock. */
static void table_replace(struct lt_fds *fds, int i, struct lt_key *key)
{
	struct lt_key *old = fds->table[i];

	WRITE_ONCE(fds->table[i], key);
	lt_key_del(old);
}

/* No task has the table any more: its descriptors are closed. */
static void table_drop(struct lt_target *t, int i)
{
	struct lt_fds *fds = lt_fds(t);
	u32 fd;

	/* Another process may share it: no probe may add what would not be removed here. */
	table_replace(fds, i, NULL);
	synchronize_rcu();
	for (fd = 0; fd < fds->table_top[i]; fd++) {
		lt_object_died(t, LEAKTRACE_KIND_FD, LT_FD_KEY(i, fd), 0, NULL);
		cond_resched();
	}
	fds->table_top[i] = 0;
}

/*
 * The process's own table was replaced by a copy, with the same descriptors; or it is gone
 * with its last thread, and the other threads have tables of their own.
 */
static void update_main_table(struct lt_target *t, const void **tables, int n)
{
	struct lt_fds *fds = lt_fds(t);
	struct lt_key *key;
	int i;

	if (!n || !fds->table[0] || contains(tables, n, fds->table[0]->ptr))
		return;
	for (i = 0; i < n && is_known(t, tables[i]); i++)
		;
	if (i == n) {
		table_drop(t, 0);
		return;
	}
	key = table_key_add(t, tables[i], 0);
	if (!IS_ERR(key))
		table_replace(fds, 0, key);
}

/**
 * lt_fd_update_tables() - find out which fd tables a target has now
 * @t: the target
 *
 * Context: may sleep, t->rwsem held for writing.
 */
void lt_fd_update_tables(struct lt_target *t)
{
	const void *tables[LT_FD_TABLES];
	int n = collect_tables(t, tables, LT_FD_TABLES), i;
	struct lt_fds *fds = lt_fds(t);

	update_main_table(t, tables, n);
	for (i = 1; i < LT_FD_TABLES; i++)
		if (fds->table[i] && !contains(tables, n, fds->table[i]->ptr))
			table_drop(t, i);
	for (i = 0; i < n; i++)
		if (!is_known(t, tables[i]))
			table_add(t, tables[i], LEAKTRACE_OBJECT_F_INHERITED);
}

/**
 * lt_fd_baseline() - list the descriptors that are open now
 * @t: a new target
 *
 * Context: may sleep, t->rwsem held for writing.
 * Return: 0 or -ENOMEM.
 */
int lt_fd_baseline(struct lt_target *t)
{
	u8 flags = t->parent ? LEAKTRACE_OBJECT_F_INHERITED : 0;
	const void *tables[LT_FD_TABLES];
	int n = collect_tables(t, tables, LT_FD_TABLES), i, err = 0;

	for (i = 0; i < n && !err; i++)
		err = table_add(t, tables[i], flags);
	return err;
}

/* Does another thread of the process that is not exiting have @files? */
static bool is_shared_by_thread(const struct files_struct *files)
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
 * The table's address may soon be another's: its key must not match any more. Where all
 * threads end together the process's own is kept for the last of them.
 *
 * Context: probe; current still has its fd table.
 */
void lt_fd_thread_exit(struct lt_target *t)
{
	struct files_struct *files = current->files;
	struct lt_key *k = files ? lt_key_find(files, LT_KEY_FILES) : NULL;

	if (!k || k->target != t || is_shared_by_thread(files))
		return;
	if (k->fd_table || !(current->signal->flags & SIGNAL_GROUP_EXIT))
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
