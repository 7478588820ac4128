// SPDX-License-Identifier: GPL-2.0
/*
 * Whose event is it. A target is one process (thread group); probes know it
 * by its keys (key.c).
 *
 * Life: lt_target_add() or lt_target_fork() -> exited (tables frozen, for the
 * report) -> lt_target_del(). Pending works and dumps keep a reference; the
 * last one frees.
 */
#include <linux/module.h>
#include <linux/pid.h>
#include <linux/rculist.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include <net/netlink.h>

#include "code.h"
#include "key.h"
#include "kind.h"
#include "leaktrace.h"
#include "mm.h"
#include "object.h"
#include "probe.h"
#include "ring.h"
#include "site.h"
#include "target.h"
#include "work.h"

LIST_HEAD(lt_targets);

enum { KEEP_SHARE = 4 };	/* of max_targets: exited children in the background */

static u32 last_id;
static int ntargets;

/**
 * lt_target_current() - the target that current belongs to
 *
 * Context: RCU read side.
 * Return: the target or NULL.
 */
struct lt_target *lt_target_current(void)
{
	struct lt_key *k;

	if (!lt_filter_hit(current->signal))
		return NULL;
	k = lt_key_find(current->signal, LT_KEY_SIGNAL);
	return k ? k->target : NULL;
}

/**
 * lt_target_enter() - begin a probe's work for the target that current belongs to
 * @hook: what the hook was given
 * @kinds: LEAKTRACE_KIND bits; the target must follow one of them
 *
 * Context: any but NMI.
 * Return: the target; the caller must lt_probe_leave(). NULL: there is nothing to do.
 */
struct lt_target *lt_target_enter(const void *hook, u32 kinds)
{
	struct lt_target *t;

	if (!lt_probe_enter(hook))
		return NULL;
	t = lt_target_current();
	if (t && t->kinds & kinds)
		return t;
	lt_probe_leave();
	return NULL;
}

/**
 * lt_target_task() - a task of a target
 * @t: the target
 *
 * Context: may sleep.
 * Return: the group leader with a reference (put_task_struct()), NULL if gone.
 */
struct task_struct *lt_target_task(struct lt_target *t)
{
	return get_pid_task(t->pid, PIDTYPE_TGID);
}

/**
 * lt_kind_sum() - births and deaths of a kind since attach
 * @t: target
 * @kind: kind
 * @sum: filled in; exact while none happens, and never with a death without its birth
 *
 * Context: any.
 */
void lt_kind_sum(const struct lt_target *t, enum leaktrace_kind kind, struct lt_kind_counts *sum)
{
	int cpu;

	*sum = (struct lt_kind_counts){ };
	for_each_possible_cpu(cpu)
		sum->died += READ_ONCE(per_cpu_ptr(t->counts, cpu)[kind].died);
	smp_rmb();	/* a birth is counted before its death is */
	for_each_possible_cpu(cpu)
		sum->born += READ_ONCE(per_cpu_ptr(t->counts, cpu)[kind].born);
}

/**
 * lt_kind_live() - how many objects of a kind are live
 * @t: target
 * @kind: kind
 *
 * Context: any.
 * Return: number. A snapshot: its parts change one by one.
 */
u64 lt_kind_live(const struct lt_target *t, enum leaktrace_kind kind)
{
	struct lt_kind_counts sum;

	lt_kind_sum(t, kind, &sum);
	return max_t(s64, atomic64_read(&t->kind[kind].baseline) + sum.born - sum.died, 0);
}

static void free_target(struct lt_target *t)
{
	free_percpu(t->counts);
	kfree(t->groups);
	kfree(t);
}

static struct lt_target *alloc_target(void)
{
	struct lt_target *t = kzalloc(sizeof(*t), GFP_KERNEL_ACCOUNT);

	if (!t)
		return NULL;
	t->counts = __alloc_percpu_gfp(LT_KINDS * sizeof(*t->counts), sizeof(u64),
				       GFP_KERNEL_ACCOUNT | __GFP_NOWARN);
	t->groups = kcalloc(LT_KINDS, BITS_TO_BYTES(LT_OBJECT_GROUPS), GFP_KERNEL_ACCOUNT);
	if (t->counts && t->groups)
		return t;
	free_target(t);
	return NULL;
}

static void free_target_rcu(struct rcu_head *head)
{
	free_target(container_of(head, struct lt_target, rcu));
}

static struct lt_target *new_target(struct task_struct *task, u32 kinds,
				    u32 flags, u32 max_objects, u32 portid)
{
	struct lt_target *t = alloc_target();

	if (!t)
		return NULL;
	refcount_set(&t->refs, 1);
	init_rwsem(&t->rwsem);
	mutex_init(&t->reconciling);
	t->portid = portid;
	t->tgid = task->tgid;
	t->pid = get_task_pid(task, PIDTYPE_TGID);
	t->kinds = kinds;
	t->flags = flags;
	t->max_objects = max_objects ? min(max_objects, lt_max_objects) : lt_max_objects;
	get_task_comm(t->comm, task);
	t->attached_ns = lt_now_ns();
	t->lost_ring = lt_ring_lost();
	t->lost_socket = lt_ring_unsent();
	lt_ring_ask(t->attached_ns);
	if (kinds & lt_probe_missing())
		lt_target_inexact(t, LEAKTRACE_INEXACT_PROBE_ABSENT);
	lt_target_inexact(t, LEAKTRACE_INEXACT_NO_RECONCILE);
	__module_get(THIS_MODULE);
	return t;
}

/**
 * lt_target_put() - drop a reference
 * @t: the target
 *
 * Context: may sleep.
 */
void lt_target_put(struct lt_target *t)
{
	struct lt_target *parent;

	/* A loop: generations may be as many as targets. */
	for (; t && refcount_dec_and_test(&t->refs); t = parent) {
		parent = t->parent;
		put_pid(t->pid);
		call_rcu(&t->rcu, free_target_rcu);
		module_put(THIS_MODULE);
	}
}

/* Its memory and code: first, so that every event finds the code. */
static int take_mm(struct lt_target *t, struct mm_struct *mm, struct lt_maps *maps, u32 execs)
{
	struct lt_mm *m = lt_mm_attach(t, mm, maps);

	if (IS_ERR(m))
		return PTR_ERR(m);
	if (m && t->parent)
		lt_maps_copy(m, t->parent, execs);
	return 0;
}

static int attach_kinds(struct lt_target *t)
{
	const struct lt_kind *kind = NULL;
	int err = 0;

	while (!err && (kind = lt_kind_next(t, kind)))
		if (kind->attach)
			err = kind->attach(t);
	return err;
}

static void detach_kinds(struct lt_target *t)
{
	const struct lt_kind *kind = NULL;

	while ((kind = lt_kind_next(t, kind)))
		if (kind->detach)
			kind->detach(t);
}

/* Lists what is alive now. What is born meanwhile is seen by the probes. */
static int take_baseline(struct lt_target *t)
{
	const struct lt_kind *kind = NULL;
	int err = 0;

	while (!err && (kind = lt_kind_next(t, kind)))
		if (kind->baseline)
			err = kind->baseline(t);
	WRITE_ONCE(t->ready, true);
	return err;
}

/* What takes long, with the rwsem held for reading only. */
static int walk_baseline(struct lt_target *t)
{
	const struct lt_kind *kind = NULL;
	int err = 0;

	while (!err && (kind = lt_kind_next(t, kind)))
		if (kind->baseline_walk)
			err = kind->baseline_walk(t);
	return err;
}

static int first_target(u32 kinds, struct netlink_ext_ack *extack)
{
	int err = lt_stores_reset(true);

	if (!err)
		err = lt_probe_start(kinds, extack);
	if (err)
		lt_stores_reset(false);
	return err;
}

static void last_target(void)
{
	lt_probe_stop();
	lt_stores_reset(false);
}

/* No probe, work or dump finds it any more, and its memory is free. */
static void dismantle(struct lt_target *t)
{
	down_write(&t->rwsem);
	t->dead = true;
	lt_mm_detach(t);
	lt_key_del_all(t);
	synchronize_rcu();
	detach_kinds(t);
	lt_object_forget(t);
	lt_site_forget(t->id);
	up_write(&t->rwsem);
	lt_work_cancel(t);
}

/*
 * Its key lets probes find it. If the last thread exited before the key was there, the
 * signal_struct's address may be another process's by now; then signal->live is 0 here.
 * Else its last thread finds the key when it exits.
 */
static int take_key(struct lt_target *t, struct task_struct *task)
{
	if (!lt_key_add(task->signal, LT_KEY_SIGNAL, t, NULL, 0))
		return -ENOMEM;
	/* Pairs with the count that do_exit() takes before it looks for keys. */
	smp_mb();
	return atomic_read(&task->signal->live) ? 0 : -ESRCH;
}

static int take(struct lt_target *t, struct task_struct *task, struct mm_struct *mm,
		struct lt_maps *maps, u32 execs)
{
	int err;

	down_write(&t->rwsem);
	err = attach_kinds(t);
	if (err)
		lt_maps_free(maps);
	else
		err = take_mm(t, mm, maps, execs) ?: take_key(t, task) ?: take_baseline(t);
	downgrade_write(&t->rwsem);
	if (!err)
		err = walk_baseline(t);
	up_read(&t->rwsem);
	return err;
}

static int start_target(struct lt_target *t, struct task_struct *task, struct lt_maps *maps,
			u32 execs)
{
	struct mm_struct *mm = get_task_mm(task);
	int err;

	while (!++last_id)
		;
	t->id = last_id;
	if (mm) {
		err = take(t, task, mm, maps, execs);
		mmput(mm);
	} else {
		lt_maps_free(maps);
		err = -ESRCH;
	}
	if (!err && !lt_mm_is_of(t, task))
		err = -EAGAIN;	/* it has called exec, before there was a key */
	if (err) {
		dismantle(t);
		return err;
	}
	list_add_tail_rcu(&t->node, &lt_targets);
	ntargets++;
	return 0;
}

static bool known(const struct task_struct *task)
{
	bool yes;

	rcu_read_lock();
	yes = lt_key_find(task->signal, LT_KEY_SIGNAL);
	rcu_read_unlock();
	return yes;
}

/*
 * A child that was followed, has exited and outlives its session: nobody else is going to
 * delete it.
 */
static bool is_left_over(const struct lt_target *t)
{
	u32 flags = READ_ONCE(t->flags), all = LEAKTRACE_TARGET_F_FORKED |
		LEAKTRACE_TARGET_F_BACKGROUND | LEAKTRACE_TARGET_F_EXITED;

	return (flags & all) == all;
}

/* The list is in order of attach: the oldest go first. @at_most: to delete. */
static void drop_left_over(unsigned int keep, unsigned int at_most)
{
	unsigned int n = 0;
	struct lt_target *t, *tmp;

	lockdep_assert_held(&lt_mutex);
	list_for_each_entry(t, &lt_targets, node)
		n += is_left_over(t);
	list_for_each_entry_safe(t, tmp, &lt_targets, node) {
		if (n <= keep || !at_most)
			return;
		if (!is_left_over(t))
			continue;
		WRITE_ONCE(t->parent->children_dropped, t->parent->children_dropped + 1);
		lt_target_del(t);
		n--;
		at_most--;
	}
}

static int admit(const struct task_struct *task, struct netlink_ext_ack *extack)
{
	if (lt_gave_up()) {
		NL_SET_ERR_MSG(extack, "tracing was stopped (see status): load the module again");
		return -ESHUTDOWN;
	}
	if (known(task)) {
		NL_SET_ERR_MSG(extack, "already attached");
		return -EEXIST;
	}
	if (ntargets >= lt_max_targets)
		drop_left_over(0, 1);
	if (ntargets >= lt_max_targets) {
		NL_SET_ERR_MSG(extack, "too many targets (module parameter max_targets)");
		return -ENOSPC;
	}
	return 0;
}

/**
 * lt_target_add() - begin to trace a process
 * @task: any of its tasks; the caller holds a reference
 * @kinds: LEAKTRACE_KIND bits
 * @flags: LEAKTRACE_TARGET_F_* that may be asked for
 * @max_objects: bound of its table, 0: the module's
 * @portid: netlink socket that owns it
 * @maps: its code, or NULL; ours from now on, whatever we return
 * @extack: for the reason of a refusal
 *
 * Context: may sleep, under lt_mutex.
 * Return: the target with a reference for the caller, or ERR_PTR.
 */
struct lt_target *lt_target_add(struct task_struct *task, u32 kinds, u32 flags,
				u32 max_objects, u32 portid, struct lt_maps *maps,
				struct netlink_ext_ack *extack)
{
	bool first = list_empty(&lt_targets);
	struct lt_target *t;
	int err, tries = 10;

	lockdep_assert_held(&lt_mutex);
	err = admit(task, extack);
	if (!err)
		err = first ? first_target(kinds, extack) : lt_probe_start(kinds, extack);
	if (err)
		goto err_maps;
	do {
		t = new_target(task, kinds, flags, max_objects, portid);
		err = -ENOMEM;
		if (!t)
			goto err_first;
		err = start_target(t, task, maps, 0);
		maps = NULL;	/* of the program that it was, if it has to be taken again */
		if (err)
			lt_target_put(t);
	} while (err == -EAGAIN && --tries);
	if (err == -EBUSY)
		NL_SET_ERR_MSG(extack, "its memory is locked, as if it waited for a file system");
	if (err)
		goto err_first;
	lt_target_get(t);
	return t;

err_first:
	if (first)
		last_target();
err_maps:
	lt_maps_free(maps);
	return ERR_PTR(err);
}

/**
 * lt_target_adopt() - a target that was just added is a descendant of another
 * @t: the target
 * @parent: the other; it follows fork, and is older than @t
 *
 * Unlike a child that came by fork, it is no object of @parent's.
 *
 * Context: process, under lt_mutex.
 */
void lt_target_adopt(struct lt_target *t, struct lt_target *parent)
{
	lockdep_assert_held(&lt_mutex);
	if (parent == t || parent->dead || t->parent)
		return;
	lt_target_get(parent);
	WRITE_ONCE(t->parent, parent);
}

/**
 * lt_target_fork() - current, a child on its first way to user mode, becomes a
 *	target like its parent
 * @parent: the parent's target
 * @execs: how many programs it had run when it forked
 *
 * Context: may sleep.
 */
void lt_target_fork(struct lt_target *parent, u32 execs)
{
	struct lt_target *t;
	u32 flags;

	mutex_lock(&lt_mutex);
	if (parent->dead || known(current))
		goto out;
	/* Two for each that comes: what has piled up gets less, and no child waits for long. */
	drop_left_over(lt_max_targets / KEEP_SHARE, 2);
	if (ntargets >= lt_max_targets) {
		lt_target_inexact(parent, LEAKTRACE_INEXACT_CHILDREN);
		goto out;
	}
	flags = READ_ONCE(parent->flags) & LEAKTRACE_TARGET_F_ALL;
	t = new_target(current, parent->kinds, flags | LEAKTRACE_TARGET_F_FORKED,
		       parent->max_objects, parent->portid);
	if (!t) {
		lt_target_inexact(parent, LEAKTRACE_INEXACT_CHILDREN);
		goto out;
	}
	t->parent = parent;
	lt_target_get(parent);
	if (!start_target(t, current, NULL, execs)) {
		lt_ring_note(parent, LEAKTRACE_EVENT_FORK, t->id);
		goto out;
	}
	/* A child that is killed before it runs is not a loss. */
	if (!fatal_signal_pending(current))
		lt_target_inexact(parent, LEAKTRACE_INEXACT_CHILDREN);
	lt_target_put(t);
out:
	mutex_unlock(&lt_mutex);
}

/**
 * lt_target_del() - end tracing a process and free all that is known of it
 * @t: the target
 *
 * Context: may sleep, under lt_mutex.
 */
void lt_target_del(struct lt_target *t)
{
	lockdep_assert_held(&lt_mutex);
	if (t->dead)
		return;
	dismantle(t);
	list_del_rcu(&t->node);
	ntargets--;
	lt_ring_note(t, LEAKTRACE_EVENT_DETACH, 0);
	if (list_empty(&lt_targets))
		last_target();
	lt_target_put(t);
}

static bool is_owned_by(const struct lt_target *t, u32 portid)
{
	return t->portid == portid && !(READ_ONCE(t->flags) & LEAKTRACE_TARGET_F_BACKGROUND);
}

/**
 * lt_target_is_owner() - does a target end with a netlink socket
 * @portid: the socket, which is closed: it gets no more of them but by fork, from one
 *	that is in the list
 *
 * Every generic netlink socket of the host comes by here: it does not wait for anything.
 *
 * Context: any.
 * Return: whether one does.
 */
bool lt_target_is_owner(u32 portid)
{
	struct lt_target *t;
	bool yes = false;

	rcu_read_lock();
	list_for_each_entry_rcu(t, &lt_targets, node)
		yes |= is_owned_by(t, portid);
	rcu_read_unlock();
	return yes;
}

/**
 * lt_target_del_by_port() - a netlink socket closed: end what it owned
 * @portid: the socket
 *
 * Context: may sleep.
 */
void lt_target_del_by_port(u32 portid)
{
	struct lt_target *t, *tmp;

	mutex_lock(&lt_mutex);
	list_for_each_entry_safe(t, tmp, &lt_targets, node)
		if (is_owned_by(t, portid))
			lt_target_del(t);
	mutex_unlock(&lt_mutex);
}

/**
 * lt_target_by_id() - look a target up
 * @id: its id
 *
 * Context: any: it does not wait.
 * Return: the target with a reference, or NULL.
 */
struct lt_target *lt_target_by_id(u32 id)
{
	struct lt_target *t, *found = NULL;

	rcu_read_lock();
	list_for_each_entry_rcu(t, &lt_targets, node)
		if (t->id == id && refcount_inc_not_zero(&t->refs)) {
			found = t;
			break;
		}
	rcu_read_unlock();
	return found;
}

/**
 * lt_target_count() - targets, exited ones included
 *
 * Context: any.
 * Return: number.
 */
int lt_target_count(void)
{
	return READ_ONCE(ntargets);
}
