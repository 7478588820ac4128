// SPDX-License-Identifier: GPL-2.0
/*
 * thread: a task of the target; with FOLLOW_FORK also its child processes.
 *
 * A thread is born when clone has made it and before it runs, and died when it
 * exits. Exited and never joined is not live, but remembered by the address
 * of its tid word (lt_object_exited()), where user space can tell.
 * A child process is born likewise, becomes a zombie when its last task exits,
 * and died when it is reaped: a zombie that nobody reaps is a leak.
 */
#include <linux/pid.h>
#include <linux/pid_namespace.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <net/netlink.h>
#include <trace/events/sched.h>

#include "ids.h"
#include "key.h"
#include "kind.h"
#include "leaktrace.h"
#include "netlink.h"
#include "object.h"
#include "pool.h"
#include "probe.h"
#include "stack.h"
#include "target.h"

enum {
	BATCH_THREADS = 512,	/* that are added at once */
};

/* Keys are pids, with these bits. */
#define THREAD_EXITED	BIT_ULL(63)	/* a record: the address of the tid word */
#define THREAD_PROCESS	BIT_ULL(62)	/* a child process */

/* Of lt_object.own */
enum {
	THREAD_CTID,		/* address of the tid word; of an EXITED record: its tids */
	THREAD_EXITED_NS,	/* of an EXITED record and of a zombie; else 0 */
};

/* What the kind keeps for a target. */
struct threads {
	atomic_t untracked_children;	/* child processes without an object: part of 'untracked' */
	bool is_untracked;		/* itself, of its parent's */
};

static struct threads *threads_of(const struct lt_target *t)
{
	return t->data[LEAKTRACE_KIND_THREAD];
}

static enum leaktrace_type type_of(const struct task_struct *task)
{
	/* v5.12, cc440e8738e5: io_uring's workers are threads of the process */
	return task->flags & PF_IO_WORKER ? LEAKTRACE_TYPE_IO_WORKER : LEAKTRACE_TYPE_THREAD;
}

static void thread_born(struct lt_target *t, struct task_struct *task, u32 stack, u8 flags)
{
	/* any word that the program likes, not only an address */
	u64 ctid = (unsigned long)task->clear_child_tid & ~(THREAD_EXITED | THREAD_PROCESS);
	struct lt_birth b = {
		.kind = LEAKTRACE_KIND_THREAD,
		.type = type_of(task),
		.key = task->pid,
		.stack = stack,
		.flags = flags,
		.own = { [THREAD_CTID] = ctid },
	};

	if (ctid)
		lt_object_drop(t, LEAKTRACE_KIND_THREAD, THREAD_EXITED | ctid);
	lt_object_born(t, &b);
}

static void child_born(struct lt_target *t, struct task_struct *child)
{
	struct lt_birth b = {
		.kind = LEAKTRACE_KIND_THREAD,
		.type = LEAKTRACE_TYPE_PROCESS,
		.key = THREAD_PROCESS | child->pid,
		.stack = lt_stack_capture(t),
	};

	if (!lt_object_born(t, &b))
		atomic_inc(&threads_of(t)->untracked_children);
}

static void thread_clone(struct lt_target *t, struct task_struct *child, u64 clone_flags)
{
	if (clone_flags & CLONE_THREAD)
		thread_born(t, child, lt_stack_capture(t), 0);
	else
		child_born(t, child);
}

/* The thread has ended, and with it what could say which number it had where. */
struct tids {
	u32 initial;		/* in the initial namespace */
	u32 own;		/* in the process's */
};

static u64 pack_tids(u32 initial)
{
	return (u64)task_pid_vnr(current) << 32 | initial;
}

static struct tids unpack_tids(u64 packed)
{
	return (struct tids){ .initial = packed, .own = packed >> 32 };
}

/*
 * Remembers a thread that exited and may never be joined, by the address of its tid word:
 * there user space can tell. Gone when a new thread takes that address.
 */
static void thread_record(struct lt_target *t, const struct lt_object *thread)
{
	struct lt_object record = {
		.key = THREAD_EXITED | thread->own[THREAD_CTID],
		.born_ns = thread->born_ns,
		.site = thread->site,
		.kind = LEAKTRACE_KIND_THREAD,
		.type = thread->type,
		.flags = LEAKTRACE_OBJECT_F_EXITED,
		.own = { [THREAD_CTID] = pack_tids(thread->key), [THREAD_EXITED_NS] = lt_now_ns() },
	};

	lt_object_record(t, &record);
}

static void thread_exits(struct lt_target *t)
{
	struct lt_object o;

	if (current->signal->flags & SIGNAL_GROUP_EXIT)
		return;
	if (!lt_object_died(t, LEAKTRACE_KIND_THREAD, current->pid, lt_stack_capture_death(t), &o))
		lt_object_died_untracked(t, LEAKTRACE_KIND_THREAD);
	else if (o.own[THREAD_CTID])
		thread_record(t, &o);
}

static void make_zombie(struct lt_object *o, void *unused)
{
	o->flags |= LEAKTRACE_OBJECT_F_ZOMBIE;
	o->own[THREAD_EXITED_NS] = lt_now_ns();
}

/* A child that was followed from its fork on is an object of its parent's, too. */
static bool is_object(const struct lt_target *t)
{
	return READ_ONCE(t->flags) & LEAKTRACE_TARGET_F_FORKED;
}

static int thread_attach(struct lt_target *t)
{
	struct threads *threads = kzalloc(sizeof(*threads), GFP_KERNEL_ACCOUNT);

	if (!threads)
		return -ENOMEM;
	threads->is_untracked = is_object(t) &&
		!lt_object_find(t->parent, LEAKTRACE_KIND_THREAD, THREAD_PROCESS | t->tgid, NULL);
	t->data[LEAKTRACE_KIND_THREAD] = threads;
	return 0;
}

static void thread_detach(struct lt_target *t)
{
	kfree(threads_of(t));
	t->data[LEAKTRACE_KIND_THREAD] = NULL;
}

static void process_exits(struct lt_target *t)
{
	if (is_object(t))
		lt_object_update(t->parent, LEAKTRACE_KIND_THREAD,
				 THREAD_PROCESS | current->tgid, make_zombie, NULL);
}

static void child_reaped(struct lt_target *child)
{
	struct lt_target *t = child->parent;

	if (!threads_of(child)->is_untracked)
		lt_object_died(t, LEAKTRACE_KIND_THREAD, THREAD_PROCESS | child->tgid, 0, NULL);
	else if (lt_object_died_untracked(t, LEAKTRACE_KIND_THREAD))
		atomic_dec_if_positive(&threads_of(t)->untracked_children);
}

/* In an RCU callback: no stack, no nesting counter. */
static void notrace on_sched_process_free(void *data, struct task_struct *task)
{
	struct lt_target *t;

	if (likely(!lt_filter_hit(task->signal)) || task->pid != task->tgid || lt_gave_up())
		return;
	rcu_read_lock();
	t = lt_key_find_exited(task->signal);
	if (t && lt_target_wants(t, LEAKTRACE_KIND_THREAD) && is_object(t) &&
	    !READ_ONCE(t->parent->dead))
		child_reaped(t);
	rcu_read_unlock();
}

static bool thread_list(struct lt_target *t, struct lt_ids *ids)
{
	struct task_struct *leader = lt_target_task(t), *p;

	if (!leader)
		return true;
	rcu_read_lock();
	for_each_thread(leader, p)
		if (!(READ_ONCE(p->flags) & PF_EXITING))
			lt_ids_add(ids, p->pid);
	rcu_read_unlock();
	put_task_struct(leader);
	return true;
}

static bool thread_listed(const struct lt_object *o)
{
	return !(o->key & (THREAD_EXITED | THREAD_PROCESS));
}

static u32 thread_unlisted(struct lt_target *t)
{
	return atomic_read(&threads_of(t)->untracked_children);
}

static bool thread_add(struct lt_target *t, const struct lt_ids *ids, u8 flags)
{
	struct task_struct *p;
	u32 i;

	for (i = 0; i < ids->n; i++) {
		if (i % BATCH_THREADS == 0)
			lt_pool_top_up();
		rcu_read_lock();
		p = pid_task(find_pid_ns(ids->id[i], &init_pid_ns), PIDTYPE_PID);
		if (p && p->tgid == t->tgid && !(READ_ONCE(p->flags) & PF_EXITING))
			thread_born(t, p, 0, flags);
		rcu_read_unlock();
	}
	return true;
}

static const struct lt_id_ops thread_ids = {
	.kind = LEAKTRACE_KIND_THREAD,
	.list = thread_list,
	.listed = thread_listed,
	.unlisted = thread_unlisted,
	.add = thread_add,
};

static int thread_baseline(struct lt_target *t)
{
	lt_ids_baseline(t, &thread_ids, LEAKTRACE_OBJECT_F_BASELINE);
	return 0;
}

struct reaped {
	u64 key;
};

/* A child whose pid is free was reaped. */
static int find_reaped(const struct lt_object *o, void *arg)
{
	struct reaped *r = arg;
	struct task_struct *p;

	if ((o->key & (THREAD_EXITED | THREAD_PROCESS)) != THREAD_PROCESS)
		return 0;
	rcu_read_lock();
	p = pid_task(find_pid_ns((u32)o->key, &init_pid_ns), PIDTYPE_TGID);
	rcu_read_unlock();
	if (p)
		return 0;
	r->key = o->key;
	return 1;
}

static void thread_reconcile(struct lt_target *t)
{
	struct reaped r;
	u32 bucket = 0;

	lt_ids_reconcile(t, &thread_ids);
	while (lt_object_walk(t, LT_KINDBIT(THREAD), &bucket, find_reaped, &r))
		lt_object_died(t, LEAKTRACE_KIND_THREAD, r.key, 0, NULL);
}

/*
 * The number that a thread has for current, who reads: 0 if it has none. One that has ended
 * has that of its own namespace for all but the initial one.
 */
static u32 tid_for_reader(const struct lt_object *o, bool exited)
{
	struct tids tids = { .initial = o->key };
	u32 tid;

	if (exited)
		tids = unpack_tids(o->own[THREAD_CTID]);
	if (task_active_pid_ns(current) == &init_pid_ns)
		return tids.initial;
	if (exited)
		return tids.own;
	rcu_read_lock();
	tid = pid_vnr(find_pid_ns(tids.initial, &init_pid_ns));
	rcu_read_unlock();
	return tid;
}

static int thread_fill(struct sk_buff *skb, const struct lt_object *o)
{
	bool exited = o->flags & LEAKTRACE_OBJECT_F_EXITED;
	u64 ctid = exited ? o->key & ~THREAD_EXITED : o->own[THREAD_CTID];
	u64 exited_ns = o->own[THREAD_EXITED_NS];

	if (LT_PUT64(skb, OBJECT, ID, tid_for_reader(o, exited)) ||
	    (ctid && LT_PUT64(skb, OBJECT, CTID, ctid)) ||
	    (exited_ns && LT_PUT64(skb, OBJECT, EXITED_NS, exited_ns)))
		return -EMSGSIZE;
	return 0;
}

/* The others that it needs are every kind's (lifecycle.c). */
static const struct lt_probe thread_probes[] = {
	{
		LT_TRACEPOINT(sched_process_free),
		.kinds = LT_KINDBIT(THREAD), .required = true, .why = "children reaped",
	},
	{ }
};

const struct lt_kind lt_kind_thread = {
	.id = LEAKTRACE_KIND_THREAD,
	.name = "thread",
	.probes = thread_probes,
	.attach = thread_attach,
	.baseline = thread_baseline,
	.clone = thread_clone,
	.exec = thread_reconcile,	/* the others have ended */
	.thread_exit = thread_exits,
	.exit = process_exits,
	.detach = thread_detach,
	.reconcile = thread_reconcile,
	.fill = thread_fill,
};
