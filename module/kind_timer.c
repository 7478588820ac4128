// SPDX-License-Identifier: GPL-2.0
/*
 * timer: a POSIX timer of the target (a timerfd is an fd).
 *
 * Born when timer_create returns its id, died in timer_delete, exec and exit.
 * Setting it again is neither. Expirations are counted as signals that the
 * kernel generates for it, by their si_code and timer id; a timer without a
 * signal (SIGEV_NONE) has none. Clock, interval and whether it is armed are
 * read from the kernel's own timer when somebody asks.
 */
#include <linux/bsearch.h>
#include <linux/ftrace.h>
#include <linux/mm.h>
#include <linux/posix-timers.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/signal.h>
#include <linux/slab.h>
#include <linux/sort.h>
#include <linux/uaccess.h>
#include <net/netlink.h>
#include <trace/events/signal.h>

#include "arch.h"
#include "ids.h"
#include "key.h"
#include "kind.h"
#include "netlink.h"
#include "object.h"
#include "pool.h"
#include "probe.h"
#include "stack.h"
#include "target.h"
#include "work.h"

enum {
	MAX_TIMERS = 1 << 22,	/* RLIMIT_SIGPENDING bounds them sooner */
	BATCH_TIMERS = 256,	/* for which interrupts are off */
	RESTARTS = 16,
};

/* Of lt_object.own */
enum {
	TIMER_FIRES,		/* signals since attach */
	TIMER_CLOCK,		/* clockid_t */
};

struct timer_info {
	u32 clock;
	bool armed;
	u64 interval_ns;
	u64 overruns;
};

/* The first word of a list's node, and of an hlist's (v6.12, 52dea0a15cc8), is the next. */
static void *node_after(void *head, void *node)
{
	void *next = *(void **)(node ?: head);

	return next == head ? NULL : next;
}

static bool is_armed(const struct k_itimer *timer)
{
#ifdef LT_HAVE_IT_STATUS
	return timer->it_status == 1;	/* v6.13, "posix-timers: Add proper state tracking" */
#else
	return timer->it_active;
#endif
}

/* The second word is what comes before: poisoned or cleared when the node is deleted. */
static bool is_deleted(void *node)
{
	void *before = READ_ONCE(((void **)node)[1]);

	return !before || before == LIST_POISON2;
}

/* A walk of the kernel's list of a target's timers. */
struct list_walk {
	struct task_struct *task;
	void *node;		/* the last one visited; NULL: none yet */
	void (*fn)(struct k_itimer *timer, void *arg);
	void *arg;
};

enum walk_state {
	WALK_MORE,
	WALK_OVER,
	WALK_LOST,		/* the last one visited was deleted: where to go on? */
};

/*
 * Exit and exec take the whole list away under siglock, and delete it without: of a list that
 * is empty now, no node is looked at. The timer last visited may have been deleted, but not
 * freed: k_itimers are freed by RCU.
 */
static enum walk_state walk_batch(struct list_walk *w)
{
	struct signal_struct *signal = w->task->signal;
	void *head = &signal->posix_timers;
	struct k_itimer *timer;
	unsigned int i;

	if (!node_after(head, NULL))
		return WALK_OVER;
	if (w->node && is_deleted(w->node))
		return WALK_LOST;
	for (i = 0; i < BATCH_TIMERS; i++) {
		w->node = node_after(head, w->node);
		if (!w->node)
			return WALK_OVER;
		timer = w->node - offsetof(struct k_itimer, list);
		if (READ_ONCE(timer->it_signal) == signal)
			w->fn(timer, w->arg);
	}
	return WALK_MORE;
}

/* Under RCU. */
static enum walk_state walk_batch_locked(struct list_walk *w)
{
	struct sighand_struct *sighand = rcu_dereference(w->task->sighand);
	enum walk_state state = WALK_OVER;

	if (!sighand)
		return WALK_OVER;
	spin_lock_irq(&sighand->siglock);
	if (sighand == rcu_access_pointer(w->task->sighand))
		state = walk_batch(w);
	spin_unlock_irq(&sighand->siglock);
	return state;
}

/*
 * Calls @fn on every timer of @t, under siglock. Whoever creates a million of them does not
 * keep interrupts off for that long: the lock is released after each batch. @n: what @fn
 * counts, 0 again if the walk has to begin anew. False: it had to too often.
 */
static bool walk_timers(struct lt_target *t, void (*fn)(struct k_itimer *, void *), void *arg,
			u32 *n)
{
	struct list_walk w = { .task = lt_target_task(t), .fn = fn, .arg = arg };
	enum walk_state state;
	unsigned int restarts;

	for (restarts = 0; w.task && restarts < RESTARTS; restarts++) {
		*n = 0;
		w.node = NULL;
		rcu_read_lock();
		do
			state = walk_batch_locked(&w);
		while (state == WALK_MORE);
		rcu_read_unlock();
		if (state == WALK_OVER)
			break;
		cond_resched();
	}
	if (w.task)
		put_task_struct(w.task);
	return restarts < RESTARTS;
}

static void timer_read(const struct k_itimer *timer, struct timer_info *info)
{
	info->clock = timer->it_clock;
	info->armed = is_armed(timer);
	info->interval_ns = ktime_to_ns(timer->it_interval);
	info->overruns = max_t(s64, timer->it_overrun_last, 0);
}

static void list_one(struct k_itimer *timer, void *ids)
{
	lt_ids_add(ids, timer->it_id);
}

static bool timer_list(struct lt_target *t, struct lt_ids *ids)
{
	return walk_timers(t, list_one, ids, &ids->n);
}

static void timer_born(struct lt_target *t, u32 id, u32 clock, u32 stack, u8 flags)
{
	struct lt_birth b = {
		.kind = LEAKTRACE_KIND_TIMER,
		.type = LEAKTRACE_TYPE_POSIX_TIMER,
		.key = id,
		.stack = stack,
		.flags = flags,
		.own = { [TIMER_CLOCK] = clock },
	};

	lt_object_born(t, &b);
}

struct timer_entry {
	u32 id;
	struct timer_info info;
};

/* What the kernel knows of each timer, by id. */
struct timer_list_copy {
	u32 n;
	u32 max;
	struct timer_entry *timer;
};

static void copy_one(struct k_itimer *timer, void *arg)
{
	struct timer_list_copy *c = arg;

	if (c->n < c->max) {
		c->timer[c->n].id = timer->it_id;
		timer_read(timer, &c->timer[c->n].info);
	}
	c->n++;
}

static int cmp_entry(const void *a, const void *b)
{
	const struct timer_entry *x = a, *y = b;

	return x->id < y->id ? -1 : x->id > y->id;
}

/*
 * Interrupts are off while the kernel's list is walked, so it is only copied.
 * The caller frees c->timer with kvfree().
 */
static bool copy_list(struct lt_target *t, u32 expected, struct timer_list_copy *c)
{
	u32 want = expected + 64;

	do {
		c->timer = kvmalloc_array(want, sizeof(*c->timer), LT_GFP_TABLE);
		if (!c->timer)
			return false;
		c->n = 0;
		c->max = want;
		if (!walk_timers(t, copy_one, c, &c->n))
			break;
		if (c->n <= c->max) {
			sort(c->timer, c->n, sizeof(*c->timer), cmp_entry, NULL);
			return true;
		}
		want = c->n + c->n / 4;
		kvfree(c->timer);
		c->timer = NULL;
	} while (want <= MAX_TIMERS);
	kvfree(c->timer);
	return false;
}

static const struct timer_info *find_info(const struct timer_list_copy *c, u32 id)
{
	struct timer_entry wanted = { .id = id }, *found;

	found = bsearch(&wanted, c->timer, c->n, sizeof(wanted), cmp_entry);
	return found ? &found->info : NULL;
}

static bool timer_add(struct lt_target *t, const struct lt_ids *ids, u8 flags)
{
	const struct timer_info *info;
	struct timer_list_copy c;
	u32 i;

	if (!ids->n)
		return true;
	if (!copy_list(t, ids->n, &c))
		return false;
	for (i = 0; i < ids->n; i++) {
		/* A long run of births does not let the refill's work item run. */
		if (i % LT_POOL_CHUNK_CELLS == 0)
			lt_pool_top_up();
		info = find_info(&c, ids->id[i]);
		if (info)
			timer_born(t, ids->id[i], info->clock, 0, flags);
	}
	kvfree(c.timer);
	return true;
}

static const struct lt_id_ops timer_ids = {
	.kind = LEAKTRACE_KIND_TIMER,
	.list = timer_list,
	.add = timer_add,
};

/* What a dump keeps from one call to the next. */
struct timer_walk {
	struct lt_ids known;
	struct timer_list_copy real;
};

static struct timer_walk *begin_walk(struct lt_target *t)
{
	struct timer_walk *w = kzalloc(sizeof(*w), GFP_KERNEL);

	if (!w)
		return NULL;
	if (lt_ids_list(t, &timer_ids, true, &w->known)) {
		if (!w->known.n || copy_list(t, w->known.n, &w->real))
			return w;
		kvfree(w->known.id);
	}
	kfree(w);
	return NULL;
}

struct timer_message {
	struct lt_object o;
	const struct timer_info *info;
};

static int timer_fill(struct sk_buff *skb, const void *message)
{
	const struct timer_message *m = message;
	u32 flags = m->o.flags | (m->info->armed ? LEAKTRACE_OBJECT_F_ARMED : 0);

	if (lt_fill_object_head(skb, &m->o) || LT_PUT64(skb, OBJECT, ID, m->o.key) ||
	    nla_put_u32(skb, LEAKTRACE_A_OBJECT_FLAGS, flags) ||
	    nla_put_u32(skb, LEAKTRACE_A_OBJECT_CLOCK, m->info->clock) ||
	    LT_PUT64(skb, OBJECT, INTERVAL_NS, m->info->interval_ns) ||
	    LT_PUT64(skb, OBJECT, EXPIRATIONS, m->o.own[TIMER_FIRES]) ||
	    LT_PUT64(skb, OBJECT, OVERRUNS, m->info->overruns))
		return -EMSGSIZE;
	return 0;
}

/*
 * Each object with what the kernel says of it. Of an exited target's timers the kernel
 * knows nothing any more: only the clock is known.
 */
static int timer_dump(struct lt_target *t, struct lt_dump *dump)
{
	struct timer_info none = { };
	struct timer_message m;
	struct timer_walk *w;
	int err;

	if (!dump->walk)
		dump->walk = begin_walk(t);
	w = dump->walk;
	if (!w)
		return -ENOMEM;
	for (; dump->at < w->known.n; dump->at++) {
		if (!lt_object_find(t, LEAKTRACE_KIND_TIMER, w->known.id[dump->at], &m.o))
			continue;
		none.clock = m.o.own[TIMER_CLOCK];
		m.info = find_info(&w->real, w->known.id[dump->at]) ?: &none;
		err = lt_dump_one(dump, timer_fill, &m);
		if (err)
			return err;
		cond_resched();
	}
	return 0;
}

static void timer_dump_end(struct lt_dump *dump)
{
	struct timer_walk *w = dump->walk;

	kvfree(w->real.timer);
	kvfree(w->known.id);
	kfree(w);
}

/* Fork copies no timers. */
static int timer_baseline(struct lt_target *t)
{
	lt_ids_baseline(t, &timer_ids, LEAKTRACE_OBJECT_F_BASELINE);
	return 0;
}

static void timer_reconcile(struct lt_target *t)
{
	lt_ids_reconcile(t, &timer_ids);
}

struct create_args {
	int __user *id;		/* where timer_create puts it */
	u32 clock;
};

/*
 * timer_create returns to user mode. Reading its id may fault, and another thread may have
 * arranged for that to take as long as it likes: no lock is held meanwhile.
 */
static void create_run(struct lt_work *w)
{
	const struct create_args *c = lt_work_args(w);
	u32 stack;
	int id;

	if (regs_return_value(task_pt_regs(current)) || get_user(id, c->id))
		return;
	stack = lt_work_lock(w) ?: w->stack & ~LT_STACK_CUT;
	if (id >= 0 && !w->target->dead)
		timer_born(w->target, id, c->clock, stack, 0);
	lt_work_unlock(w);
}

static const struct lt_work_type create_work = {
	.run = create_run,
	LT_WORK_ARGS(struct create_args),
	.loss = LT_WORK_REPAIRABLE,
};

/* noinline, as timer_deleting(): it keeps the bystanders' path free of args[]. */
static noinline void timer_creating(const void *hook)
{
	struct lt_target *t = lt_target_enter(hook, LT_KINDBIT(TIMER));
	struct create_args create;
	unsigned long args[6];

	if (!t)
		return;
	syscall_get_arguments(current, task_pt_regs(current), args);
	create = (struct create_args){ .id = (int __user *)args[2], .clock = args[0] };
	lt_work_queue(t, current, &create_work, lt_stack_capture(t), &create);
	lt_probe_leave();
}

static void notrace on_timer_create(const void *hook, struct ftrace_regs *fregs)
{
	if (unlikely(lt_filter_hit(current->signal)))
		timer_creating(hook);
}

static noinline void timer_deleting(const void *hook)
{
	struct lt_target *t = lt_target_enter(hook, LT_KINDBIT(TIMER));
	unsigned long args[6];

	if (!t)
		return;
	syscall_get_arguments(current, task_pt_regs(current), args);
	if (!lt_object_died(t, LEAKTRACE_KIND_TIMER, (u32)args[0],
			    lt_stack_capture_death(t), NULL))
		lt_object_died_untracked(t, LEAKTRACE_KIND_TIMER);
	lt_probe_leave();
}

static void notrace on_timer_delete(const void *hook, struct ftrace_regs *fregs)
{
	if (unlikely(lt_filter_hit(current->signal)))
		timer_deleting(hook);
}

static void count_fire(struct lt_object *o, void *unused)
{
	o->own[TIMER_FIRES]++;
}

/* In the timer's interrupt: no stack, no nesting counter. */
static void notrace on_signal_generate(void *data, int sig, struct kernel_siginfo *info,
				       struct task_struct *task, int group, int result)
{
	struct lt_key *k;

	if (likely(!lt_filter_hit(task->signal)) || lt_gave_up())
		return;
	if (info == SEND_SIG_NOINFO || info == SEND_SIG_PRIV || info->si_code != SI_TIMER)
		return;
	rcu_read_lock();
	k = lt_key_find(task->signal, LT_KEY_SIGNAL);
	if (k)
		lt_object_update(k->target, LEAKTRACE_KIND_TIMER, (u32)info->si_tid,
				 count_fire, NULL);
	rcu_read_unlock();
}

static const struct lt_probe timer_probes[] = {
	{
		.name = LT_SYSCALL("timer_create"), .how = LEAKTRACE_PROBE_FTRACE,
		.kinds = LT_KINDBIT(TIMER), .function = on_timer_create, .required = true,
		.why = "POSIX timers made",
	}, {
		.name = LT_SYSCALL("timer_delete"), .how = LEAKTRACE_PROBE_FTRACE,
		.kinds = LT_KINDBIT(TIMER), .function = on_timer_delete, .required = true,
		.why = "POSIX timers deleted",
	}, {
		.name = LT_COMPAT_SYSCALL("timer_create"),
		.how = LEAKTRACE_PROBE_FTRACE, .kinds = LT_KINDBIT(TIMER),
		.function = on_timer_create, .why = "POSIX timers of 32-bit programs",
	}, {
		LT_TRACEPOINT(signal_generate),
		.kinds = LT_KINDBIT(TIMER), .required = true, .why = "expirations of POSIX timers",
	},
	{ }
};

const struct lt_kind lt_kind_timer = {
	.id = LEAKTRACE_KIND_TIMER,
	.name = "timer",
	.probes = timer_probes,
	.baseline = timer_baseline,
	.exec = timer_reconcile,	/* exec deletes them all */
	.reconcile = timer_reconcile,
	.dump = timer_dump,
	.dump_end = timer_dump_end,
};
