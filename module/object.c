// SPDX-License-Identifier: GPL-2.0
/*
 * The live-object table of fd, timer and thread (pages have their own,
 * page.c: they come by the million and are known by address).
 *
 * One state machine for every kind: absent -born-> live -died-> absent.
 * 'Born' on a live key is a missed death: the old object dies then and there,
 * and it is counted as reborn. 'Died' on an absent key is an object that was
 * never tracked (table full, or alive before attach and not yet enumerated):
 * counted as foreign.
 *
 * Locks: one of LOCKS raw, irq-safe locks guards a bucket. Callers may hold
 * the kernel's file_lock, siglock or tasklist lock; site and pool locks nest
 * inside.
 */
#include <linux/random.h>
#include <linux/slab.h>

#include "leaktrace.h"

enum {
	LOCKS = 1024,
};

static struct hlist_head *buckets;
static unsigned int shift;		/* of a hash: leaves a bucket's number */
static u64 multiplier;			/* odd, and nobody's guess: targets choose some keys */
static raw_spinlock_t locks[LOCKS];
static struct lt_pool *pool;

static_assert(sizeof(struct lt_object) <= 96, "design.md: at most 96 bytes an object");

static u32 bucket_of(u32 target, u8 kind, u64 key)
{
	return (key * 31 + ((u64)target << 8 | kind)) * multiplier >> shift;
}

static raw_spinlock_t *lock_of(u32 bucket)
{
	return &locks[bucket & (LOCKS - 1)];
}

/**
 * lt_object_init() - make the table, without memory yet
 *
 * Context: may sleep.
 * Return: 0 or -ENOMEM.
 */
int lt_object_init(void)
{
	int i;

	for (i = 0; i < LOCKS; i++)
		raw_spin_lock_init(&locks[i]);
	multiplier = get_random_u64() | 1;
	shift = 64 - clamp(ilog2(lt_max_objects) - 2, 10, 20);
	pool = lt_pool_create("internal error: torn list of objects",
			      sizeof(struct lt_object), lt_max_objects);
	return pool ? 0 : -ENOMEM;
}

/**
 * lt_object_exit() - free everything
 *
 * Context: may sleep; nothing is traced.
 */
void lt_object_exit(void)
{
	lt_pool_destroy(pool);
	kvfree(buckets);
	pool = NULL;
	buckets = NULL;
}

/**
 * lt_object_reset() - memory back after the last target, in advance for the next
 * @prime: get the first cells
 *
 * Context: may sleep, under lt_mutex, no probe attached.
 * Return: 0 or -ENOMEM.
 */
int lt_object_reset(bool prime)
{
	lt_pool_reset(pool);
	kvfree(buckets);
	buckets = NULL;
	if (!prime)
		return 0;
	buckets = kvcalloc(lt_object_buckets(), sizeof(*buckets), GFP_KERNEL | __GFP_NOWARN);
	return buckets ? lt_pool_prime(pool) : -ENOMEM;
}

static struct lt_object *find(u32 b, u32 target, u8 kind, u64 key)
{
	struct lt_object *o;

	hlist_for_each_entry(o, &buckets[b], node)
		if (o->key == key && o->target == target && o->kind == kind)
			return o;
	return NULL;
}

static noinline void put(const struct lt_object *o, enum leaktrace_event_op op,
			 u32 stack, u64 now_ns)
{
	struct lt_event e = {
		.time_ns = now_ns, .id = o->key, .target = o->target,
		.site = o->site, .stack = stack, .tid = current->pid, .count = 1,
		.op = op, .kind = o->kind,
	};

	lt_ring_put(&e);
}

static void tell(const struct lt_object *o, enum leaktrace_event_op op,
		 u32 stack, u64 now_ns)
{
	if (lt_ring_wanted(now_ns))
		put(o, op, stack, now_ns);
}

/* The last thing that is said of @o; it is off the table already. */
static void bury(struct lt_target *t, struct lt_object *o, u32 stack)
{
	struct lt_kind_stats *k = &t->kind[o->kind];
	u64 now_ns = max(lt_now_ns(), o->born_ns);	/* clocks of two CPUs */

	atomic64_inc(&k->died);
	if (o->flags & LEAKTRACE_OBJECT_F_BASELINE)
		atomic64_dec(&k->baseline_live);
	else
		lt_site_died(o->site, 1, now_ns - o->born_ns, now_ns, stack);
	tell(o, LEAKTRACE_EVENT_DIED, stack, now_ns);
}

static void fill(struct lt_object *o, struct lt_target *t, const struct lt_birth *b,
		 u64 now_ns)
{
	o->key = b->key;
	o->target = t->id;
	o->kind = b->kind;
	o->type = b->type;
	o->flags = b->flags;
	o->exited_ns = 0;
	if (b->flags & LEAKTRACE_OBJECT_F_BASELINE) {
		o->born_ns = 0;
		o->site = 0;
	} else {
		o->born_ns = now_ns;
		o->site = lt_site_birth(t, b->kind, b->type, b->stack, now_ns);
	}
	switch (b->kind) {
	case LEAKTRACE_KIND_FD:
		o->file = b->file;
		break;
	case LEAKTRACE_KIND_TIMER:
		o->fires = 0;
		o->clock = b->clock;
		break;
	default:
		o->ctid = b->ctid;
	}
}

static void count_birth(struct lt_target *t, const struct lt_birth *b)
{
	struct lt_kind_stats *k = &t->kind[b->kind];

	if (b->flags & LEAKTRACE_OBJECT_F_BASELINE) {
		atomic64_inc(&k->baseline);
		atomic64_inc(&k->baseline_live);
	} else {
		atomic64_inc(&k->born);
	}
}

/* Room for one more of @t, or a counted loss; of the cell only its number is set. */
static __always_inline struct lt_object *take(struct lt_target *t)
{
	struct lt_object *o;
	u32 index = 0;

	if (likely(atomic64_read(&t->objects) < t->max_objects))
		index = lt_pool_alloc(pool);
	if (unlikely(!index)) {
		lt_lose(t, LT_LOST_OBJECTS, 1);
		lt_inexact(t, LEAKTRACE_INEXACT_TABLE_FULL);
		return NULL;
	}
	o = lt_pool_cell(pool, index);
	o->index = index;
	atomic64_inc(&t->objects);
	return o;
}

/**
 * lt_object_born() - an object comes to life
 * @t: its target
 * @b: what it is; with F_BASELINE, a key that is live already stays as it is
 *
 * Context: any. The caller's probe section or lt_mutex keeps @t.
 * Return: false if it could not be tracked (counted) or was live (baseline).
 */
bool lt_object_born(struct lt_target *t, const struct lt_birth *b)
{
	u32 bucket = bucket_of(t->id, b->kind, b->key);
	bool baseline = b->flags & LEAKTRACE_OBJECT_F_BASELINE, tracked = false;
	struct lt_object *o, *old;
	u64 now_ns = lt_now_ns();
	unsigned long flags;

	raw_spin_lock_irqsave(lock_of(bucket), flags);
	old = find(bucket, t->id, b->kind, b->key);
	if (old && baseline)
		goto out;
	if (old) {
		atomic64_inc(&t->kind[b->kind].reborn);
		bury(t, old, 0);
		o = old;
	} else {
		o = take(t);
		if (o)
			hlist_add_head(&o->node, &buckets[bucket]);
	}
	count_birth(t, b);
	tracked = o;
	if (!o) {
		atomic64_inc(&t->kind[b->kind].untracked);
		goto out;
	}
	fill(o, t, b, now_ns);
	if (!baseline)
		tell(o, LEAKTRACE_EVENT_BORN, b->stack, now_ns);
out:
	raw_spin_unlock_irqrestore(lock_of(bucket), flags);
	if (unlikely(b->stack & LT_STACK_CUT) && tracked)
		lt_work_queue(t, current, LT_WORK_BIRTH, b->key,
			      LT_BIRTH(now_ns, b->kind), b->stack);
	return tracked;
}

/* Off the table; the caller holds the bucket's lock. */
static void unhash(struct lt_target *t, struct lt_object *o)
{
	hlist_del(&o->node);
	atomic64_dec(&t->objects);
}

static __always_inline bool take_off(struct lt_target *t, enum leaktrace_kind kind, u64 key,
				     bool dies, u32 stack, struct lt_object *copy)
{
	u32 bucket = bucket_of(t->id, kind, key);
	struct lt_object *o;
	unsigned long flags;

	raw_spin_lock_irqsave(lock_of(bucket), flags);
	o = find(bucket, t->id, kind, key);
	if (o) {
		unhash(t, o);
		if (dies)
			bury(t, o, stack);
		if (copy)
			*copy = *o;
		lt_pool_free(pool, o->index);
	}
	raw_spin_unlock_irqrestore(lock_of(bucket), flags);
	return o;
}

/**
 * lt_object_died() - an object is released
 * @t: its target
 * @kind: kind
 * @key: its id
 * @stack: where
 * @copy: if not NULL, set to what it was
 *
 * Context: any.
 * Return: false if no such object is live.
 */
bool lt_object_died(struct lt_target *t, enum leaktrace_kind kind, u64 key,
		    u32 stack, struct lt_object *copy)
{
	return take_off(t, kind, key, true, stack, copy);
}

/**
 * lt_object_find() - look an object up
 * @t: target
 * @kind: kind
 * @key: id
 * @copy: if not NULL, set to what it is
 *
 * Context: any.
 * Return: whether it is live.
 */
bool lt_object_find(struct lt_target *t, enum leaktrace_kind kind, u64 key,
		    struct lt_object *copy)
{
	u32 bucket = bucket_of(t->id, kind, key);
	struct lt_object *o;
	unsigned long flags;

	raw_spin_lock_irqsave(lock_of(bucket), flags);
	o = find(bucket, t->id, kind, key);
	if (o && copy)
		*copy = *o;
	raw_spin_unlock_irqrestore(lock_of(bucket), flags);
	return o;
}

/**
 * lt_object_update() - change an object in place
 * @t: target
 * @kind: kind
 * @key: id
 * @fn: called under the bucket's lock
 * @arg: passed to @fn
 *
 * Context: any.
 * Return: whether it is live.
 */
bool lt_object_update(struct lt_target *t, enum leaktrace_kind kind, u64 key,
		      void (*fn)(struct lt_object *o, u64 arg), u64 arg)
{
	u32 bucket = bucket_of(t->id, kind, key);
	struct lt_object *o;
	unsigned long flags;

	raw_spin_lock_irqsave(lock_of(bucket), flags);
	o = find(bucket, t->id, kind, key);
	if (o)
		fn(o, arg);
	raw_spin_unlock_irqrestore(lock_of(bucket), flags);
	return o;
}

/**
 * lt_object_exited() - remember a thread that exited and may never be joined
 * @t: target
 * @thread: copy of the thread's object, which is dead by now
 * @now_ns: when it exited
 *
 * The record is known by the address of the thread's tid word, where user
 * space can tell a joined from an unjoined thread, and goes when a new thread
 * takes that address. It is not live and counts in no total.
 *
 * Context: any.
 */
void lt_object_exited(struct lt_target *t, const struct lt_object *thread,
		      u64 now_ns)
{
	u64 key = LT_THREAD_EXITED | thread->ctid;
	u32 bucket = bucket_of(t->id, LEAKTRACE_KIND_THREAD, key);
	struct lt_object *o;
	unsigned long flags;

	raw_spin_lock_irqsave(lock_of(bucket), flags);
	o = find(bucket, t->id, LEAKTRACE_KIND_THREAD, key);
	if (!o) {
		o = take(t);
		if (!o)
			goto out;
		hlist_add_head(&o->node, &buckets[bucket]);
	}
	o->key = key;
	o->target = t->id;
	o->born_ns = thread->born_ns;
	o->site = thread->site;
	o->kind = LEAKTRACE_KIND_THREAD;
	o->type = thread->type;
	o->flags = LEAKTRACE_OBJECT_F_EXITED;
	o->ctid = thread->key;
	o->exited_ns = now_ns;
out:
	raw_spin_unlock_irqrestore(lock_of(bucket), flags);
}

/**
 * lt_object_drop() - remove without counting a death
 * @t: target
 * @kind: kind
 * @key: id
 *
 * Context: any.
 */
void lt_object_drop(struct lt_target *t, enum leaktrace_kind kind, u64 key)
{
	take_off(t, kind, key, false, 0, NULL);
}

/**
 * lt_object_buckets() - how many there are
 *
 * Context: any, while something is traced.
 * Return: number.
 */
u32 lt_object_buckets(void)
{
	return 1U << (64 - shift);
}

/**
 * lt_object_bucket() - for walks
 * @bucket: less than lt_object_buckets()
 * @lock: set to what guards it; taken with interrupts off
 *
 * Context: any.
 * Return: its objects.
 */
struct hlist_head *lt_object_bucket(u32 bucket, raw_spinlock_t **lock)
{
	*lock = lock_of(bucket);
	return &buckets[bucket];
}

/**
 * lt_object_free() - take an object off the table, and forget it
 * @t: its target
 * @o: the object
 *
 * Context: any, under its bucket's lock.
 */
void lt_object_free(struct lt_target *t, struct lt_object *o)
{
	unhash(t, o);
	lt_pool_free(pool, o->index);
}

/**
 * lt_object_used() - objects in the table
 *
 * Context: any.
 * Return: number.
 */
u32 lt_object_used(void)
{
	return lt_pool_used(pool);
}

/**
 * lt_object_bytes() - kernel memory of the table
 *
 * Context: any.
 * Return: bytes.
 */
u64 lt_object_bytes(void)
{
	return lt_pool_bytes(pool) + (READ_ONCE(buckets) ? sizeof(*buckets) << (64 - shift) : 0);
}
