/* SPDX-License-Identifier: GPL-2.0 */
/*
 * work.c: what a probe may not do itself, done by the same task on its way back to
 * user mode. A file that needs such work declares a struct lt_work_type; work.c does
 * not know what is done.
 */
#ifndef _LT_WORK_H
#define _LT_WORK_H

#include <linux/build_bug.h>
#include <linux/sched.h>
#include <linux/task_work.h>
#include <linux/types.h>

struct lt_target;
struct lt_work;

enum { LT_WORK_ARGS_BYTES = 24 };

/* What is wrong if a work could not be queued. */
enum lt_work_loss {
	LT_WORK_REPAIRABLE,	/* numbers, until the target is reconciled */
	LT_WORK_IRREPARABLE,	/* numbers, for good: a program or a child is not followed */
	LT_WORK_ONLY_STACK,	/* no number: a stack stays incomplete */
};

/**
 * struct lt_work_type - one kind of deferred work
 * @run: does it, in the task's own context, where it may sleep. Not called if the
 *	task exits first, or after lt_give_up(). Locks nothing itself: see
 *	lt_work_lock()
 * @end: called afterwards in any case, in another context if it was cancelled; or NULL
 * @args_bytes: size of its arguments, by LT_WORK_ARGS()
 * @loss: what is wrong if it could not be queued
 * @bulk: one system call may queue thousands: leaves a part of the pool to others
 */
struct lt_work_type {
	void (*run)(struct lt_work *w);
	void (*end)(struct lt_work *w);
	size_t args_bytes;
	enum lt_work_loss loss;
	bool bulk;
};

/* A queued work. It holds its target. */
struct lt_work {
	struct callback_head head;
	const struct lt_work_type *type;
	struct lt_target *target;
	u32 index;		/* own cell of the pool */
	u32 stack;		/* captured at the event; 0: none */
	u64 args[LT_WORK_ARGS_BYTES / sizeof(u64)];
};

/* Of an lt_work_type: what lt_work_queue() copies, and lt_work_args() gives back. */
#define LT_WORK_ARGS(type)							\
	.args_bytes = sizeof(type) + BUILD_BUG_ON_ZERO(sizeof(type) > LT_WORK_ARGS_BYTES)

static inline const void *lt_work_args(const struct lt_work *w)
{
	return w->args;
}

/*
 * Workers that the kernel makes of a user task have its address space and no user stack,
 * and never come back to user mode: io_uring's (v5.12, 3bfe6106693b), vhost's and KVM's
 * (v6.4, 54e6842d0775). io_uring's run the works that are queued to them all the same.
 */
#ifndef PF_USER_WORKER
#define PF_USER_WORKER 0
#endif

static inline bool lt_has_user_stack(const struct task_struct *task)
{
	return task->mm && !(task->flags & (PF_KTHREAD | PF_IO_WORKER | PF_USER_WORKER));
}

static inline bool lt_runs_works(const struct task_struct *task)
{
	return !(task->flags & PF_KTHREAD) &&
	       (task->flags & PF_IO_WORKER || !(task->flags & PF_USER_WORKER));
}

extern const struct lt_store lt_work_store;

bool lt_work_queue(struct lt_target *t, struct task_struct *task,
		   const struct lt_work_type *type, u32 stack, const void *args);
u32 lt_work_lock(struct lt_work *w);
void lt_work_unlock(struct lt_work *w);
bool lt_work_lock_if(struct lt_work *w, bool (*is_current)(void *arg), void *arg);
bool lt_work_capture_call(struct lt_work *w, unsigned long at, unsigned long caller, u32 *stack,
			  bool (*is_current)(void *arg), void *arg);
int lt_work_at_return(struct callback_head *head);
int lt_work_at_first_return(struct task_struct *child, struct callback_head *head);
void lt_work_cancel(struct lt_target *t);
u32 lt_work_pending(void);

#endif /* _LT_WORK_H */
