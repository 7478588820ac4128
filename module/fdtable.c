// SPDX-License-Identifier: GPL-2.0
/*
 * The truth about descriptors: the kernel's fd tables, read to take the
 * baseline, after bulk changes, and to reconcile.
 *
 * A process has one table, but its threads may leave it (unshare, clone
 * without CLONE_FILES): each table is a space of its own, number 0 the
 * process's. A table is read under alloc_lock of a task that has it, which
 * keeps it, and under RCU.
 *
 * Reading races with the probes only in one way: a slot that is still full
 * although its death was counted already (the hook runs before the slot is
 * emptied). So a full slot without an object is believed only at a second
 * look, later. An empty slot whose number is reserved is a birth on its way.
 */
#include <linux/delay.h>
#include <linux/fdtable.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/slab.h>

#include "leaktrace.h"

enum {
	BATCH_FDS = 1024,	/* under one lock */
	SUSPECTS = 256,
	SECOND_LOOK_MS = 20,
};

/* What a slot and its object say together. */
enum verdict {
	AGREE,
	GONE,			/* object without a descriptor */
	UNKNOWN,		/* descriptor without an object */
	OTHER_FILE,		/* the object is of an earlier file */
};

struct look {
	struct lt_target *t;
	struct lt_key *space;
	unsigned int fd;
	const struct file *file;
};

static enum verdict compare(const struct look *l, struct fdtable *fdt)
{
	struct lt_object o;
	bool live = lt_object_find(l->t, LEAKTRACE_KIND_FD,
				   LT_FD_KEY(l->space->space, l->fd), &o);

	if (!l->file) {
		bool reserved = l->fd < fdt->max_fds && test_bit(l->fd, fdt->open_fds);

		return live && !reserved ? GONE : AGREE;
	}
	if (!live)
		return UNKNOWN;
	return o.file == l->file ? AGREE : OTHER_FILE;
}

static void add(const struct look *l, u8 flags)
{
	struct lt_birth b = {
		.kind = LEAKTRACE_KIND_FD,
		.type = lt_fd_type(l->file),
		.key = LT_FD_KEY(l->space->space, l->fd),
		.flags = flags,
		.file = l->file,
	};

	if (l->fd >= READ_ONCE(l->t->space_top[l->space->space]))
		WRITE_ONCE(l->t->space_top[l->space->space], l->fd + 1);
	lt_object_born(l->t, &b);
}

typedef void (*slot_fn)(struct look *l, enum verdict v, void *arg);

/* Calls @fn on [from, from + BATCH_FDS); false when past the end. */
static bool look_at_batch(struct lt_target *t, struct lt_key *space,
			  struct task_struct *task, unsigned int from, slot_fn fn, void *arg)
{
	struct look l = { .t = t, .space = space };
	struct files_struct *files;
	struct fdtable *fdt;
	unsigned int end = 0;

	task_lock(task);
	files = task->files;
	if (files != space->ptr)
		goto out;
	rcu_read_lock();
	fdt = files_fdtable(files);
	end = max(fdt->max_fds, READ_ONCE(t->space_top[space->space]));
	for (l.fd = from; l.fd < min(end, from + BATCH_FDS); l.fd++) {
		l.file = l.fd < fdt->max_fds ? files_lookup_fd_raw(files, l.fd) : NULL;
		fn(&l, compare(&l, fdt), arg);
	}
	rcu_read_unlock();
out:
	task_unlock(task);
	return from + BATCH_FDS < end;
}

/* A task that has the table, with a reference. */
static struct task_struct *task_of_space(struct lt_target *t, const struct lt_key *space)
{
	struct task_struct *leader = lt_target_task(t), *p, *found = NULL;

	if (!leader)
		return NULL;
	rcu_read_lock();
	for_each_thread(leader, p)
		if (READ_ONCE(p->files) == space->ptr) {
			get_task_struct(p);
			found = p;
			break;
		}
	rcu_read_unlock();
	put_task_struct(leader);
	return found;
}

static void look_at_space(struct lt_target *t, struct lt_key *space, slot_fn fn, void *arg)
{
	struct task_struct *task = task_of_space(t, space);
	unsigned int from = 0;

	if (!task)
		return;
	while (look_at_batch(t, space, task, from, fn, arg)) {
		from += BATCH_FDS;
		cond_resched();
	}
	put_task_struct(task);
}

static void take_baseline(struct look *l, enum verdict v, void *flags)
{
	if (v == UNKNOWN)
		add(l, LEAKTRACE_OBJECT_F_BASELINE | *(u8 *)flags);
}

/* All objects of a table that no task has any more. */
static void bury_space(struct lt_target *t, struct lt_key *space, u32 stack)
{
	unsigned int fd, top = t->space_top[space->space];

	for (fd = 0; fd < top; fd++)
		lt_object_died(t, LEAKTRACE_KIND_FD, LT_FD_KEY(space->space, fd), stack, NULL);
	t->space_top[space->space] = 0;
}

static bool add_space(struct lt_target *t, const struct files_struct *files, u8 flags)
{
	bool shared;
	int i;

	rcu_read_lock();
	shared = lt_key_find(files, LT_KEY_FILES);
	rcu_read_unlock();
	if (shared)	/* with another target, which counts it */
		return true;
	for (i = 0; i < LT_SPACES; i++) {
		if (t->space[i])
			continue;
		t->space[i] = lt_key_add(files, LT_KEY_FILES, t, NULL, i);
		if (!t->space[i])
			break;
		look_at_space(t, t->space[i], take_baseline, &flags);
		return true;
	}
	lt_inexact(t, LEAKTRACE_INEXACT_FD_SPACES);
	return false;
}

/* The tables that @t's tasks have now, each once; the leader's or current's
 * first. Only addresses: nothing is read through them.
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

		if (!files)
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

/* The process's own table was replaced by a copy: same descriptors. */
static void rekey_main(struct lt_target *t, const void **tables, int n)
{
	struct lt_key *key;

	if (!n || !t->space[0] || holds(tables, n, t->space[0]->ptr))
		return;
	key = lt_key_add(tables[0], LT_KEY_FILES, t, NULL, 0);
	if (!key)
		return;
	lt_key_del(t->space[0]);
	t->space[0] = key;
}

/**
 * lt_fd_spaces() - bring the target's fd tables up to date
 * @t: the target
 *
 * Context: may sleep, gate held for writing.
 */
void lt_fd_spaces(struct lt_target *t)
{
	const void *tables[LT_SPACES];
	int n = collect_tables(t, tables, LT_SPACES), i, j;

	rekey_main(t, tables, n);
	for (i = 1; i < LT_SPACES; i++)
		if (t->space[i] && !holds(tables, n, t->space[i]->ptr)) {
			bury_space(t, t->space[i], 0);
			lt_key_del(t->space[i]);
			t->space[i] = NULL;
		}
	for (j = 0; j < n; j++) {
		for (i = 0; i < LT_SPACES; i++)
			if (t->space[i] && t->space[i]->ptr == tables[j])
				break;
		if (i == LT_SPACES)
			add_space(t, tables[j], LEAKTRACE_OBJECT_F_INHERITED);
	}
}

/**
 * lt_fd_baseline() - list the descriptors that are open now
 * @t: a new target
 * @inherited: fork copied them
 *
 * Context: may sleep, gate held for writing.
 * Return: 0 or -ENOMEM.
 */
int lt_fd_baseline(struct lt_target *t, bool inherited)
{
	const void *tables[LT_SPACES];
	int n = collect_tables(t, tables, LT_SPACES), i;

	for (i = 0; i < n; i++)
		if (!add_space(t, tables[i], inherited ? LEAKTRACE_OBJECT_F_INHERITED : 0))
			return -ENOMEM;
	return 0;
}

static void drop_gone(struct look *l, enum verdict v, void *stack)
{
	if (v == GONE)
		lt_object_died(l->t, LEAKTRACE_KIND_FD,
			       LT_FD_KEY(l->space->space, l->fd), *(u32 *)stack, NULL);
}

/**
 * lt_fd_resync() - after a bulk change of a table
 * @t: the target
 * @death_stack: where the descriptors that are gone died
 *
 * Context: may sleep, gate held for writing.
 */
void lt_fd_resync(struct lt_target *t, u32 death_stack)
{
	int i;

	lt_fd_spaces(t);
	for (i = 0; i < LT_SPACES; i++)
		if (t->space[i])
			look_at_space(t, t->space[i], drop_gone, &death_stack);
}

/**
 * lt_fd_thread_exit() - current exits and may be the last to have its table
 *
 * The table's address may soon be another's: its key must not match any more.
 *
 * Context: probe; current still has its fd table.
 */
void lt_fd_thread_exit(void)
{
	struct files_struct *files = current->files;
	struct lt_key *k = files ? lt_key_find(files, LT_KEY_FILES) : NULL;

	if (k && atomic_read(&files->count) == 1)
		WRITE_ONCE(k->ptr, NULL);
}

struct suspects {
	unsigned int n;
	u64 unknown;
	struct suspect {
		unsigned int fd;
		u32 space;
		const struct file *file;
	} s[SUSPECTS];
};

static void suspect(struct look *l, enum verdict v, void *arg)
{
	struct suspects *all = arg;

	if (v == GONE) {
		if (lt_object_died(l->t, LEAKTRACE_KIND_FD,
				   LT_FD_KEY(l->space->space, l->fd), 0, NULL))
			atomic64_inc(&l->t->kind[LEAKTRACE_KIND_FD].missed_deaths);
		return;
	}
	if (v == AGREE)
		return;
	if (v == UNKNOWN)
		all->unknown++;
	if (all->n < SUSPECTS)
		all->s[all->n++] = (struct suspect){ l->fd, l->space->space, l->file };
}

static void repair(struct look *l, enum verdict v, void *arg)
{
	struct lt_kind_stats *k = &l->t->kind[LEAKTRACE_KIND_FD];
	struct suspects *all = arg;
	unsigned int i;

	if (v != UNKNOWN && v != OTHER_FILE)
		return;
	for (i = 0; i < all->n; i++)
		if (all->s[i].fd == l->fd && all->s[i].space == l->space->space &&
		    all->s[i].file == l->file)
			break;
	if (i == all->n)
		return;
	if (v == OTHER_FILE)
		atomic64_inc(&k->missed_deaths);
	atomic64_inc(&k->missed_births);
	add(l, LEAKTRACE_OBJECT_F_FOUND);
}

static void for_spaces(struct lt_target *t, slot_fn fn, void *arg)
{
	int i;

	for (i = 0; i < LT_SPACES; i++)
		if (t->space[i])
			look_at_space(t, t->space[i], fn, arg);
}

/**
 * lt_fd_reconcile() - hold the objects against the fd tables and repair them
 * @t: the target
 *
 * When the object table was full, descriptors without an object stay, and are
 * counted as not tracked.
 *
 * Context: may sleep, gate held for reading.
 */
void lt_fd_reconcile(struct lt_target *t)
{
	bool full = atomic_read(&t->inexact) & LEAKTRACE_INEXACT_TABLE_FULL;
	struct suspects *all = kvzalloc(sizeof(*all), GFP_KERNEL | __GFP_NOWARN);

	if (!all)
		return;
	for_spaces(t, suspect, all);
	if (full) {
		atomic64_set(&t->kind[LEAKTRACE_KIND_FD].untracked, all->unknown);
	} else if (all->n) {
		msleep(SECOND_LOOK_MS);
		for_spaces(t, repair, all);
	}
	kvfree(all);
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

	if (!files || !t->space[0] || t->space[0]->ptr != files)
		return false;
	rcu_read_lock();
	fdt = files_fdtable(files);
	agree = bitmap_weight(fdt->open_fds, fdt->max_fds) ==
		lt_kind_live(t, LEAKTRACE_KIND_FD);
	rcu_read_unlock();
	return agree;
}
