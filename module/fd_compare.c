// SPDX-License-Identifier: GPL-2.0
/*
 * The kernel's fd tables, read and compared with our objects: for the baseline, after
 * bulk changes, and to reconcile.
 *
 * Which tables a target has is in fd_tables.c. A table is read under alloc_lock of a task
 * that has it, which keeps the table, and under its own file_lock, which keeps every file
 * in it open: without that, the file's memory may already be another file's that is still
 * being set up (since v6.7, 0ede61d8589c, not even RCU delays its reuse).
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
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/slab.h>

#include "fd.h"
#include "key.h"
#include "object.h"
#include "pool.h"
#include "target.h"

enum {
	BATCH_FDS = 256,	/* under one lock, for which the target may wait */
	SUSPECTS = 4096,
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
	struct lt_key *table;
	unsigned int fd;
	const struct file *file;
};

static enum verdict slot_compare(const struct look *l, struct fdtable *fdt)
{
	struct lt_object o;
	bool live = lt_object_find(l->t, LEAKTRACE_KIND_FD,
				   LT_FD_KEY(l->table->fd_table, l->fd), &o);

	if (!l->file) {
		bool reserved = l->fd < fdt->max_fds && test_bit(l->fd, fdt->open_fds);

		return live && !reserved ? GONE : AGREE;
	}
	if (!live)
		return UNKNOWN;
	return o.own[LT_FD_FILE] == (unsigned long)l->file ? AGREE : OTHER_FILE;
}

static void slot_add(const struct look *l, u8 flags)
{
	struct lt_birth b = {
		.kind = LEAKTRACE_KIND_FD,
		.type = lt_fd_type(l->file),
		.key = LT_FD_KEY(l->table->fd_table, l->fd),
		.flags = flags,
		.own = { [LT_FD_FILE] = (unsigned long)l->file },
	};

	lt_fd_raise_top(l->t, l->table->fd_table, l->fd + 1);
	lt_object_born(l->t, &b);
}

/* Descriptors of one table. */
struct span {
	struct lt_key *table;
	unsigned int first;
	unsigned int last;
};

typedef void (*slot_fn)(struct look *l, enum verdict v, void *arg);

enum batch { MORE, END, LOST };

/* Calls @fn on BATCH_FDS of @s. LOST: @task does not have the table any more. */
static enum batch look_at_batch(struct lt_target *t, const struct span *s,
				struct task_struct *task, slot_fn fn, void *arg)
{
	struct lt_key *table = s->table;
	struct look l = { .t = t, .table = table };
	unsigned int from = s->first;
	struct files_struct *files;
	enum batch found = LOST;
	struct fdtable *fdt;
	unsigned int end;

	task_lock(task);
	files = task->files;
	/* Both are NULL once the last task of the table has exited. */
	if (!files || files != READ_ONCE(table->ptr))
		goto out;
	spin_lock(&files->file_lock);
	fdt = files_fdtable(files);
	end = max(fdt->max_fds, READ_ONCE(lt_fds(t)->table_top[table->fd_table]));
	if (s->last < end)
		end = s->last + 1;
	for (l.fd = from; l.fd < min(end, from + BATCH_FDS); l.fd++) {
		l.file = l.fd < fdt->max_fds ? files_lookup_fd_raw(files, l.fd) : NULL;
		fn(&l, slot_compare(&l, fdt), arg);
	}
	spin_unlock(&files->file_lock);
	found = from + BATCH_FDS < end ? MORE : END;
out:
	task_unlock(task);
	return found;
}

/* A task that has the table, with a reference. */
static struct task_struct *task_of_table(struct lt_target *t, const struct lt_key *table)
{
	struct task_struct *leader = lt_target_task(t), *p, *found = NULL;
	const void *files = READ_ONCE(table->ptr);

	if (!leader)
		return NULL;
	rcu_read_lock();
	for_each_thread(leader, p)
		if (files && READ_ONCE(p->files) == files) {
			get_task_struct(p);
			found = p;
			break;
		}
	rcu_read_unlock();
	put_task_struct(leader);
	return found;
}

/* Where the task that was asked leaves in the middle, another goes on. */
static void look_at_span(struct lt_target *t, struct span s, slot_fn fn, void *arg)
{
	enum batch found = LOST;
	struct task_struct *task;

	while (found != END && (task = task_of_table(t, s.table))) {
		while ((found = look_at_batch(t, &s, task, fn, arg)) == MORE) {
			s.first += BATCH_FDS;
			lt_pool_top_up();
			cond_resched();
		}
		put_task_struct(task);
		cond_resched();
	}
}

static void look_at_table(struct lt_target *t, struct lt_key *table, slot_fn fn, void *arg)
{
	look_at_span(t, (struct span){ .table = table, .last = UINT_MAX }, fn, arg);
}

static void look_at_tables(struct lt_target *t, slot_fn fn, void *arg)
{
	struct lt_fds *fds = lt_fds(t);
	int i;

	for (i = 0; i < LT_FD_TABLES; i++)
		if (fds->table[i])
			look_at_table(t, fds->table[i], fn, arg);
}

static void slot_baseline(struct look *l, enum verdict v, void *flags)
{
	if (v == UNKNOWN)
		slot_add(l, LEAKTRACE_OBJECT_F_BASELINE | *(u8 *)flags);
}

/**
 * lt_fd_list() - list the descriptors that are open in a table now
 * @t: the target
 * @table: new to us
 * @flags: LEAKTRACE_OBJECT_F_INHERITED, or 0
 *
 * Context: may sleep, t->rwsem held for writing.
 */
void lt_fd_list(struct lt_target *t, struct lt_key *table, u8 flags)
{
	look_at_table(t, table, slot_baseline, &flags);
}

static void slot_drop(struct look *l, enum verdict v, void *stack)
{
	if (v == GONE)
		lt_object_died(l->t, LEAKTRACE_KIND_FD,
			       LT_FD_KEY(l->table->fd_table, l->fd), *(u32 *)stack, NULL);
}

/**
 * lt_fd_resync() - after a bulk change of a table
 * @t: the target
 * @death_stack: where the descriptors that are gone died
 *
 * Context: may sleep, t->rwsem held for writing.
 */
void lt_fd_resync(struct lt_target *t, u32 death_stack)
{
	lt_fd_update_tables(t);
	look_at_tables(t, slot_drop, &death_stack);
}

/**
 * lt_fd_resync_range() - after a change of a part of current's table
 * @t: the target
 * @first: first descriptor
 * @last: last one
 * @death_stack: where the descriptors that are gone died
 *
 * Context: may sleep, t->rwsem held for reading.
 */
void lt_fd_resync_range(struct lt_target *t, unsigned int first, unsigned int last,
			u32 death_stack)
{
	struct lt_fds *fds = lt_fds(t);
	int i;

	for (i = 0; i < LT_FD_TABLES; i++)
		if (fds->table[i] && READ_ONCE(fds->table[i]->ptr) == current->files)
			look_at_span(t, (struct span){ fds->table[i], first, last },
				     slot_drop, &death_stack);
}

struct suspects {
	unsigned int n;
	unsigned int next;	/* both looks come by in the same order */
	u64 unknown;
	struct suspect {
		unsigned int fd;
		u32 table;
		const struct file *file;
	} s[SUSPECTS];
};

static void slot_suspect(struct look *l, enum verdict v, void *arg)
{
	struct suspects *all = arg;

	if (v == GONE) {
		if (lt_object_died(l->t, LEAKTRACE_KIND_FD,
				   LT_FD_KEY(l->table->fd_table, l->fd), 0, NULL))
			atomic64_inc(&l->t->kind[LEAKTRACE_KIND_FD].missed_deaths);
		return;
	}
	if (v == AGREE)
		return;
	if (v == UNKNOWN)
		all->unknown++;
	if (all->n < SUSPECTS)
		all->s[all->n++] = (struct suspect){ l->fd, l->table->fd_table, l->file };
}

/* Was it so at the first look */
static bool suspected(struct suspects *all, const struct look *l)
{
	const struct suspect *s;

	for (; all->next < all->n; all->next++) {
		s = &all->s[all->next];
		if (s->table > l->table->fd_table ||
		    (s->table == l->table->fd_table && s->fd >= l->fd))
			return s->table == l->table->fd_table && s->fd == l->fd &&
			       s->file == l->file;
	}
	return false;
}

static void slot_repair(struct look *l, enum verdict v, void *arg)
{
	struct lt_kind_stats *k = &l->t->kind[LEAKTRACE_KIND_FD];

	if ((v != UNKNOWN && v != OTHER_FILE) || !suspected(arg, l))
		return;
	if (v == OTHER_FILE)
		atomic64_inc(&k->missed_deaths);
	atomic64_inc(&k->missed_births);
	slot_add(l, LEAKTRACE_OBJECT_F_FOUND);
}

/**
 * lt_fd_reconcile() - hold the objects against the fd tables and repair them
 * @t: the target
 *
 * When the object table was full, descriptors without an object stay, and are
 * counted as not tracked.
 *
 * Context: may sleep, t->rwsem held for reading; it is given to who waits for it, and the
 * target may be dead afterwards.
 */
void lt_fd_reconcile(struct lt_target *t)
{
	bool full = atomic_read(&t->inexact) & LEAKTRACE_INEXACT_TABLE_FULL;
	s64 untracked = atomic64_read(&t->kind[LEAKTRACE_KIND_FD].untracked);
	struct suspects *all = kvzalloc(sizeof(*all), LT_GFP_TABLE);

	if (!all) {
		lt_target_unconfirmed(t);
		return;
	}
	look_at_tables(t, slot_suspect, all);
	if (full) {
		lt_object_recount_untracked(t, LEAKTRACE_KIND_FD, untracked, all->unknown);
	} else if (all->n) {
		up_read(&t->rwsem);
		msleep(SECOND_LOOK_MS);
		down_read(&t->rwsem);
		if (!t->dead)
			look_at_tables(t, slot_repair, all);
		if (all->n == SUSPECTS)		/* there may be more */
			lt_target_unconfirmed(t);
	}
	kvfree(all);
}
