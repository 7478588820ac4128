// SPDX-License-Identifier: GPL-2.0
/*
 * Kinds of which the kernel has a list with small numbers (timers, tasks): that list and
 * our objects, compared and repaired.
 *
 * A difference may be a probe at work on another CPU, so it is believed only if it is
 * still there at a second look.
 */
#include <linux/bsearch.h>
#include <linux/delay.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/sort.h>

#include "ids.h"
#include "object.h"
#include "pool.h"
#include "target.h"

enum {
	MAX_IDS = 1 << 22,	/* pid_max's largest; timers are fewer */
};

/**
 * lt_ids_add() - append to a list
 * @ids: the list; ids beyond its size are only counted
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

/* Where in a sorted list @id is; or NULL. */
static u32 *ids_find(const struct lt_ids *ids, u32 id)
{
	return bsearch(&id, ids->id, ids->n, sizeof(id), cmp_id);
}

struct collect {
	struct lt_ids ids;
	const struct lt_id_ops *ops;
};

static int ids_collect(const struct lt_object *o, void *arg)
{
	struct collect *c = arg;

	if (!c->ops->listed || c->ops->listed(o))
		lt_ids_add(&c->ids, o->key);
	return 0;
}

static void ids_list_known(struct lt_target *t, struct collect *c)
{
	u32 bucket = 0;

	lt_object_walk(t, 1U << c->ops->kind, &bucket, ids_collect, c);
}

/**
 * lt_ids_list() - list the objects of a kind
 * @t: target
 * @ops: of the kind
 * @known: those in our table instead of the kernel's own
 * @ids: set to a sorted list; the caller frees ids->id with kvfree()
 *
 * Context: may sleep.
 * Return: false without memory, or if the kernel's list changes too fast.
 */
bool lt_ids_list(struct lt_target *t, const struct lt_id_ops *ops, bool known,
		 struct lt_ids *ids)
{
	struct collect c = { .ops = ops };
	u32 want = 256;
	bool ok = true;

	for (;;) {
		c.ids = (struct lt_ids){ .max = want };
		c.ids.id = kvmalloc_array(want, sizeof(u32), LT_GFP_TABLE);
		if (!c.ids.id)
			return false;
		if (known)
			ids_list_known(t, &c);
		else
			ok = ops->list(t, &c.ids);
		if (ok && c.ids.n <= c.ids.max)
			break;
		want = c.ids.n + c.ids.n / 4;
		kvfree(c.ids.id);
		if (!ok || want > MAX_IDS)
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
static void ids_keep(struct lt_ids *a, const struct lt_ids *b, bool in_b)
{
	u32 i, n = 0;

	for (i = 0; i < a->n; i++)
		if (!!ids_find(b, a->id[i]) == in_b)
			a->id[n++] = a->id[i];
	a->n = n;
}

/* @unknown: the kernel has it and we don't; @gone: the other way round. */
static bool ids_differ(struct lt_target *t, const struct lt_id_ops *ops,
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
		ids_keep(unknown, gone, false);
		ids_keep(gone, &real, false);
	}
	kvfree(real.id);
	return ok;
}

static void ids_repair(struct lt_target *t, const struct lt_id_ops *ops,
		       const struct lt_ids *unknown, const struct lt_ids *gone)
{
	bool full = atomic_read(&t->inexact) & LEAKTRACE_INEXACT_TABLE_FULL;
	struct lt_kind_stats *k = &t->kind[ops->kind];
	s64 untracked = atomic64_read(&k->untracked);
	struct lt_ids unknown2, gone2;
	u32 i;

	if (!ids_differ(t, ops, &unknown2, &gone2)) {
		lt_target_unconfirmed(t);
		return;
	}
	if (lt_target_is_ending(t)) {
		lt_target_unconfirmed(t);
		goto out;
	}
	for (i = 0; i < gone2.n; i++)
		if (ids_find(gone, gone2.id[i]) &&
		    lt_object_died(t, ops->kind, gone2.id[i], 0, NULL))
			atomic64_inc(&k->missed_deaths);
	if (full) {
		if (ops->unlisted)
			unknown2.n += ops->unlisted(t);
		lt_object_recount_untracked(t, ops->kind, untracked, unknown2.n);
	} else {
		ids_keep(&unknown2, unknown, true);
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

	if (!ids_differ(t, ops, &unknown, &gone)) {
		lt_target_unconfirmed(t);
		return;
	}
	if (unknown.n || gone.n || atomic64_read(&t->kind[ops->kind].untracked)) {
		msleep(LT_SECOND_LOOK_MS);
		ids_repair(t, ops, &unknown, &gone);
	}
	kvfree(unknown.id);
	kvfree(gone.id);
}
