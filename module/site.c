// SPDX-License-Identifier: GPL-2.0
/*
 * A site is one kind (and type) of object born at one user stack of one
 * target, with the counters that verdicts are made of. They stand beside the
 * object table so that a lost event can neither invent a leak nor hide one.
 *
 * Threads that do the same on many CPUs do it at one site. So each CPU remembers the sites
 * of its last births, finds them again without a lock that others want, and counts births
 * for itself (struct tally). They are added to the site when its place is needed, and
 * before the site is read.
 *
 * Locks: the tally of a CPU; bucket lock to find or add; count lock for a site's counters.
 * All raw and irq-safe. The latter two nest in the first, and are never held together, nor
 * with another of their kind; the pool's nests inside.
 */
#include <linux/hash.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/topology.h>

#include "leaktrace.h"
#include "pool.h"
#include "site.h"
#include "stack.h"
#include "target.h"

enum {
	BUCKET_BITS = 14,
	LOCKS = 256,
	TALLY_BITS = 5,
	COPY_TRIES = 4,
};

/* Each on a cache line of its own: CPUs that take different ones do not disturb each other. */
struct site_lock {
	raw_spinlock_t lock;
} ____cacheline_aligned_in_smp;

static struct hlist_head *buckets;
static struct site_lock locks[LOCKS];
/* Of a site's counters, by its id. Not in the site: a cell is used again while a dump,
 * which knows no more than numbers, may still hold or want the lock of the last one.
 */
static struct site_lock count_locks[LOCKS];
static struct lt_pool *pool;

/* A site, and the births there that it does not know of yet. */
struct tallied {
	u32 id;			/* 0: none */
	u32 target;
	u32 stack;
	u8 kind;
	u8 type;
	u32 born;
	u64 first_ns;		/* of these */
	u64 last_ns;
};

struct tally {
	raw_spinlock_t lock;
	struct tallied site[1 << TALLY_BITS];
} ____cacheline_aligned_in_smp;

static DEFINE_PER_CPU(struct tally *, tallies);	/* NULL: nothing is traced, or no memory */

/* Where the site of a stack is in a tally, if it is. */
static struct tallied *tallied_at(struct tally *tally, u32 stack)
{
	return &tally->site[hash_32(stack, TALLY_BITS)];
}

static raw_spinlock_t *bucket_lock(u32 bucket)
{
	return &locks[bucket % LOCKS].lock;
}

static raw_spinlock_t *count_lock(u32 id)
{
	return &count_locks[id % LOCKS].lock;
}

static u32 bucket_of(u32 target, u8 kind, u8 type, u32 stack)
{
	return hash_64((u64)stack << 32 | target << 10 | kind << 6 | type, BUCKET_BITS);
}

static int site_init(void)
{
	int i;

	for (i = 0; i < LOCKS; i++) {
		raw_spin_lock_init(&locks[i].lock);
		raw_spin_lock_init(&count_locks[i].lock);
	}
	pool = lt_pool_create("internal error: torn list of sites", sizeof(struct lt_site),
			      lt_max_sites);
	return pool ? 0 : -ENOMEM;
}

static void tallies_free(void)
{
	int cpu;

	for_each_possible_cpu(cpu) {
		kfree(per_cpu(tallies, cpu));
		per_cpu(tallies, cpu) = NULL;
	}
}

static void site_exit(void)
{
	tallies_free();
	lt_pool_destroy(pool);
	kvfree(buckets);
	pool = NULL;
	buckets = NULL;
}

static int site_cpu_get(unsigned int cpu)
{
	struct tally *tally;

	if (per_cpu(tallies, cpu))
		return 0;
	tally = kzalloc_node(sizeof(*tally), LT_GFP_TABLE, cpu_to_node(cpu));
	if (!tally)
		return -ENOMEM;
	raw_spin_lock_init(&tally->lock);
	/* Pairs with site_flush() and tallies_forget(). */
	smp_store_release(per_cpu_ptr(&tallies, cpu), tally);
	return 0;
}

static u64 site_cpu_bytes(void)
{
	return sizeof(struct tally);
}

static int site_reset(bool prime)
{
	tallies_free();
	lt_pool_reset(pool);
	kvfree(buckets);
	buckets = NULL;
	if (!prime)
		return 0;
	buckets = kvcalloc(1 << BUCKET_BITS, sizeof(*buckets), LT_GFP_TABLE);
	return buckets ? lt_pool_prime(pool) : -ENOMEM;
}

static u64 site_bytes(void)
{
	u64 bytes = lt_pool_bytes(pool);
	int cpu;

	for_each_possible_cpu(cpu)
		bytes += READ_ONCE(per_cpu(tallies, cpu)) ? site_cpu_bytes() : 0;
	return bytes + (READ_ONCE(buckets) ? sizeof(*buckets) << BUCKET_BITS : 0);
}

const struct lt_store lt_site_store = {
	.init = site_init,
	.exit = site_exit,
	.reset = site_reset,
	.bytes = site_bytes,
	.cpu_get = site_cpu_get,
	.cpu_bytes = site_cpu_bytes,
};

static void site_fill(struct lt_site *s, u32 id, u32 target, u8 kind, u8 type, u32 stack)
{
	memset(s, 0, sizeof(*s));
	s->target = target;
	s->kind = kind;
	s->type = type;
	s->stack = stack;
	/* Pairs with lt_site_copy(): the site before its id. */
	smp_store_release(&s->id, id);
}

/* Under the bucket's lock. */
static noinline struct lt_site *site_add(u32 bucket, struct lt_target *t, u8 kind, u8 type,
					 u32 stack)
{
	struct lt_site *s = NULL;
	u32 id = lt_pool_alloc(pool);

	if (id) {
		s = lt_pool_cell(pool, id);
		site_fill(s, id, t->id, kind, type, stack);
		hlist_add_head(&s->node, &buckets[bucket]);
	} else {
		lt_target_lost(t, LT_LOST_SITES, 1);
		lt_target_inexact(t, LEAKTRACE_INEXACT_SITES_FULL);
	}
	return s;
}

/* Interrupts are off. */
static __always_inline struct lt_site *site_find_or_add(struct lt_target *t, u8 kind, u8 type,
							u32 stack)
{
	u32 b = bucket_of(t->id, kind, type, stack);
	struct lt_site *s;

	raw_spin_lock(bucket_lock(b));
	hlist_for_each_entry(s, &buckets[b], node)
		if (s->stack == stack && s->target == t->id && s->kind == kind &&
		    s->type == type)
			break;
	if (!s)
		s = site_add(b, t, kind, type, stack);
	raw_spin_unlock(bucket_lock(b));
	return s;
}

/* Adds what a CPU has counted to the site. Under the tally's lock. */
static void tallied_flush(struct tallied *e)
{
	struct lt_site *s = lt_pool_cell(pool, e->id);

	raw_spin_lock(count_lock(e->id));
	s->born += e->born;
	if (!s->first_ns || e->first_ns < s->first_ns)
		s->first_ns = e->first_ns;
	s->last_ns = max(s->last_ns, e->last_ns);
	raw_spin_unlock(count_lock(e->id));
	e->born = 0;
}

/* Under the tally's lock. */
static void tallied_add(struct tallied *e, u32 n, u64 now_ns)
{
	if (!e->born)
		e->first_ns = now_ns;
	e->born += n;
	e->last_ns = now_ns;
}

/* Another site than the one that was there. Under the tally's lock. */
static noinline void tallied_replace(struct tallied *e, struct lt_target *t, u8 kind, u8 type,
				     u32 stack)
{
	struct lt_site *s;

	if (e->born)
		tallied_flush(e);
	s = site_find_or_add(t, kind, type, stack);
	*e = (struct tallied){
		.id = s ? s->id : 0, .target = t->id, .stack = stack, .kind = kind, .type = type,
	};
}

/* Of a CPU that had no memory when it came online. */
static noinline u32 count_untallied(struct lt_target *t, u8 kind, u8 type, u32 stack, u32 n,
				    u64 now_ns)
{
	struct lt_site *s = site_find_or_add(t, kind, type, stack);
	struct tallied once = { .born = n, .first_ns = now_ns, .last_ns = now_ns };

	if (!s)
		return 0;
	once.id = s->id;
	if (n)
		tallied_flush(&once);
	return s->id;
}

/* Finds or adds a site, and counts @n births there. Interrupts are off. Return: its id or 0. */
static u32 tally_births(struct lt_target *t, u8 kind, u8 type, u32 stack, u32 n, u64 now_ns)
{
	struct tally *tally = __this_cpu_read(tallies);
	struct tallied *e;
	u32 id;

	if (unlikely(!tally))
		return count_untallied(t, kind, type, stack, n, now_ns);
	e = tallied_at(tally, stack);
	raw_spin_lock(&tally->lock);
	if (unlikely(!e->id || e->stack != stack || e->target != t->id || e->kind != kind ||
		     e->type != type))
		tallied_replace(e, t, kind, type, stack);
	id = e->id;
	if (n && likely(id))
		tallied_add(e, n, now_ns);
	raw_spin_unlock(&tally->lock);
	return id;
}

/* Adds to a site what all CPUs have counted. Interrupts are off. */
static void site_flush(const struct lt_site *s, u32 id)
{
	struct tallied *e;
	struct tally *tally;
	int cpu;

	for_each_possible_cpu(cpu) {
		/* Pairs with site_cpu_get(): initialised before it is found. */
		tally = smp_load_acquire(per_cpu_ptr(&tallies, cpu));
		if (!tally)
			continue;
		e = tallied_at(tally, READ_ONCE(s->stack));
		if (READ_ONCE(e->id) != id)
			continue;
		raw_spin_lock(&tally->lock);
		if (e->id == id && e->born)
			tallied_flush(e);
		raw_spin_unlock(&tally->lock);
	}
}

/* No CPU remembers a site of @target any more. */
static void tallies_forget(u32 target)
{
	struct tally *tally;
	unsigned long flags;
	int cpu, i;

	for_each_possible_cpu(cpu) {
		/* Pairs with site_cpu_get(): initialised before it is found. */
		tally = smp_load_acquire(per_cpu_ptr(&tallies, cpu));
		if (!tally)
			continue;
		raw_spin_lock_irqsave(&tally->lock, flags);
		for (i = 0; i < ARRAY_SIZE(tally->site); i++)
			if (tally->site[i].target == target)
				tally->site[i] = (struct tallied){ };
		raw_spin_unlock_irqrestore(&tally->lock, flags);
	}
}

/**
 * lt_site_get() - find or add a site
 * @t: target
 * @kind: kind
 * @type: type
 * @stack: stack id, 0 if unknown
 *
 * Context: any.
 * Return: site id; 0 when the table is full (counted, target marked).
 */
u32 lt_site_get(struct lt_target *t, enum leaktrace_kind kind,
		enum leaktrace_type type, u32 stack)
{
	unsigned long flags;
	u32 id;

	local_irq_save(flags);
	id = tally_births(t, kind, type, stack, 0, 0);
	local_irq_restore(flags);
	return id;
}

/**
 * lt_site_birth() - find or add a site, and count a birth there
 * @t: target
 * @kind: kind
 * @type: type
 * @stack: stack id, 0 if unknown
 * @now_ns: when
 *
 * Context: interrupts off.
 * Return: site id; 0 when the table is full (counted, target marked).
 */
u32 lt_site_birth(struct lt_target *t, enum leaktrace_kind kind,
		  enum leaktrace_type type, u32 stack, u64 now_ns)
{
	lockdep_assert_irqs_disabled();
	return tally_births(t, kind, type, stack, 1, now_ns);
}

/**
 * lt_site_stack() - the stack of a site
 * @id: site, or 0
 *
 * Context: any; the site's target is alive.
 * Return: stack id or 0.
 */
u32 lt_site_stack(u32 id)
{
	struct lt_site *s = lt_pool_at(pool, id);

	return s ? s->stack : 0;
}

/**
 * lt_site_born() - count a birth
 * @t: target
 * @id: site of @t, or 0: nothing is counted
 * @now_ns: when
 *
 * Context: any.
 */
void lt_site_born(struct lt_target *t, u32 id, u64 now_ns)
{
	struct lt_site *s = lt_pool_at(pool, id);
	unsigned long flags;

	if (!s)
		return;
	local_irq_save(flags);
	tally_births(t, s->kind, s->type, s->stack, 1, now_ns);
	local_irq_restore(flags);
}

/**
 * lt_site_move() - a birth whose stack is known better now
 * @t: target
 * @id: site, or 0
 * @cut: the stack that it was captured with
 * @stack: the whole one
 * @born_ns: when
 *
 * Context: interrupts off.
 * Return: the birth's site from now on.
 */
u32 lt_site_move(struct lt_target *t, u32 id, u32 cut, u32 stack, u64 born_ns)
{
	struct lt_site *s = lt_pool_at(pool, id);
	u32 to;

	lockdep_assert_irqs_disabled();
	if (!s || s->stack != cut)
		return id;
	to = lt_site_birth(t, s->kind, s->type, stack, born_ns);
	if (!to)
		return id;
	/* The birth may be one that the site does not know of yet. */
	site_flush(s, id);
	raw_spin_lock(count_lock(id));
	s->born--;
	raw_spin_unlock(count_lock(id));
	return to;
}

/* Cut stacks that were completed may be equal now. Return: whether a row is free. */
static bool site_merge_releases(struct lt_site *s)
{
	struct lt_release *end = s->release;
	int i, j;

	for (i = 0; i < LEAKTRACE_RELEASES_MAX; i++) {
		struct lt_release r = s->release[i];

		r.stack = lt_stack_resolved(r.stack);
		for (j = 0; &s->release[j] < end && s->release[j].stack != r.stack; j++)
			;
		if (&s->release[j] < end)
			s->release[j].count += r.count;
		else
			*end++ = r;
	}
	for (i = end - s->release; i < LEAKTRACE_RELEASES_MAX; i++)
		s->release[i] = (struct lt_release){ };
	return end < s->release + LEAKTRACE_RELEASES_MAX;
}

/* The few stacks where most die; the rarest row yields to a newcomer that
 * has as many, so a late but frequent one gets in.
 */
static void site_count_release(struct lt_site *s, u64 n, u32 stack)
{
	struct lt_release *least = &s->release[0];
	bool cut = false;
	int i;

	for (i = 0; i < LEAKTRACE_RELEASES_MAX; i++) {
		struct lt_release *r = &s->release[i];

		if (!r->count || r->stack == stack) {
			r->stack = stack;
			r->count += n;
			return;
		}
		cut |= r->stack & LT_STACK_CUT;
		if (r->count < least->count)
			least = r;
	}
	if (unlikely(cut) && site_merge_releases(s))
		return site_count_release(s, n, stack);
	if (least->count <= n) {
		s->released_elsewhere += least->count;
		least->stack = stack;
		least->count = n;
	} else {
		s->released_elsewhere += n;
	}
}

/**
 * lt_site_died() - count deaths
 * @id: site, or 0: nothing is counted
 * @n: how many
 * @lifetime_ns: of each
 * @now_ns: when
 * @stack: where
 *
 * Context: interrupts off.
 */
void lt_site_died(u32 id, u64 n, u64 lifetime_ns, u64 now_ns, u32 stack)
{
	u64 us = div_u64(lifetime_ns, NSEC_PER_USEC);
	struct lt_site *s = lt_pool_at(pool, id);
	unsigned int bucket = us ? ilog2(us) : 0;

	lockdep_assert_irqs_disabled();
	if (!s)
		return;
	bucket = min_t(unsigned int, bucket, LEAKTRACE_LIFETIME_BUCKETS - 1);
	raw_spin_lock(count_lock(id));
	s->died += n;
	s->last_died_ns = now_ns;
	s->lifetime_sum_ns += lifetime_ns * n;
	s->lifetime_max_ns = max(s->lifetime_max_ns, lifetime_ns);
	s->lifetime[bucket] += n;
	site_count_release(s, n, stack);
	raw_spin_unlock(count_lock(id));
}

/**
 * lt_site_forget() - free all sites of a target
 * @target: its id; no probe can reach it any more
 *
 * Context: may sleep.
 */
void lt_site_forget(u32 target)
{
	struct hlist_node *tmp;
	unsigned long flags;
	struct lt_site *s;
	u32 b;

	tallies_forget(target);
	for (b = 0; b < 1 << BUCKET_BITS; b++) {
		raw_spin_lock_irqsave(bucket_lock(b), flags);
		hlist_for_each_entry_safe(s, tmp, &buckets[b], node) {
			u32 id = s->id;

			if (s->target != target)
				continue;
			hlist_del(&s->node);
			/* lt_site_copy() has copied it whole, or finds the id 0. */
			raw_spin_lock(count_lock(id));
			WRITE_ONCE(s->id, 0);
			raw_spin_unlock(count_lock(id));
			lt_pool_free(pool, id);
		}
		raw_spin_unlock_irqrestore(bucket_lock(b), flags);
		cond_resched();
	}
}

/* Interrupts are off. */
static bool copy_counts(const struct lt_site *s, u32 id, struct lt_site *copy)
{
	const size_t after = offsetofend(struct lt_site, node);
	bool is_there;

	raw_spin_lock(count_lock(id));
	/* Pairs with site_fill(). */
	is_there = smp_load_acquire(&s->id) == id;
	if (is_there)
		memcpy((void *)copy + after, (void *)s + after, sizeof(*s) - after);
	raw_spin_unlock(count_lock(id));
	return is_there;
}

/**
 * lt_site_copy() - a consistent copy of a site
 * @id: any number
 * @copy: filled in, but for its node: that changes under the bucket's lock
 *
 * Context: any.
 * Return: false if there is no such site.
 */
bool lt_site_copy(u32 id, struct lt_site *copy)
{
	struct lt_site *s = lt_pool_at(pool, id);
	unsigned int tries = 0;
	unsigned long flags;
	bool is_there;

	if (!s)
		return false;
	local_irq_save(flags);
	/* A birth after the flush, whose death is counted before the copy: once more. */
	do {
		site_flush(s, id);
		is_there = copy_counts(s, id, copy);
	} while (is_there && copy->died > copy->born && ++tries < COPY_TRIES);
	local_irq_restore(flags);
	if (is_there)
		site_merge_releases(copy);
	return is_there;
}

/**
 * lt_site_top() - one more than the highest site id
 *
 * Context: any.
 * Return: a bound for walks over lt_site_copy().
 */
u32 lt_site_top(void)
{
	return lt_max_sites + 1;
}

/**
 * lt_site_used() - sites in use
 *
 * Context: any.
 * Return: number.
 */
u32 lt_site_used(void)
{
	return lt_pool_used(pool);
}
