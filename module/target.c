// SPDX-License-Identifier: GPL-2.0
/*
 * Whose event is it. A target is one process (thread group); probes know it
 * by its keys (key.c).
 *
 * Life: lt_target_add() or lt_target_fork() -> exited (tables frozen, for the
 * report) -> lt_target_del(). Pending works and dumps keep a reference; the
 * last one frees.
 *
 * What takes long at both ends is done without lt_mutex: a target is first among
 * 'starting', where only those who want the same process wait for it, then in lt_targets,
 * and when it is taken from there nobody finds it any more. Meanwhile it counts.
 */
#include <linux/completion.h>
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

LIST_HEAD(lt_targets);			/* in order of their ids */
static LIST_HEAD(starting);

enum {
	KEEP_SHARE = 4,		/* of max_targets: exited children in the background */
	OTHERS_MS = 10,		/* to look again whether they have come to an end */
};

static u32 last_id;
static int ntargets;	/* also those that begin or end: while there are any, probes stay */

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
	init_completion(&t->started);
	t->portid = portid;
	t->tgid = task->tgid;
	t->pid = get_task_pid(task, PIDTYPE_TGID);
	t->kinds = kinds;
	t->flags = flags;
	t->max_objects = max_objects ? min(max_objects, lt_max_objects) : lt_max_objects;
	get_task_comm(t->comm, task);
	t->attached_ns = lt_now_ns();
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
static int take_mm(struct lt_target *t, struct mm_struct *mm, struct lt_maps *maps)
{
	return PTR_ERR_OR_ZERO(lt_mm_attach(t, mm, maps));
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

/* While probes still find it. */
static void stop_kinds(struct lt_target *t)
{
	const struct lt_kind *kind = NULL;

	down_read(&t->rwsem);
	while ((kind = lt_kind_next(t, kind)))
		if (kind->stop)
			kind->stop(t);
	up_read(&t->rwsem);
}

/* No probe, work or dump finds it any more, and its memory is free. */
static void dismantle(struct lt_target *t)
{
	stop_kinds(t);
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
		struct lt_maps *maps)
{
	int err;

	down_write(&t->rwsem);
	err = attach_kinds(t);
	if (err)
		lt_maps_put(maps);
	else
		err = take_mm(t, mm, maps) ?: take_key(t, task) ?: take_baseline(t);
	downgrade_write(&t->rwsem);
	if (!err)
		err = walk_baseline(t);
	up_read(&t->rwsem);
	return err;
}

static int start_target(struct lt_target *t, struct task_struct *task, struct lt_maps *maps)
{
	struct mm_struct *mm = get_task_mm(task);
	int err = -ESRCH;

	if (mm) {
		err = take(t, task, mm, maps);
		mmput(mm);
	} else {
		lt_maps_put(maps);
	}
	if (!err && !lt_mm_is_of(t, task))
		err = -EAGAIN;	/* it has called exec, before there was a key */
	return err;
}

static void put_probes(void)
{
	lockdep_assert_held(&lt_mutex);
	if (!--ntargets)
		last_target();
}

/* The end of what begin_target() began: @t was never in lt_targets. */
static void abort_target(struct lt_target *t)
{
	dismantle(t);
	mutex_lock(&lt_mutex);
	t->ending = true;
	list_del(&t->node);
	complete_all(&t->started);	/* children find that it ends */
	put_probes();
	mutex_unlock(&lt_mutex);
	lt_target_put(t);
}

/* An older process of which it is a descendant; unlike a parent, it has no object for it. */
static void adopt(struct lt_target *t, struct lt_target *parent)
{
	if (parent->ending)
		return;
	lt_target_get(parent);
	t->parent = parent;
}

/*
 * Return: false for a child whose parent has been deleted meanwhile: whoever did that, by
 * closing its socket perhaps, has not seen the child.
 */
static bool publish_target(struct lt_target *t, struct lt_target *adopter)
{
	struct lt_target *before;
	bool alone;

	mutex_lock(&lt_mutex);
	alone = t->parent && t->parent->ending;
	if (!alone) {
		if (adopter)
			adopt(t, adopter);
		list_del(&t->node);
		list_for_each_entry_reverse(before, &lt_targets, node)
			if (before->id < t->id)
				break;
		list_add_rcu(&t->node, &before->node);
		complete_all(&t->started);
	}
	mutex_unlock(&lt_mutex);
	return !alone;
}

/* Return: 0: no target; -EEXIST: one; -EAGAIN: it begins to be one, or to be none. */
static int known(const struct task_struct *task)
{
	struct lt_target *t;
	struct lt_key *k;
	int err = 0;

	lockdep_assert_held(&lt_mutex);
	list_for_each_entry(t, &starting, node)
		if (t->tgid == task->tgid)
			return -EAGAIN;
	rcu_read_lock();
	k = lt_key_find(task->signal, LT_KEY_SIGNAL);
	if (k)
		err = k->target->ending ? -EAGAIN : -EEXIST;
	rcu_read_unlock();
	return err;
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

/* From now on nobody finds it, and it is the caller's to end. False: it is another's. */
static bool unlink_target(struct lt_target *t)
{
	lockdep_assert_held(&lt_mutex);
	if (t->ending)
		return false;
	t->ending = true;
	list_del_rcu(&t->node);
	return true;
}

/* After unlink_target(), without lt_mutex. */
static void end_target(struct lt_target *t)
{
	dismantle(t);
	lt_ring_note(t, LEAKTRACE_EVENT_DETACH, 0);
	mutex_lock(&lt_mutex);
	put_probes();
	mutex_unlock(&lt_mutex);
	lt_target_put(t);
}

/* The oldest, if there are more than @keep. */
static struct lt_target *unlink_left_over(unsigned int keep)
{
	struct lt_target *t, *oldest = NULL;
	unsigned int n = 0;

	mutex_lock(&lt_mutex);
	list_for_each_entry(t, &lt_targets, node) {
		if (!is_left_over(t))
			continue;
		n++;
		oldest = oldest ?: t;
	}
	if (n <= keep)
		oldest = NULL;
	if (oldest) {
		WRITE_ONCE(oldest->parent->children_dropped,
			   oldest->parent->children_dropped + 1);
		unlink_target(oldest);
	}
	mutex_unlock(&lt_mutex);
	return oldest;
}

/* Return: how many were deleted. */
static unsigned int drop_left_over(unsigned int keep, unsigned int at_most)
{
	struct lt_target *t;
	unsigned int n;

	for (n = 0; n < at_most; n++) {
		t = unlink_left_over(keep);
		if (!t)
			break;
		end_target(t);
	}
	return n;
}

static int get_probes(u32 kinds, struct netlink_ext_ack *extack)
{
	int err = ntargets ? lt_probe_start(kinds, extack) : first_target(kinds, extack);

	if (!err)
		ntargets++;
	return err;
}

/* The target that lt_target_add() and lt_target_fork() are to make. */
struct wanted {
	struct task_struct *task;
	struct lt_target *parent;	/* of a child that came by fork */
	u32 kinds;
	u32 flags;
	u32 max_objects;
	u32 portid;
};

static int admit(const struct wanted *w)
{
	int err;

	if (lt_gave_up())
		return -ESHUTDOWN;
	if (w->parent && w->parent->ending)
		return -ENOENT;
	err = known(w->task);
	if (err)
		return err;
	return ntargets < lt_max_targets ? 0 : -ENOSPC;
}

static struct lt_target *begin_locked(const struct wanted *w, struct netlink_ext_ack *extack)
{
	struct lt_target *t;
	int err = admit(w) ?: get_probes(w->kinds, extack);

	if (err)
		return ERR_PTR(err);
	t = new_target(w->task, w->kinds, w->flags, w->max_objects, w->portid);
	if (!t) {
		put_probes();
		return ERR_PTR(-ENOMEM);
	}
	if (w->parent) {
		lt_target_get(w->parent);
		t->parent = w->parent;
	}
	while (!++last_id)
		;
	t->id = last_id;
	list_add_tail(&t->node, &starting);
	return t;
}

/* Waits for others who begin or end with the same process, until current is killed. */
static struct lt_target *begin_target(const struct wanted *w, struct netlink_ext_ack *extack)
{
	struct lt_target *t;

	for (;;) {
		if (mutex_lock_killable(&lt_mutex))
			return ERR_PTR(-EINTR);
		t = begin_locked(w, extack);
		mutex_unlock(&lt_mutex);
		if (PTR_ERR_OR_ZERO(t) != -EAGAIN)
			return t;
		schedule_timeout_killable(msecs_to_jiffies(OTHERS_MS));
		if (fatal_signal_pending(current))
			return ERR_PTR(-EINTR);
	}
}

/* Whoever asks for a target gets the room of a child that has exited. */
static struct lt_target *begin_with_room(const struct wanted *w, struct netlink_ext_ack *extack)
{
	struct lt_target *t = begin_target(w, extack);

	if (PTR_ERR_OR_ZERO(t) == -ENOSPC && !w->parent && drop_left_over(0, 1))
		t = begin_target(w, extack);
	return t;
}

static void explain(int err, struct netlink_ext_ack *extack)
{
	if (err == -ESHUTDOWN)
		NL_SET_ERR_MSG(extack, "tracing was stopped (see status): load the module again");
	else if (err == -EEXIST)
		NL_SET_ERR_MSG(extack, "already attached");
	else if (err == -ENOSPC)
		NL_SET_ERR_MSG(extack, "too many targets (module parameter max_targets)");
	else if (err == -EBUSY)
		NL_SET_ERR_MSG(extack, "its memory is locked, as if it waited for a file system");
}

/* Not in lt_targets yet. */
static struct lt_target *make_target(const struct wanted *w, struct lt_maps *maps,
				     struct netlink_ext_ack *extack)
{
	struct lt_target *t = begin_with_room(w, extack);
	int err;

	if (IS_ERR(t)) {
		lt_maps_put(maps);
		return t;
	}
	err = start_target(t, w->task, maps);
	if (err) {
		abort_target(t);
		return ERR_PTR(err);
	}
	return t;
}

/**
 * lt_target_add() - begin to trace a process
 * @task: any of its tasks; the caller holds a reference
 * @kinds: LEAKTRACE_KIND bits
 * @flags: LEAKTRACE_TARGET_F_* that may be asked for
 * @max_objects: bound of its table, 0: the module's
 * @portid: netlink socket that owns it; it is not closed before we return
 * @maps: its code, or NULL; ours from now on, whatever we return
 * @parent: an older target of which it is a descendant, or NULL
 * @extack: for the reason of a refusal
 *
 * Context: may sleep, no lock held; gives up when current is killed.
 * Return: the target with a reference for the caller, or ERR_PTR.
 */
struct lt_target *lt_target_add(struct task_struct *task, u32 kinds, u32 flags,
				u32 max_objects, u32 portid, struct lt_maps *maps,
				struct lt_target *parent, struct netlink_ext_ack *extack)
{
	struct wanted w = { .task = task, .kinds = kinds, .flags = flags,
			    .max_objects = max_objects, .portid = portid };
	struct lt_target *t;
	int tries = 10;

	do {
		t = make_target(&w, maps, extack);
		maps = NULL;	/* of the program that it was, if it has to be taken again */
	} while (PTR_ERR_OR_ZERO(t) == -EAGAIN && --tries);
	if (IS_ERR(t)) {
		explain(PTR_ERR(t), extack);
		return t;
	}
	lt_target_get(t);
	publish_target(t, parent);
	return t;
}

/* current is a child of @parent's. Return: -ENOENT: @parent ends; or as lt_target_add() */
static int add_child(struct lt_target *parent, const struct lt_maps_then *code)
{
	struct wanted w = {
		.task = current, .parent = parent, .kinds = parent->kinds,
		.flags = (READ_ONCE(parent->flags) & LEAKTRACE_TARGET_F_ALL) |
			 LEAKTRACE_TARGET_F_FORKED,
		.max_objects = parent->max_objects, .portid = parent->portid,
	};
	struct lt_target *t = make_target(&w, lt_maps_copy(code), NULL);
	u32 id;

	if (IS_ERR(t))
		return PTR_ERR(t);
	id = t->id;
	if (!publish_target(t, NULL)) {
		abort_target(t);
		return -ENOENT;
	}
	lt_ring_note(parent, LEAKTRACE_EVENT_FORK, id);
	return 0;
}

/**
 * lt_target_fork() - current, a child on its first way to user mode, becomes a
 *	target like its parent
 * @parent: the parent's target
 * @code: the parent's, when it forked
 *
 * Context: may sleep, no lock held.
 */
void lt_target_fork(struct lt_target *parent, const struct lt_maps_then *code)
{
	int err;

	/* If the parent's attach fails, it has no children. */
	if (wait_for_completion_killable(&parent->started))
		return;
	/* Two for each that comes: what has piled up gets less, and no child waits for long. */
	drop_left_over(lt_max_targets / KEEP_SHARE, 2);
	err = add_child(parent, code);
	/* A child that is killed before it runs is not a loss. */
	if (err && err != -EEXIST && err != -ENOENT && !fatal_signal_pending(current))
		lt_target_inexact(parent, LEAKTRACE_INEXACT_CHILDREN);
}

/**
 * lt_target_del() - end tracing a process and free all that is known of it
 * @t: the target; nothing is done if another deletes it
 *
 * Context: may sleep, no lock held.
 */
void lt_target_del(struct lt_target *t)
{
	bool mine;

	mutex_lock(&lt_mutex);
	mine = unlink_target(t);
	mutex_unlock(&lt_mutex);
	if (mine)
		end_target(t);
}

/**
 * lt_target_del_by_id() - the same by number
 * @id: its id, or 0 for all
 *
 * Context: may sleep, no lock held.
 * Return: 0, -ENOENT, -EINTR if current is killed before all are deleted.
 */
int lt_target_del_by_id(u32 id)
{
	struct lt_target *t, *found;
	int err = id ? -ENOENT : 0;

	do {
		if (mutex_lock_killable(&lt_mutex))
			return -EINTR;
		found = NULL;
		list_for_each_entry(t, &lt_targets, node)
			if (!id || t->id == id) {
				found = t;
				break;
			}
		if (found)
			unlink_target(found);
		mutex_unlock(&lt_mutex);
		if (found) {
			end_target(found);
			err = 0;
		}
	} while (!id && found);
	return err;
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
	struct lt_target *t, *found;

	do {
		mutex_lock(&lt_mutex);
		found = NULL;
		list_for_each_entry(t, &lt_targets, node)
			if (is_owned_by(t, portid)) {
				found = t;
				break;
			}
		if (found)
			unlink_target(found);
		mutex_unlock(&lt_mutex);
		if (found)
			end_target(found);
	} while (found);
}

/**
 * lt_target_next() - go through all targets in the order of their ids
 * @id: of the one before, or 0
 *
 * Context: any: it does not wait.
 * Return: the target with a reference, or NULL.
 */
struct lt_target *lt_target_next(u32 id)
{
	struct lt_target *t, *found = NULL;

	rcu_read_lock();
	list_for_each_entry_rcu(t, &lt_targets, node)
		if (t->id > id && refcount_inc_not_zero(&t->refs)) {
			found = t;
			break;
		}
	rcu_read_unlock();
	return found;
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
