// SPDX-License-Identifier: GPL-2.0
/*
 * The common table of live objects, of every kind that has no table of its own.
 *
 * One state machine for every kind: absent -born-> live -died-> absent.
 * 'Born' on a live key is a missed death: the old object dies then and there,
 * and it is counted as reborn. 'Died' on an absent key is an object that was
 * never tracked (table full, or alive before attach and not yet listed):
 * counted as foreign.
 *
 * A target's objects are found without looking at every bucket: for each group of
 * neighbouring buckets the target has a bit, by kind, which is set before the first of its
 * objects is in there, and cleared by a walk that finds none.
 *
 * Locks: one of LOCKS raw, irq-safe locks guards a group. Callers may hold
 * the kernel's file_lock, siglock or tasklist lock; site and pool locks nest
 * inside.
 */
#include <linux/mm.h>
#include <linux/random.h>
#include <linux/slab.h>

#include "leaktrace.h"
#include "object.h"
#include "pool.h"
#include "ring.h"
#include "site.h"
#include "stack.h"
#include "target.h"
#include "work.h"

enum {
	LOCKS = 256,
};

/* Each on a cache line of its own: CPUs that take different ones do not disturb each other. */
struct bucket_lock {
	raw_spinlock_t lock;
} ____cacheline_aligned_in_smp;

static struct hlist_head *buckets;
static unsigned int shift;		/* of a hash: leaves a bucket's number */
static unsigned int group_shift;	/* of a bucket's number: leaves its group's */
static u64 multiplier;			/* odd and random: targets can choose keys */
static struct bucket_lock locks[LOCKS];
static struct lt_pool *pool;

static_assert(sizeof(struct lt_object) == 64, "max_objects tells how much memory that is");

static u32 bucket_of(u32 target, u8 kind, u64 key)
{
	return (key * 31 + ((u64)target << 8 | kind)) * multiplier >> shift;
}

static u32 nbuckets(void)
{
	return 1U << (64 - shift);
}

/* Buckets of a group. */
static u32 group_buckets(void)
{
	return 1U << group_shift;
}

static u32 group_of(u32 bucket)
{
	return bucket >> group_shift;
}

static raw_spinlock_t *lock_of(u32 bucket)
{
	return &locks[group_of(bucket) & (LOCKS - 1)].lock;
}

/* A target's bits of a kind. */
static unsigned long *groups_of(const struct lt_target *t, u8 kind)
{
	return t->groups + kind * BITS_TO_LONGS(LT_OBJECT_GROUPS);
}

/* Onto the table; the caller holds the bucket's lock. */
static void hash_object(struct lt_target *t, struct lt_object *o, u8 kind, u32 bucket)
{
	unsigned long *groups = groups_of(t, kind);

	if (unlikely(!test_bit(group_of(bucket), groups)))
		set_bit(group_of(bucket), groups);
	hlist_add_head(&o->node, &buckets[bucket]);
}

static int object_init(void)
{
	int i;

	for (i = 0; i < LOCKS; i++)
		raw_spin_lock_init(&locks[i].lock);
	multiplier = get_random_u64() | 1;
	shift = 64 - clamp(ilog2(lt_max_objects) - 2, 10, 20);
	group_shift = max(64 - (int)shift - ilog2(LT_OBJECT_GROUPS), 0);
	pool = lt_pool_create("internal error: torn list of objects",
			      sizeof(struct lt_object), lt_max_objects);
	return pool ? 0 : -ENOMEM;
}

static void object_exit(void)
{
	lt_pool_destroy(pool);
	kvfree(buckets);
	pool = NULL;
	buckets = NULL;
}

static int object_reset(bool prime)
{
	lt_pool_reset(pool);
	kvfree(buckets);
	buckets = NULL;
	if (!prime)
		return 0;
	buckets = kvcalloc(nbuckets(), sizeof(*buckets), LT_GFP_TABLE);
	return buckets ? lt_pool_prime(pool) : -ENOMEM;
}

static u64 object_bytes(void)
{
	return lt_pool_bytes(pool) + (READ_ONCE(buckets) ? sizeof(*buckets) * nbuckets() : 0);
}

const struct lt_store lt_object_store = {
	.init = object_init,
	.exit = object_exit,
	.reset = object_reset,
	.bytes = object_bytes,
};

static struct lt_object *object_lookup(u32 b, u32 target, u8 kind, u64 key)
{
	struct lt_object *o;

	hlist_for_each_entry(o, &buckets[b], node)
		if (o->key == key && o->target == target && o->kind == kind)
			return o;
	return NULL;
}

static noinline void object_put_event(struct lt_target *t, const struct lt_object *o,
				      enum leaktrace_event_op op, u32 stack, u64 now_ns)
{
	struct lt_event e = {
		.time_ns = now_ns, .id = o->key, .target = o->target,
		.site = o->site, .stack = stack, .tid = current->pid, .count = 1,
		.op = op, .kind = o->kind,
	};

	lt_ring_put(t, &e);
}

static void object_event(struct lt_target *t, const struct lt_object *o,
			 enum leaktrace_event_op op, u32 stack, u64 now_ns)
{
	if (lt_ring_wanted(now_ns))
		object_put_event(t, o, op, stack, now_ns);
}

/* Counts and reports the death of @o, which is off the table or about to be reused. */
static void object_end(struct lt_target *t, struct lt_object *o, u32 stack)
{
	u64 now_ns = max(lt_now_ns(), o->born_ns);	/* clocks of two CPUs may differ */

	lt_count_deaths(t, o->kind, 1);
	if (o->flags & LEAKTRACE_OBJECT_F_BASELINE)
		atomic64_dec(&t->kind[o->kind].baseline_live);
	else
		lt_site_died(o->site, 1, now_ns - o->born_ns, now_ns, stack);
	object_event(t, o, LEAKTRACE_EVENT_DIED, stack, now_ns);
}

static void object_fill(struct lt_object *o, struct lt_target *t, const struct lt_birth *b,
			u64 now_ns)
{
	o->key = b->key;
	o->target = t->id;
	o->kind = b->kind;
	o->type = b->type;
	o->flags = b->flags;
	o->own[0] = b->own[0];
	o->own[1] = b->own[1];
	if (b->flags & LEAKTRACE_OBJECT_F_BASELINE) {
		o->born_ns = 0;
		o->site = 0;
	} else {
		o->born_ns = now_ns;
		o->site = lt_site_birth(t, b->kind, b->type, b->stack, now_ns);
	}
}

static void count_birth(struct lt_target *t, const struct lt_birth *b)
{
	struct lt_kind_stats *k = &t->kind[b->kind];

	if (b->flags & LEAKTRACE_OBJECT_F_BASELINE) {
		atomic64_inc(&k->baseline);
		atomic64_inc(&k->baseline_live);
	} else {
		lt_count_births(t, b->kind, 1);
	}
}

/* A cell for one more object of @t, or a counted loss; only its number is set. */
static __always_inline struct lt_object *object_alloc(struct lt_target *t)
{
	struct lt_object *o;
	u32 index = 0;

	if (likely(atomic64_read(&t->objects) < t->max_objects))
		index = lt_pool_alloc(pool);
	if (unlikely(!index)) {
		lt_target_lost(t, LT_LOST_OBJECTS, 1);
		lt_target_inexact(t, LEAKTRACE_INEXACT_TABLE_FULL);
		return NULL;
	}
	o = lt_pool_cell(pool, index);
	o->index = index;
	atomic64_inc(&t->objects);
	return o;
}

struct birth_args {
	u64 key;
	u64 born_ns;
	enum leaktrace_kind kind;
};

struct whole_stack {
	const struct lt_work *work;
	u64 born_ns;
	u32 stack;
};

static void move_to_site(struct lt_object *o, void *arg)
{
	const struct whole_stack *w = arg;

	/* Another object may have the same key by now. */
	if (o->born_ns == w->born_ns)
		o->site = lt_site_move(w->work->target, o->site, w->work->stack, w->stack,
				       w->born_ns);
}

static void birth_run(struct lt_work *w)
{
	const struct birth_args *b = lt_work_args(w);
	struct whole_stack whole = { w, b->born_ns, lt_work_lock(w) };

	if (whole.stack && !w->target->dead)
		lt_object_update(w->target, b->kind, b->key, move_to_site, &whole);
	lt_work_unlock(w);
}

static const struct lt_work_type birth_work = {
	.run = birth_run,
	LT_WORK_ARGS(struct birth_args),
	.loss = LT_WORK_ONLY_STACK,
};

static noinline void complete_later(struct lt_target *t, const struct lt_birth *b, u64 now_ns)
{
	struct birth_args args = { .key = b->key, .born_ns = now_ns, .kind = b->kind };

	lt_work_queue(t, current, &birth_work, b->stack, &args);
}

/**
 * lt_object_born() - an object comes to life
 * @t: its target
 * @b: what it is; with F_BASELINE, a key that is live already stays as it is
 *
 * Context: any. The caller's probe section or t->rwsem keeps @t.
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
	old = object_lookup(bucket, t->id, b->kind, b->key);
	if (old && baseline)
		goto out;
	if (old) {
		atomic64_inc(&t->kind[b->kind].reborn);
		object_end(t, old, 0);
		o = old;
	} else {
		o = object_alloc(t);
		if (o)
			hash_object(t, o, b->kind, bucket);
	}
	count_birth(t, b);
	tracked = o;
	if (!o) {
		atomic64_inc(&t->kind[b->kind].untracked);
		goto out;
	}
	object_fill(o, t, b, now_ns);
	if (!baseline)
		object_event(t, o, LEAKTRACE_EVENT_BORN, b->stack, now_ns);
out:
	raw_spin_unlock_irqrestore(lock_of(bucket), flags);
	if (unlikely(b->stack & LT_STACK_CUT) && tracked)
		complete_later(t, b, now_ns);
	return tracked;
}

/* Off the table; the caller holds the bucket's lock. */
static void unhash(struct lt_target *t, struct lt_object *o)
{
	hlist_del(&o->node);
	atomic64_dec(&t->objects);
}

static __always_inline bool object_remove(struct lt_target *t, enum leaktrace_kind kind, u64 key,
					  bool dies, u32 stack, struct lt_object *copy)
{
	u32 bucket = bucket_of(t->id, kind, key);
	struct lt_object *o;
	unsigned long flags;

	raw_spin_lock_irqsave(lock_of(bucket), flags);
	o = object_lookup(bucket, t->id, kind, key);
	if (o) {
		unhash(t, o);
		if (dies)
			object_end(t, o, stack);
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
	return object_remove(t, kind, key, true, stack, copy);
}

/**
 * lt_object_died_untracked() - something is released that has no object
 * @t: its target
 * @kind: kind
 *
 * Context: any.
 * Return: true if it was born when there was no room for it, and is counted as released;
 * false if all that are live have objects.
 */
bool lt_object_died_untracked(struct lt_target *t, enum leaktrace_kind kind)
{
	struct lt_kind_stats *k = &t->kind[kind];

	if (atomic64_dec_if_positive(&k->untracked) < 0)
		return false;
	atomic64_inc(&k->foreign);
	lt_count_deaths(t, kind, 1);
	return true;
}

/**
 * lt_object_recount_untracked() - how many are live without an object
 * @t: the target
 * @kind: kind
 * @before: what its count was when they were counted
 * @now: how many there are
 *
 * The difference came or went unseen: what has no object is known by number only.
 *
 * Context: any.
 */
void lt_object_recount_untracked(struct lt_target *t, enum leaktrace_kind kind, s64 before,
				 s64 now)
{
	struct lt_kind_stats *k = &t->kind[kind];
	s64 more = now - before;

	atomic64_add(more, &k->untracked);
	if (more > 0) {
		atomic64_add(more, &k->missed_births);
		lt_count_births(t, kind, more);
	} else if (more < 0) {
		atomic64_add(-more, &k->missed_deaths);
		lt_count_deaths(t, kind, -more);
	}
}

/**
 * lt_object_rekey() - an object is known by another key from now on
 * @t: its target
 * @kind: kind
 * @from: the key that it has
 * @to: the one that it gets; whoever had it is released, and counted as reborn
 *
 * It stays the same object, of the same site and age. For a moment it is not found by
 * either key: the kind that moves its objects serialises that with its own look-ups.
 *
 * Context: any.
 * Return: whether it is live.
 */
bool lt_object_rekey(struct lt_target *t, enum leaktrace_kind kind, u64 from, u64 to)
{
	u32 bucket = bucket_of(t->id, kind, from);
	struct lt_object *o;
	unsigned long flags;

	raw_spin_lock_irqsave(lock_of(bucket), flags);
	o = object_lookup(bucket, t->id, kind, from);
	if (o)
		hlist_del(&o->node);
	raw_spin_unlock_irqrestore(lock_of(bucket), flags);
	if (!o)
		return false;
	if (object_remove(t, kind, to, true, 0, NULL))
		atomic64_inc(&t->kind[kind].reborn);
	bucket = bucket_of(t->id, kind, to);
	raw_spin_lock_irqsave(lock_of(bucket), flags);
	o->key = to;
	hash_object(t, o, kind, bucket);
	raw_spin_unlock_irqrestore(lock_of(bucket), flags);
	return true;
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
	o = object_lookup(bucket, t->id, kind, key);
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
		      void (*fn)(struct lt_object *o, void *arg), void *arg)
{
	u32 bucket = bucket_of(t->id, kind, key);
	struct lt_object *o;
	unsigned long flags;

	raw_spin_lock_irqsave(lock_of(bucket), flags);
	o = object_lookup(bucket, t->id, kind, key);
	if (o)
		fn(o, arg);
	raw_spin_unlock_irqrestore(lock_of(bucket), flags);
	return o;
}

/**
 * lt_object_record() - remember something that is not live and counts in no total
 * @t: target
 * @record: as what; in place of a record or object with the same kind and key
 *
 * It is listed with the live objects, so its flags must say what it is.
 *
 * Context: any.
 */
void lt_object_record(struct lt_target *t, const struct lt_object *record)
{
	u32 bucket = bucket_of(t->id, record->kind, record->key);
	struct lt_object *o;
	unsigned long flags;

	raw_spin_lock_irqsave(lock_of(bucket), flags);
	o = object_lookup(bucket, t->id, record->kind, record->key);
	if (!o) {
		o = object_alloc(t);
		if (!o)
			goto out;
		hash_object(t, o, record->kind, bucket);
	}
	o->key = record->key;
	o->target = t->id;
	o->born_ns = record->born_ns;
	o->site = record->site;
	o->kind = record->kind;
	o->type = record->type;
	o->flags = record->flags;
	o->own[0] = record->own[0];
	o->own[1] = record->own[1];
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
	object_remove(t, kind, key, false, 0, NULL);
}

/* Of @kinds those with a bit for a group. */
static u32 kinds_in_group(const struct lt_target *t, u32 kinds, u32 group)
{
	u32 found = 0;
	u8 kind;

	for (kind = 0; kind < LT_KINDS; kind++)
		if (kinds & 1U << kind && test_bit(group, groups_of(t, kind)))
			found |= 1U << kind;
	return found;
}

/* Clears the bits of those @kinds of which a group has no object any more. */
static void prune_group(struct lt_target *t, u32 kinds, u32 group)
{
	u32 b, first = group * group_buckets(), left = kinds;
	struct lt_object *o;
	unsigned long flags;
	u8 kind;

	raw_spin_lock_irqsave(lock_of(first), flags);
	for (b = first; b < first + group_buckets(); b++)
		hlist_for_each_entry(o, &buckets[b], node)
			if (o->target == t->id)
				left &= ~(1U << o->kind);
	for (kind = 0; kind < LT_KINDS; kind++)
		if (left & 1U << kind)
			clear_bit(group, groups_of(t, kind));
	raw_spin_unlock_irqrestore(lock_of(first), flags);
}

static void forget_bucket(struct lt_target *t, u32 b)
{
	struct hlist_node *tmp;
	struct lt_object *o;
	unsigned long flags;

	if (hlist_empty(&buckets[b]))
		return;
	raw_spin_lock_irqsave(lock_of(b), flags);
	hlist_for_each_entry_safe(o, tmp, &buckets[b], node) {
		if (o->target != t->id)
			continue;
		unhash(t, o);
		lt_pool_free(pool, o->index);
	}
	raw_spin_unlock_irqrestore(lock_of(b), flags);
}

/**
 * lt_object_forget() - free all objects of a target
 * @t: the target; no probe can reach it any more
 *
 * Context: may sleep.
 */
void lt_object_forget(struct lt_target *t)
{
	u32 b, n = group_buckets();

	for (b = 0; b < nbuckets(); b++) {
		if (!kinds_in_group(t, ~0U, group_of(b))) {
			b |= n - 1;
			continue;
		}
		forget_bucket(t, b);
		cond_resched();
	}
}

/* Return: what @fn returned last; *found: kinds that it was called for. */
static int walk_bucket(struct lt_target *t, u32 kinds, u32 bucket, u32 *found,
		       int (*fn)(const struct lt_object *o, void *arg), void *arg)
{
	struct lt_object *o;
	unsigned long flags;
	int err = 0;

	if (hlist_empty(&buckets[bucket]))
		return 0;
	raw_spin_lock_irqsave(lock_of(bucket), flags);
	hlist_for_each_entry(o, &buckets[bucket], node) {
		if (o->target != t->id || !(kinds & 1U << o->kind))
			continue;
		*found |= 1U << o->kind;
		err = fn(o, arg);
		if (err)
			break;
	}
	raw_spin_unlock_irqrestore(lock_of(bucket), flags);
	return err;
}

/**
 * lt_object_walk() - call @fn on every object of a target
 * @t: the target
 * @kinds: LEAKTRACE_KIND bits of the objects
 * @bucket: where to start; set to the bucket in which @fn stopped the walk
 * @fn: called under the bucket's lock, may not sleep; non-zero stops the walk,
 *	and the whole bucket is walked again next time
 * @arg: passed to @fn
 *
 * Context: may sleep between buckets.
 * Return: what @fn returned last.
 */
int lt_object_walk(struct lt_target *t, u32 kinds, u32 *bucket,
		   int (*fn)(const struct lt_object *o, void *arg), void *arg)
{
	u32 n = group_buckets(), end, first, here, found;
	int err;

	for (; *bucket < nbuckets(); *bucket = end) {
		first = *bucket;
		end = (first | (n - 1)) + 1;
		here = kinds_in_group(t, kinds, group_of(first));
		if (!here)
			continue;
		for (found = 0; *bucket < end; (*bucket)++) {
			err = walk_bucket(t, here, *bucket, &found, fn, arg);
			if (err)
				return err;
		}
		if (here & ~found && !(first & (n - 1)))
			prune_group(t, here & ~found, group_of(first));
		cond_resched();
	}
	return 0;
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
