// SPDX-License-Identifier: GPL-2.0
/*
 * Exact or honest: at every snapshot the tables are held against the kernel's
 * own state and repaired. Descriptors: fd_compare.c. Pages: pagewalk.c. What has
 * a small number in a list of the kernel's (timers, tasks): here.
 *
 * A difference may be a probe at work on another CPU, so it is believed only
 * if it is still there at a second look.
 */
#include <linux/bsearch.h>
#include <linux/delay.h>
#include <linux/mm.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include <linux/sort.h>

#include "leaktrace.h"

enum {
	MAX_IDS = 1 << 22,	/* pid_max's largest; timers are fewer */
	SECOND_LOOK_MS = 20,
	FINAL_WAIT_MS = 1000,
};

/* Two reconciles of one target would take each other's repairs for losses. */
static DEFINE_MUTEX(one_at_a_time);

/**
 * lt_ids_add() - append to a list
 * @ids: the list; ids beyond its room are only counted
 * @id: what to append
 *
 * Context: any.
 */
void lt_ids_add(struct lt_ids *ids, u32 id)
{
	if (ids->n < ids->max)
		ids->id[ids->n] = id;
	ids->n++;
}

static int cmp_id(const void *a, const void *b)
{
	u32 x = *(const u32 *)a, y = *(const u32 *)b;

	return x < y ? -1 : x > y;
}

/**
 * lt_ids_find() - look an id up
 * @ids: a sorted list
 * @id: what to look for
 *
 * Context: any.
 * Return: where in the list it stands, or NULL.
 */
u32 *lt_ids_find(const struct lt_ids *ids, u32 id)
{
	return bsearch(&id, ids->id, ids->n, sizeof(id), cmp_id);
}

struct collect {
	struct lt_ids ids;
	const struct lt_id_ops *ops;
};

static int collect(const struct lt_object *o, void *arg)
{
	struct collect *c = arg;

	if (o->kind == c->ops->kind && (!c->ops->listed || c->ops->listed(o)))
		lt_ids_add(&c->ids, o->key);
	return 0;
}

static void list_known(struct lt_target *t, struct collect *c)
{
	u32 bucket = 0;

	lt_object_walk(t->id, &bucket, collect, c);
}

/**
 * lt_ids_list() - list the objects of a kind
 * @t: target
 * @ops: of the kind
 * @known: those in our table instead of the kernel's own
 * @ids: set to a sorted list; the caller frees ids->id with kvfree()
 *
 * Context: may sleep.
 * Return: false without memory.
 */
bool lt_ids_list(struct lt_target *t, const struct lt_id_ops *ops, bool known,
		 struct lt_ids *ids)
{
	struct collect c = { .ops = ops };
	u32 want = 256;

	for (;;) {
		c.ids = (struct lt_ids){ .max = want };
		c.ids.id = kvmalloc_array(want, sizeof(u32), GFP_KERNEL | __GFP_NOWARN);
		if (!c.ids.id)
			return false;
		if (known)
			list_known(t, &c);
		else
			ops->list(t, &c.ids);
		if (c.ids.n <= c.ids.max)
			break;
		want = c.ids.n + c.ids.n / 4;
		kvfree(c.ids.id);
		if (want > MAX_IDS)
			return false;
	}
	sort(c.ids.id, c.ids.n, sizeof(u32), cmp_id, NULL);
	*ids = c.ids;
	return true;
}

/**
 * lt_ids_baseline() - list what exists now as baseline
 * @t: a new target
 * @ops: of its kind
 * @flags: LEAKTRACE_OBJECT_F_*
 *
 * Context: may sleep.
 */
void lt_ids_baseline(struct lt_target *t, const struct lt_id_ops *ops, u8 flags)
{
	struct lt_ids ids;
	u32 i, n = 0;

	if (!lt_ids_list(t, ops, false, &ids)) {
		lt_target_unconfirmed(t);
		return;
	}
	for (i = 0; i < ids.n; i++)
		if (!lt_object_find(t, ops->kind, ids.id[i], NULL))
			ids.id[n++] = ids.id[i];
	ids.n = n;
	if (!ops->add(t, &ids, flags))
		lt_target_unconfirmed(t);
	kvfree(ids.id);
}

/* Keeps in @a what is in @b, or what is not. */
static void keep(struct lt_ids *a, const struct lt_ids *b, bool in_b)
{
	u32 i, n = 0;

	for (i = 0; i < a->n; i++)
		if (!!lt_ids_find(b, a->id[i]) == in_b)
			a->id[n++] = a->id[i];
	a->n = n;
}

/* @unknown: the kernel has it and we don't; @gone: the other way round. */
static bool differ(struct lt_target *t, const struct lt_id_ops *ops,
		   struct lt_ids *unknown, struct lt_ids *gone)
{
	struct lt_ids real;
	bool ok;

	if (!lt_ids_list(t, ops, false, &real))
		return false;
	ok = lt_ids_list(t, ops, false, unknown);
	if (ok && !lt_ids_list(t, ops, true, gone)) {
		kvfree(unknown->id);
		ok = false;
	}
	if (ok) {
		keep(unknown, gone, false);
		keep(gone, &real, false);
	}
	kvfree(real.id);
	return ok;
}

/*
 * What ends takes its timers and threads off the lists before its last hook is called:
 * they did not die, they are what its last report is about.
 */
static bool is_ending(struct lt_target *t)
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

static void repair(struct lt_target *t, const struct lt_id_ops *ops,
		   const struct lt_ids *unknown, const struct lt_ids *gone)
{
	bool full = atomic_read(&t->inexact) & LEAKTRACE_INEXACT_TABLE_FULL;
	struct lt_kind_stats *k = &t->kind[ops->kind];
	struct lt_ids unknown2, gone2;
	u32 i;

	if (!differ(t, ops, &unknown2, &gone2)) {
		lt_target_unconfirmed(t);
		return;
	}
	if (is_ending(t)) {
		lt_target_unconfirmed(t);
		goto out;
	}
	for (i = 0; i < gone2.n; i++)
		if (lt_ids_find(gone, gone2.id[i]) &&
		    lt_object_died(t, ops->kind, gone2.id[i], 0, NULL))
			atomic64_inc(&k->missed_deaths);
	if (full) {
		atomic64_set(&k->untracked, unknown2.n);
	} else {
		keep(&unknown2, unknown, true);
		atomic64_add(unknown2.n, &k->missed_births);
		if (!ops->add(t, &unknown2, LEAKTRACE_OBJECT_F_FOUND))
			lt_target_unconfirmed(t);
	}
out:
	kvfree(unknown2.id);
	kvfree(gone2.id);
}

/**
 * lt_ids_reconcile() - hold the objects of a kind against the kernel's list
 * @t: the target
 * @ops: of its kind
 *
 * Context: may sleep, t->rwsem held.
 */
void lt_ids_reconcile(struct lt_target *t, const struct lt_id_ops *ops)
{
	struct lt_ids unknown, gone;

	if (!differ(t, ops, &unknown, &gone)) {
		lt_target_unconfirmed(t);
		return;
	}
	if (unknown.n || gone.n) {
		msleep(SECOND_LOOK_MS);
		repair(t, ops, &unknown, &gone);
	}
	kvfree(unknown.id);
	kvfree(gone.id);
}

/*
 * Whoever is told that the target has exited asks for its last numbers at once, when
 * its memory may still be there: since v6.16 always. A process that shares it may keep
 * it for long.
 */
static void wait_for_last_numbers(struct lt_target *t)
{
	unsigned int tries = FINAL_WAIT_MS / SECOND_LOOK_MS;
	bool over = false;

	while (tries-- && !over && atomic_read(&t->inexact) & LEAKTRACE_INEXACT_NO_RECONCILE) {
		down_read(&t->rwsem);
		over = lt_target_confirm(t);
		up_read(&t->rwsem);
		if (!over)
			msleep(SECOND_LOOK_MS);
	}
}

static int reconcile_begin(struct lt_target *t)
{
	const struct lt_kind *kind = NULL;

	if (t->dead)
		return -ENOENT;
	if (atomic_read(&t->exited) || is_ending(t))
		return 0;
	while ((kind = lt_kind_next(t, kind)))
		if (kind->reconcile_begin)
			kind->reconcile_begin(t);
	return 0;
}

/* Some of these give the gate up for a while. Return: 0, -ENOENT if it was detached. */
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
 * Return: 0, -ENOENT if it was detached meanwhile.
 */
int lt_reconcile(struct lt_target *t)
{
	int err;

	mutex_lock(&one_at_a_time);
	down_write(&t->rwsem);
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
	mutex_unlock(&one_at_a_time);
	if (!err && atomic_read(&t->exited))
		wait_for_last_numbers(t);
	return err;
}
