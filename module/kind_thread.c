// SPDX-License-Identifier: GPL-2.0
/*
 * thread: a task of the target; with FOLLOW_FORK also its child processes.
 *
 * A thread is born when clone has made it and before it runs, and died when it
 * exits. Exited and never joined is not live, but remembered by the address
 * of its tid word (lt_object_exited()), where user space can tell.
 * A child process is born likewise, becomes a zombie when its last task exits,
 * and died when it is reaped: a zombie that nobody reaps is a leak.
 *
 * When the whole process exits, its threads' ends are no deaths: the tables
 * stand as they are, for the report.
 */
#include <linux/binfmts.h>
#include <linux/pid.h>
#include <linux/pid_namespace.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/tracepoint.h>

#include "leaktrace.h"

enum {
	BATCH_THREADS = 512,	/* that are added at once */
};

static enum leaktrace_type type_of(const struct task_struct *task)
{
	/* v5.12, cc440e8738e5: io_uring's workers are threads of the process */
	return task->flags & PF_IO_WORKER ? LEAKTRACE_TYPE_IO_WORKER : LEAKTRACE_TYPE_THREAD;
}

static void born(struct lt_target *t, struct task_struct *task, u32 stack, u8 flags)
{
	struct lt_birth b = {
		.kind = LEAKTRACE_KIND_THREAD,
		.type = type_of(task),
		.key = task->pid,
		.stack = stack,
		.flags = flags,
		/* any word that the program likes, not only an address */
		.ctid = (unsigned long)task->clear_child_tid &
			~(LT_THREAD_EXITED | LT_THREAD_PROCESS),
	};

	if (b.ctid)
		lt_object_drop(t, LEAKTRACE_KIND_THREAD, LT_THREAD_EXITED | b.ctid);
	lt_object_born(t, &b);
}

static void forked(struct lt_target *t, struct task_struct *child)
{
	struct lt_birth b = {
		.kind = LEAKTRACE_KIND_THREAD,
		.type = LEAKTRACE_TYPE_PROCESS,
		.key = LT_THREAD_PROCESS | child->pid,
	};

	if (lt_target_wants(t, LEAKTRACE_KIND_THREAD)) {
		b.stack = lt_stack_capture(t);
		lt_object_born(t, &b);
	}
	lt_work_queue(t, child, LT_WORK_FORKED, READ_ONCE(t->execs), 0, 0);
}

/* @clone_flags became u64 in v6.19 (edd3cb05c00a): the same on 64 bit. */
static void notrace on_task_newtask(void *data, struct task_struct *task,
				    unsigned long clone_flags)
{
	struct lt_target *t;

	if (likely(!lt_filter_hit(current->signal)))
		return;
	if (!lt_probe_enter(data))
		return;
	t = lt_target_current();
	if (!t)
		goto out;
	if (!(clone_flags & CLONE_THREAD)) {
		if (t->flags & LEAKTRACE_TARGET_F_FOLLOW_FORK)
			forked(t, task);
		goto out;
	}
	if (lt_target_wants(t, LEAKTRACE_KIND_THREAD))
		born(t, task, lt_stack_capture(t), 0);
	if (!(clone_flags & CLONE_FILES) && task->files && lt_target_wants(t, LEAKTRACE_KIND_FD))
		lt_work_queue(t, task, LT_WORK_FILES, 0, 0, 0);
out:
	lt_probe_leave();
}

static void thread_exits(struct lt_target *t, struct task_struct *task)
{
	struct lt_object o;

	if (!lt_target_wants(t, LEAKTRACE_KIND_THREAD))
		return;
	if (lt_object_died(t, LEAKTRACE_KIND_THREAD, task->pid, lt_stack_capture_death(t), &o) &&
	    o.ctid)
		lt_object_exited(t, &o, lt_now_ns());
}

static void make_zombie(struct lt_object *o, u64 now_ns)
{
	o->flags |= LEAKTRACE_OBJECT_F_ZOMBIE;
	o->exited_ns = now_ns;
}

static void process_exits(struct lt_target *t, struct task_struct *task)
{
	lt_target_exit(t, task);
	if (t->parent)
		lt_object_update(t->parent, LEAKTRACE_KIND_THREAD,
				 LT_THREAD_PROCESS | task->tgid, make_zombie, lt_now_ns());
}

/* v6.16, "exit: move and extend sched_process_exit() tracepoint", adds an
 * argument, which we don't need.
 */
static void notrace on_sched_process_exit(void *data, struct task_struct *task)
{
	struct lt_target *t;

	if (likely(!lt_filter_hit(task->signal)))
		return;
	if (!lt_probe_enter(data))
		return;
	t = lt_target_current();
	if (t && !atomic_read(&task->signal->live)) {
		process_exits(t, task);
	} else if (t) {
		lt_fd_thread_exit(t);
		if (!(task->signal->flags & SIGNAL_GROUP_EXIT))
			thread_exits(t, task);
	}
	lt_probe_leave();
}

/* In an RCU callback: no stack, no nesting counter. */
static void notrace on_sched_process_free(void *data, struct task_struct *task)
{
	struct lt_target *t;

	if (likely(!lt_filter_hit(task->signal)) || task->pid != task->tgid || lt_gave_up())
		return;
	rcu_read_lock();
	t = lt_key_find_exited(task->signal);
	if (t && t->parent && !READ_ONCE(t->parent->dead))
		lt_object_died(t->parent, LEAKTRACE_KIND_THREAD,
			       LT_THREAD_PROCESS | task->tgid, 0, NULL);
	rcu_read_unlock();
}

static void list(struct lt_target *t, struct lt_ids *ids)
{
	struct task_struct *leader = lt_target_task(t), *p;

	if (!leader)
		return;
	rcu_read_lock();
	for_each_thread(leader, p)
		if (!(READ_ONCE(p->flags) & PF_EXITING))
			lt_ids_add(ids, p->pid);
	rcu_read_unlock();
	put_task_struct(leader);
}

static bool listed(const struct lt_object *o)
{
	return !(o->key & (LT_THREAD_EXITED | LT_THREAD_PROCESS));
}

static bool add(struct lt_target *t, const struct lt_ids *ids, u8 flags)
{
	struct task_struct *p;
	u32 i;

	for (i = 0; i < ids->n; i++) {
		if (i % BATCH_THREADS == 0)
			lt_pool_top_up();
		rcu_read_lock();
		p = pid_task(find_pid_ns(ids->id[i], &init_pid_ns), PIDTYPE_PID);
		if (p && p->tgid == t->tgid && !(READ_ONCE(p->flags) & PF_EXITING))
			born(t, p, 0, flags);
		rcu_read_unlock();
	}
	return true;
}

static const struct lt_id_ops ops = {
	.kind = LEAKTRACE_KIND_THREAD,
	.list = list,
	.listed = listed,
	.add = add,
};

/**
 * lt_thread_baseline() - list the threads that exist now
 * @t: a new target
 *
 * Context: may sleep, gate held for writing.
 * Return: 0.
 */
int lt_thread_baseline(struct lt_target *t)
{
	lt_ids_baseline(t, &ops, LEAKTRACE_OBJECT_F_BASELINE);
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

	if (o->kind != LEAKTRACE_KIND_THREAD ||
	    (o->key & (LT_THREAD_EXITED | LT_THREAD_PROCESS)) != LT_THREAD_PROCESS)
		return 0;
	rcu_read_lock();
	p = pid_task(find_pid_ns((u32)o->key, &init_pid_ns), PIDTYPE_TGID);
	rcu_read_unlock();
	if (p)
		return 0;
	r->key = o->key;
	return 1;
}

/**
 * lt_thread_reconcile() - hold the objects against the process's tasks
 * @t: the target
 *
 * Context: may sleep, gate held.
 */
void lt_thread_reconcile(struct lt_target *t)
{
	struct reaped r;
	u32 bucket = 0;

	lt_ids_reconcile(t, &ops);
	while (lt_object_walk(t->id, &bucket, find_reaped, &r))
		lt_object_died(t, LEAKTRACE_KIND_THREAD, r.key, 0, NULL);
}

#define THREAD_ROW(_name, _fn, _why) {						\
	.name = _name, .how = LEAKTRACE_PROBE_TRACEPOINT, .kinds = LEAKTRACE_KINDS_ALL, \
	.fn = _fn, .required = true, .why = _why }

/* sched_process_exec is for every kind: see on_sched_process_exec(). */
static void notrace on_sched_process_exec(void *data, struct task_struct *task, pid_t old_pid,
					  struct linux_binprm *bprm)
{
	struct lt_target *t;

	if (likely(!lt_filter_hit(current->signal)))
		return;
	if (!lt_probe_enter(data))
		return;
	t = lt_target_current();
	if (t)
		lt_work_queue(t, current, LT_WORK_EXEC, 0, 0, 0);
	lt_probe_leave();
}

const struct lt_probe lt_thread_probes[] = {
	THREAD_ROW("task_newtask", on_task_newtask, "threads and children made"),
	THREAD_ROW("sched_process_exit", on_sched_process_exit, "threads and processes that end"),
	THREAD_ROW("sched_process_free", on_sched_process_free, "children reaped"),
	THREAD_ROW("sched_process_exec", on_sched_process_exec, "new programs"),
	{ }
};
