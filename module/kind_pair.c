// SPDX-License-Identifier: GPL-2.0
/*
 * pair: what a function of a library hands out and another one takes back, as the doors of
 * linux/leaktrace_pair.h see it. Each is tracked, none is sampled.
 *
 * A door is a uprobe, whose handler only queues: the rest is done on the task's way back to
 * user mode, before it executes the door's instruction. So a release is known before another
 * thread can be given the same handle.
 *
 * Born when a call returns that was seen to begin: by this thread, with the stack as it was
 * then, to where it was called from. If what it returns was handed out meanwhile, a function of
 * the same space has called another one: that is one object. A call that never returns (a
 * longjmp(), an exception) leaves an entry that the next one at that place, or the oldest of
 * its bucket, makes room for.
 *
 * Not seen: handles of before the doors were opened. Their release, and that of what was
 * never handed out, is counted as foreign. A child has no doors: the kernel removes the int3
 * that it has copied when it comes there.
 *
 * Locks: doors come and go with lt_target.rwsem held for writing; pair.closing, sleeps, inside
 * of it: who unregisters their uprobes with it held for reading. pair.lock: a leaf. The handler
 * takes none of them: who unregisters a uprobe waits for it.
 */
#include <linux/fs.h>
#include <linux/hash.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/sched/mm.h>
#include <linux/sched/task_stack.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <linux/leaktrace_pair.h>
#include <net/netlink.h>

#include "kind.h"
#include "leaktrace.h"
#include "mm.h"
#include "netlink.h"
#include "object.h"
#include "pair.h"
#include "patch.h"
#include "probe.h"
#include "target.h"
#include "work.h"

enum {
	CALL_BITS = 8,
	CALLS_OF_BUCKET = 8,
	MAX_GROUPS = 8,		/* libraries that are loaded later have doors of their own */
	KEY_SPACE_SHIFT = 56,	/* above what an address may have */
};

#define KEY_HANDLE_MASK		(BIT_ULL(KEY_SPACE_SHIFT) - 1)

struct pair_door {
	struct lt_patch_probe probe;
	struct pair_doors *doors;
	struct leaktrace_pair_door plan;
	u8 type;		/* of an ENTER */
};

/* Those that were opened together. */
struct pair_doors {
	struct mm_struct *mm;	/* by mm_count; only compared */
	struct lt_target *target;	/* no reference; used while uprobes are registered */
	u32 index;		/* in pair.group */
	u32 n;
	struct pair_door door[];
};

/* A call that has begun. */
struct pair_call {
	u64 began_ns;		/* 0: free */
	unsigned long at;	/* where its return address is */
	unsigned long caller;	/* that */
	u64 argument;
	u64 door;		/* as pair_hit.door */
	u32 tid;
};

struct pair {
	struct mutex closing;		/* uprobes, with rwsem held for reading */
	struct pair_doors *group[MAX_GROUPS];
	u32 ngroups;
	bool ended;			/* none is opened any more */
	u32 nnames;			/* grows: objects may be older than the program */
	char name[LEAKTRACE_PAIR_ACQUIRES_MAX][LEAKTRACE_PAIR_NAME_BYTES];
	spinlock_t lock;		/* protects call */
	struct pair_call call[1 << CALL_BITS][CALLS_OF_BUCKET];
};

/* What a handler hands on. */
struct pair_hit {
	u64 door;		/* its group, and its index there */
	u64 at;			/* the stack pointer */
	u64 word;		/* result, or argument */
};

struct pair_news {
	struct lt_work *work;
	struct lt_target *t;
	const struct pair_hit *hit;
	struct pair *pair;
	const struct pair_door *door;
	unsigned long caller;
	u32 stack;
};

static struct pair *pair_of(const struct lt_target *t)
{
	return t->data[LEAKTRACE_KIND_PAIR];
}

static u64 key_of(const struct pair_door *d, u64 handle)
{
	return (u64)d->plan.space << KEY_SPACE_SHIFT | (handle & KEY_HANDLE_MASK);
}

/*
 * Calls
 */

static struct pair_call *bucket_of(struct pair *pair, unsigned long at)
{
	return pair->call[hash_long(at ^ current->pid, CALL_BITS)];
}

static void begin_call(struct pair_news *n)
{
	struct pair_call *c, *use, *bucket = bucket_of(n->pair, n->hit->at);

	spin_lock(&n->pair->lock);
	use = bucket;
	for (c = bucket; c < bucket + CALLS_OF_BUCKET; c++) {
		/* It has not returned, and never will. */
		if (c->tid == current->pid && c->at == n->hit->at)
			c->began_ns = 0;
		if (c->began_ns < use->began_ns)
			use = c;
	}
	if (use->began_ns)
		lt_target_inexact(n->t, LEAKTRACE_INEXACT_PAIR);
	*use = (struct pair_call){
		.began_ns = lt_now_ns(), .at = n->hit->at, .caller = n->caller,
		.argument = n->hit->word, .tid = current->pid, .door = n->hit->door,
	};
	spin_unlock(&n->pair->lock);
}

/* Functions to which calls are passed on return to others, too. */
static bool end_call(struct pair_news *n, struct pair_call *ended)
{
	struct pair_call *c, *bucket = bucket_of(n->pair, n->hit->at);
	bool found = false;

	spin_lock(&n->pair->lock);
	for (c = bucket; c < bucket + CALLS_OF_BUCKET && !found; c++) {
		found = c->began_ns && c->tid == current->pid && c->at == n->hit->at &&
			c->caller == n->caller;
		if (found) {
			*ended = *c;
			c->began_ns = 0;
		}
	}
	spin_unlock(&n->pair->lock);
	return found;
}

/*
 * What a door has seen. Between news_lock() and news_unlock() the target's tables stay, and no
 * memory of the target's is touched that is not there.
 */

static const struct pair_door *door_at(const struct pair *pair, u64 door)
{
	return &pair->group[door >> 32]->door[(u32)door];
}

static bool is_current(void *arg)
{
	struct pair_news *n = arg;
	u32 group = n->hit->door >> 32;
	struct pair_doors *doors;

	n->pair = n->t->dead ? NULL : pair_of(n->t);
	doors = n->pair && group < n->pair->ngroups ? n->pair->group[group] : NULL;
	/* Or another program's, or of doors that could not all be opened: it is over. */
	if (!doors || doors->mm != current->mm || (u32)n->hit->door >= doors->n)
		return false;
	n->door = door_at(n->pair, n->hit->door);
	return true;
}

static bool news_lock(struct pair_news *n)
{
	return lt_work_lock_if(n->work, is_current, n);
}

static bool capture(struct pair_news *n)
{
	return lt_work_capture_call(n->work, n->hit->at, n->caller, &n->stack, is_current, n);
}

/* Return: 0: nothing was handed out. May touch the target's memory. */
static u64 handle_of(u8 where, u64 argument, u64 result)
{
	u64 handle;

	/* -1 of an int, too */
	if (where == LEAKTRACE_PAIR_RESULT)
		return result == U64_MAX || result == U32_MAX ? 0 : result;
	if ((u32)result)
		return 0;
	if (where == LEAKTRACE_PAIR_ARGUMENT)
		return argument;
	return get_user(handle, (u64 __user *)(unsigned long)argument) ? 0 : handle;
}

/* Has a function that this one called handed it out, and been seen? */
static bool is_known(struct pair_news *n, u64 key, const struct pair_call *call)
{
	struct lt_object o;

	return lt_object_find(n->t, LEAKTRACE_KIND_PAIR, key, &o) && o.born_ns >= call->began_ns;
}

static void on_leave(struct pair_news *n)
{
	struct lt_birth b = { .kind = LEAKTRACE_KIND_PAIR };
	struct pair_call call;
	u64 handle;
	bool ended;
	u8 where;

	if (!news_lock(n))
		return;
	ended = end_call(n, &call);
	if (ended) {
		n->door = door_at(n->pair, call.door);
		where = n->door->plan.handle;
		b.type = n->door->type;
		b.key = key_of(n->door, 0);
	}
	lt_work_unlock(n->work);
	handle = ended ? handle_of(where, call.argument, n->hit->word) : 0;
	if (!handle || !news_lock(n))
		return;
	b.key |= handle & KEY_HANDLE_MASK;
	if (!is_known(n, b.key, &call)) {
		if (!capture(n))
			return;
		b.stack = n->stack;
		lt_object_born(n->t, &b);
	}
	lt_work_unlock(n->work);
}

static void on_release(struct pair_news *n)
{
	u64 key = key_of(n->door, n->hit->word);

	/* Whoever takes nothing back has nothing to do. */
	if (n->hit->word) {
		if (lt_object_find(n->t, LEAKTRACE_KIND_PAIR, key, NULL) && !capture(n))
			return;
		if (!lt_object_died(n->t, LEAKTRACE_KIND_PAIR, key, n->stack, NULL) &&
		    !lt_object_died_untracked(n->t, LEAKTRACE_KIND_PAIR))
			atomic64_inc(&n->t->kind[LEAKTRACE_KIND_PAIR].foreign);
	}
	lt_work_unlock(n->work);
}

static void news_run(struct lt_work *w)
{
	struct pair_news n = { .work = w, .t = w->target, .hit = lt_work_args(w) };
	u8 role;

	if (get_user(n.caller, (unsigned long __user *)(unsigned long)n.hit->at) ||
	    !news_lock(&n))
		return;
	role = n.door->plan.role;
	if (role == LEAKTRACE_PAIR_RELEASE)
		return on_release(&n);
	if (role == LEAKTRACE_PAIR_ENTER)
		begin_call(&n);
	lt_work_unlock(w);
	if (role == LEAKTRACE_PAIR_LEAVE)
		on_leave(&n);
}

static const struct lt_work_type news_work = {
	.run = news_run,
	LT_WORK_ARGS(struct pair_hit),
	.loss = LT_WORK_IRREPARABLE,
};

/*
 * Doors
 */

static bool door_wants(struct lt_patch_probe *p, struct mm_struct *mm)
{
	return mm == container_of(p, struct pair_door, probe)->doors->mm;
}

#ifdef CONFIG_X86_64
static u64 word_at(const struct leaktrace_pair_door *plan)
{
	const struct pt_regs *regs = task_pt_regs(current);

	switch (plan->argument) {
	case 1:
		return regs->di;
	case 2:
		return regs->si;
	case 3:
		return regs->dx;
	case 4:
		return regs->cx;
	case 5:
		return regs->r8;
	case 6:
		return regs->r9;
	default:
		return regs->ax;
	}
}
#else
static u64 word_at(const struct leaktrace_pair_door *plan)
{
	return 0;
}
#endif

/* A uprobe's handler. The target lives until it is unregistered. */
static void door_hit(struct lt_patch_probe *p)
{
	struct pair_door *d = container_of(p, struct pair_door, probe);
	struct pair_hit hit = {
		.door = (u64)d->doors->index << 32 | (d - d->doors->door),
		.at = user_stack_pointer(task_pt_regs(current)), .word = word_at(&d->plan),
	};

	if (!lt_probe_resume())
		return;
	lt_work_queue(d->doors->target, current, &news_work, 0, &hit);
	lt_probe_leave();
}

static void unregister_doors(struct pair_doors *doors)
{
	u32 i;

	for (i = 0; i < doors->n; i++)
		lt_patch_unregister(&doors->door[i].probe);
	lt_patch_unregistered();
}

static void free_doors(struct pair_doors *doors)
{
	u32 i;

	unregister_doors(doors);
	for (i = 0; i < doors->n; i++)
		iput(doors->door[i].probe.inode);
	mmdrop(doors->mm);
	kvfree(doors);
}

/* t->rwsem is held for writing: no work is at them. */
static void drop_doors(struct pair *pair)
{
	while (pair->ngroups)
		free_doors(pair->group[--pair->ngroups]);
	memset(pair->call, 0, sizeof(pair->call));
}

static int find_place(struct pair_door *d, struct mm_struct *mm)
{
	struct lt_patch_place place;
	int err;

	if (mmap_read_lock_killable(mm))
		return -EINTR;
	err = lt_patch_find(mm, d->plan.address, &place);
	if (!err) {
		d->probe.inode = igrab(place.inode);
		d->probe.offset = place.offset;
		err = d->probe.inode ? 0 : -ENOENT;
	}
	mmap_read_unlock(mm);
	return err;
}

/* Of an acquiring function. Return: 0: there are too many. t->rwsem is held for writing. */
static u8 type_of(struct pair *pair, const char *name)
{
	u32 i;

	for (i = 0; i < pair->nnames; i++)
		if (!strcmp(pair->name[i], name))
			return LEAKTRACE_TYPE_PAIR + i;
	if (i == LEAKTRACE_PAIR_ACQUIRES_MAX)
		return 0;
	memcpy(pair->name[i], name, LEAKTRACE_PAIR_NAME_BYTES);
	/* Pairs with lt_pair_fill_names(). */
	smp_store_release(&pair->nnames, i + 1);
	return LEAKTRACE_TYPE_PAIR + i;
}

static struct pair_doors *make_doors(struct lt_target *t, struct mm_struct *mm,
				     const struct leaktrace_pair_door *plan, u32 n)
{
	struct pair_doors *doors = kvzalloc(struct_size(doors, door, n), GFP_KERNEL_ACCOUNT);
	u32 i;

	if (!doors)
		return NULL;
	mmgrab(mm);
	doors->mm = mm;
	doors->target = t;
	doors->index = pair_of(t)->ngroups;
	doors->n = n;
	for (i = 0; i < n; i++) {
		struct pair_door *d = &doors->door[i];

		d->doors = doors;
		d->plan = plan[i];
		d->probe.wants = door_wants;
		d->probe.trapped = door_hit;
	}
	return doors;
}

static int name_types(struct pair *pair, struct pair_doors *doors,
		      struct netlink_ext_ack *extack)
{
	struct pair_door *d;

	for (d = doors->door; d < doors->door + doors->n; d++) {
		if (d->plan.role != LEAKTRACE_PAIR_ENTER)
			continue;
		d->type = type_of(pair, d->plan.name);
		if (!d->type) {
			NL_SET_ERR_MSG(extack, "too many functions that acquire");
			return -ENOSPC;
		}
	}
	return 0;
}

/* What releases first, what begins a call last: what is seen to begin is seen to end. */
static int register_doors(struct pair_doors *doors)
{
	static const u8 order[] = {
		LEAKTRACE_PAIR_RELEASE, LEAKTRACE_PAIR_LEAVE, LEAKTRACE_PAIR_ENTER,
	};
	unsigned int i;
	int err = 0;
	u32 j;

	for (i = 0; i < ARRAY_SIZE(order); i++)
		for (j = 0; j < doors->n && !err; j++) {
			struct pair_door *d = &doors->door[j];

			if (d->plan.role != order[i])
				continue;
			err = find_place(d, doors->mm) ?: lt_patch_register(&d->probe);
		}
	return err;
}

/* t->rwsem is held for writing, and @mm. */
static int open_in(struct lt_target *t, struct pair *pair, struct mm_struct *mm,
		   const struct leaktrace_pair_door *plan, u32 n, struct netlink_ext_ack *extack)
{
	struct pair_doors *doors = make_doors(t, mm, plan, n);
	int err;

	if (!doors)
		return -ENOMEM;
	err = name_types(pair, doors, extack);
	if (!err) {
		err = register_doors(doors);
		if (err)
			NL_SET_ERR_MSG(extack, "a uprobe cannot be set at a door");
	}
	if (err)
		free_doors(doors);
	else
		pair->group[pair->ngroups++] = doors;
	return err;
}

static int may_open(struct lt_target *t, struct netlink_ext_ack *extack)
{
	struct pair *pair = t->dead ? NULL : pair_of(t);

	if (!pair) {
		NL_SET_ERR_MSG(extack, "the target does not follow kind pair");
		return -EINVAL;
	}
	if (pair->ngroups == MAX_GROUPS) {
		NL_SET_ERR_MSG(extack, "the target's pairs were extended too often");
		return -ENOSPC;
	}
	if (lt_gave_up())
		return -ESHUTDOWN;
	return pair->ended ? -ESRCH : 0;
}

/**
 * lt_pair_check() - are these doors that may be opened
 * @door: @n of them
 * @n: their number
 *
 * Context: any.
 * Return: whether they are.
 */
bool lt_pair_check(const struct leaktrace_pair_door *door, unsigned int n)
{
	unsigned int i, acquires = 0;

	if (!n || n > LEAKTRACE_PAIR_DOORS_MAX)
		return false;
	for (i = 0; i < n; i++, door++) {
		bool enter = door->role == LEAKTRACE_PAIR_ENTER;
		bool leave = door->role == LEAKTRACE_PAIR_LEAVE;
		bool takes = enter ? door->handle != LEAKTRACE_PAIR_RESULT : !leave;

		acquires += enter;
		if (door->role >= __LEAKTRACE_PAIR_ROLE_MAX || door->reserved ||
		    door->handle >= (enter ? __LEAKTRACE_PAIR_HANDLE_MAX : 1) ||
		    takes != !!door->argument || door->argument > LEAKTRACE_PAIR_ARGUMENTS ||
		    door->space >= (leave ? 1 : LEAKTRACE_PAIR_SPACES_MAX))
			return false;
		if (leave == !!door->name[0] || door->name[LEAKTRACE_PAIR_NAME_BYTES - 1])
			return false;
	}
	return acquires && acquires <= LEAKTRACE_PAIR_ACQUIRES_MAX;
}

/**
 * lt_pair_open() - see what a target acquires and releases
 * @t: the target
 * @door: checked
 * @n: their number
 * @extack: for the reason of a refusal
 *
 * Context: may sleep, no lock held.
 * Return: 0 or negative errno: none is open.
 */
int lt_pair_open(struct lt_target *t, const struct leaktrace_pair_door *door, unsigned int n,
		 struct netlink_ext_ack *extack)
{
	struct lt_mm *m;
	int err;

	if (!lt_patch_supported())
		return -EOPNOTSUPP;
	if (down_write_killable(&t->rwsem))
		return -EINTR;
	m = lt_mm_get(t);
	err = may_open(t, extack);
	if (!err)
		err = m && !READ_ONCE(m->gone) && mmget_not_zero(m->mm) ? 0 : -ESRCH;
	if (!err) {
		err = open_in(t, pair_of(t), m->mm, door, n, extack);
		mmput(m->mm);
	}
	lt_mm_put(m);
	up_write(&t->rwsem);
	return err;
}

/**
 * lt_pair_fill_names() - the functions that acquire what a target's pairs hand out
 * @skb: a message about the target
 * @t: it
 *
 * Context: any.
 * Return: 0 or -EMSGSIZE.
 */
int lt_pair_fill_names(struct sk_buff *skb, const struct lt_target *t)
{
	const struct pair *pair;
	int err = 0;
	u32 i, n;

	rcu_read_lock();
	pair = READ_ONCE(t->data[LEAKTRACE_KIND_PAIR]);
	/* Pairs with type_of(). */
	n = pair ? smp_load_acquire(&pair->nnames) : 0;
	for (i = 0; i < n && !err; i++)
		err = nla_put_string(skb, LEAKTRACE_A_TARGET_PAIR, pair->name[i]);
	rcu_read_unlock();
	return err;
}

static void close_doors(struct pair *pair, bool ended)
{
	u32 i;

	mutex_lock(&pair->closing);
	pair->ended |= ended;
	for (i = 0; i < pair->ngroups; i++)
		unregister_doors(pair->group[i]);
	mutex_unlock(&pair->closing);
}

/**
 * lt_pair_stop() - close all doors: tracing was stopped
 *
 * Context: may sleep, no lock held.
 */
void lt_pair_stop(void)
{
	struct lt_target *t;
	u32 id = 0;

	while ((t = lt_target_next(id))) {
		id = t->id;
		down_read(&t->rwsem);
		if (!t->dead && pair_of(t))
			close_doors(pair_of(t), false);
		up_read(&t->rwsem);
		lt_target_put(t);
	}
}

/*
 * A target's life
 */

static int pair_attach(struct lt_target *t)
{
	struct pair *pair = kvzalloc(sizeof(*pair), GFP_KERNEL_ACCOUNT);

	if (!pair)
		return -ENOMEM;
	mutex_init(&pair->closing);
	spin_lock_init(&pair->lock);
	t->data[LEAKTRACE_KIND_PAIR] = pair;
	return 0;
}

static void pair_stop(struct lt_target *t)
{
	if (pair_of(t))
		close_doors(pair_of(t), true);
}

static void pair_detach(struct lt_target *t)
{
	struct pair *pair = pair_of(t);

	if (!pair)
		return;
	drop_doors(pair);
	WRITE_ONCE(t->data[LEAKTRACE_KIND_PAIR], NULL);
	synchronize_rcu();	/* lt_pair_fill_names() */
	kvfree(pair);
}

static int end_object(const struct lt_object *o, void *arg)
{
	*(u64 *)arg = o->key;
	return 1;
}

/* What libraries had handed out went with the address space, and so did the doors. */
static void pair_exec_begin(struct lt_target *t)
{
	u32 bucket = 0;
	u64 key = 0;

	drop_doors(pair_of(t));
	while (lt_object_walk(t, LT_KINDBIT(PAIR), &bucket, end_object, &key)) {
		lt_object_died(t, LEAKTRACE_KIND_PAIR, key, 0, NULL);
		cond_resched();
	}
}

static int pair_fill(struct sk_buff *skb, const struct lt_object *o)
{
	return LT_PUT64(skb, OBJECT, ID, o->key & KEY_HANDLE_MASK) ? -EMSGSIZE : 0;
}

/* Its doors are no hooks of the kernel's. */
static const struct lt_probe pair_probes[] = { { } };

const struct lt_kind lt_kind_pair = {
	.id = LEAKTRACE_KIND_PAIR,
	.name = "pair",
	.probes = pair_probes,
	.attach = pair_attach,
	.exec_begin = pair_exec_begin,
	.stop = pair_stop,
	.detach = pair_detach,
	.fill = pair_fill,
};
