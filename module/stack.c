// SPDX-License-Identifier: GPL-2.0
/*
 * Distinct user stacks, each with a 32-bit id. Stacks are never freed while
 * anything is traced, so lookups need no lock: they follow ids through memory
 * that stays. Memory grows by chunks ahead of need, up to a bound in number
 * and in bytes; beyond it a stack is lost and counted.
 *
 * A stack of which a part was not present in memory is cut there, and its id says so. It
 * is walked again on the way back to user mode (work.c). Then a birth moves to the site of
 * the whole stack; the cut stack of a death, kept for it alone, names the whole one.
 *
 * Cost: memory is 16 + 8 * depth bytes a stack, and 16 for each frame of a script. Scratch
 * is 24 * max_depth bytes a CPU that is online, 2 KiB, and what recall.c keeps;
 * lt_probe_enter() makes its holder the only one on its CPU.
 *
 * Lock: added.lock, raw and irq-safe, a leaf: one at a time adds.
 */
#include <linux/irq_work.h>
#include <linux/jiffies.h>
#include <linux/mm.h>
#include <linux/ptrace.h>
#include <linux/random.h>
#include <linux/sched/task_stack.h>
#include <linux/slab.h>
#include <linux/topology.h>
#include <linux/vmalloc.h>
#include <linux/workqueue.h>

#include "chain.h"
#include "code.h"
#include "key.h"
#include "leaktrace.h"
#include "mm.h"
#include "pool.h"
#include "probe.h"
#include "stack.h"
#include "target.h"
#include "unwind.h"
#include "work.h"

enum {
	BUCKET_BITS = 16,
	CHUNK_SHIFT = 18,		/* 256 KiB */
	CHUNK_BYTES = 1 << CHUNK_SHIFT,
	BYTES_PER_STACK = 256,		/* of the bound: 30 frames on average */
	SPARE_CHUNKS = 2,
	OWNED_SHARE = 8,		/* of the bound: cut stacks of deaths, each its own */
	CHAIN_MAX = 64,			/* and four times what is in a bucket on average */
};

static u32 *buckets;			/* stack ids */
static u64 seed, factor;		/* random: targets choose what is hashed */
static DEFINE_PER_CPU(struct lt_walk *, scratch);	/* NULL: nothing is traced, or no memory */
static void **chunk;
static u32 max_chunks;
static u32 nchunks;			/* stack_grow_fn() writes it, and reset */
static unsigned long paused_until;	/* jiffies: memory was refused */

/* What a new stack writes; what every walk reads is above, on other cache lines. */
static struct {
	raw_spinlock_t lock;		/* protects all below */
	u32 top;			/* next free byte / 8; 0 is never an id */
	u32 nstacks;
	u32 nowned;
} added ____cacheline_aligned_in_smp = { .lock = __RAW_SPIN_LOCK_UNLOCKED(added.lock) };

static void stack_grow_fn(struct work_struct *work)
{
	while (READ_ONCE(nchunks) < max_chunks &&
	       READ_ONCE(nchunks) <= (READ_ONCE(added.top) >> (CHUNK_SHIFT - 3)) + SPARE_CHUNKS) {
		void *mem = __vmalloc(CHUNK_BYTES, LT_GFP_TABLE | __GFP_ZERO);

		if (!mem) {
			WRITE_ONCE(paused_until, jiffies + LT_REFILL_PAUSE);
			break;
		}
		chunk[nchunks] = mem;
		/* Pairs with lt_stack_at(): the chunk before its number. */
		smp_store_release(&nchunks, nchunks + 1);
	}
}

static DECLARE_WORK(grow, stack_grow_fn);

static void stack_kick_fn(struct irq_work *work)
{
	schedule_work(&grow);
}

static struct irq_work kick;

static void stack_free_chunks(void)
{
	irq_work_sync(&kick);
	cancel_work_sync(&grow);
	while (nchunks)
		vfree(chunk[--nchunks]);
	added.top = 1;
	added.nstacks = 0;
	added.nowned = 0;
}

static void stack_free_cpus(void)
{
	int cpu;

	lt_recall_reset();
	for_each_possible_cpu(cpu) {
		kvfree(per_cpu(scratch, cpu));
		per_cpu(scratch, cpu) = NULL;
	}
}

static int stack_cpu_get(unsigned int cpu)
{
	struct lt_walk *w = per_cpu(scratch, cpu) ?:
		kvzalloc_node(lt_walk_bytes(lt_max_depth), LT_GFP_TABLE, cpu_to_node(cpu));

	per_cpu(scratch, cpu) = w;
	return w ? lt_recall_cpu_get(cpu) : -ENOMEM;
}

static u64 stack_cpu_bytes(void)
{
	return lt_walk_bytes(lt_max_depth) + lt_recall_cpu_bytes();
}

static void stack_exit(void)
{
	stack_free_cpus();
	stack_free_chunks();
	kvfree(chunk);
	kvfree(buckets);
}

static int stack_init(void)
{
	init_irq_work(&kick, stack_kick_fn);
	paused_until = jiffies;
	max_chunks = clamp_t(u64, (u64)lt_max_stacks * BYTES_PER_STACK >> CHUNK_SHIFT,
			     1, 1U << 14);
	added.top = 1;
	chunk = kvcalloc(max_chunks, sizeof(*chunk), LT_GFP_TABLE);
	return chunk ? 0 : -ENOMEM;
}

static int stack_reset(bool prime)
{
	stack_free_chunks();
	kvfree(buckets);
	buckets = NULL;
	stack_free_cpus();
	lt_rest_reset();
	if (!prime)
		return 0;
	seed = get_random_u64();
	factor = get_random_u64() | 1;
	buckets = kvcalloc(1 << BUCKET_BITS, sizeof(*buckets), LT_GFP_TABLE);
	stack_grow_fn(&grow);
	return buckets && nchunks ? 0 : -ENOMEM;
}

static u64 stack_bytes(void)
{
	unsigned int cpus = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		cpus += !!READ_ONCE(per_cpu(scratch, cpu));
	return (u64)READ_ONCE(nchunks) * CHUNK_BYTES +
	       (READ_ONCE(buckets) ? sizeof(*buckets) << BUCKET_BITS : 0) +
	       max_chunks * sizeof(*chunk) + cpus * stack_cpu_bytes();
}

const struct lt_store lt_stack_store = {
	.init = stack_init,
	.exit = stack_exit,
	.reset = stack_reset,
	.bytes = stack_bytes,
	.cpu_get = stack_cpu_get,
	.cpu_bytes = stack_cpu_bytes,
};

/**
 * lt_stack_at() - a stack by id
 * @id: any number that lt_stack_capture() returned
 *
 * Context: any.
 * Return: the stack, valid until the last target is gone; NULL for 0.
 */
const struct lt_stack *lt_stack_at(u32 id)
{
	u32 c;

	id &= ~LT_STACK_CUT;
	c = id >> (CHUNK_SHIFT - 3);
	/* Pairs with stack_grow_fn(). */
	if (!id || c >= smp_load_acquire(&nchunks))
		return NULL;
	return chunk[c] + (((size_t)id << 3) & (CHUNK_BYTES - 1));
}

/* Is that all? Then @id is the stack's, or 0: its bucket is as full as one may be. */
static bool stack_lookup(u32 first, u32 hash, const struct lt_walk *w, u32 *id)
{
	u32 left = CHAIN_MAX + (4 * lt_max_stacks >> BUCKET_BITS);
	const struct lt_stack *s;

	for (*id = first; (s = lt_stack_at(*id)) && left--; *id = s->next)
		if (s->hash == hash && lt_stack_is(s, w))
			return true;
	*id = 0;
	return s;
}

/* Room for @bytes in one chunk; 0 if there is none. Under added.lock. */
static u32 stack_reserve(size_t bytes, bool own)
{
	u32 per_chunk = CHUNK_BYTES >> 3, n = bytes >> 3, at = added.top;

	if (added.nstacks >= lt_max_stacks || (own && added.nowned >= lt_max_stacks / OWNED_SHARE))
		return 0;
	if (at / per_chunk != (at + n - 1) / per_chunk)
		at = roundup(at, per_chunk);
	if (at / per_chunk >= READ_ONCE(nchunks))
		return 0;
	WRITE_ONCE(added.top, at + n);
	added.nstacks++;
	added.nowned += own;
	return at;
}

/* Early enough: others may add at the same time before a chunk is there. */
static bool stack_runs_short(void)
{
	u32 n = READ_ONCE(nchunks);

	return n < max_chunks && (READ_ONCE(added.top) >> (CHUNK_SHIFT - 3)) + SPARE_CHUNKS >= n &&
	       time_after_eq(jiffies, READ_ONCE(paused_until));
}

/* Under added.lock. */
static u32 stack_put(const struct lt_walk *w, u32 hash, u32 next, bool own)
{
	u32 words = w->n + w->nwords;
	u32 id = stack_reserve(sizeof(struct lt_stack) + words * sizeof(u64), own);
	struct lt_stack *s = (struct lt_stack *)lt_stack_at(id);

	if (!id)
		return 0;
	s->next = next;
	s->hash = hash;
	s->nr = words;
	s->status = w->status;
	s->chain = w->chain;
	s->guessed = w->guessed;
	memcpy(s->pc, w->pc, words * sizeof(u64));
	return id;
}

/* @own: even if it is there already, and not to be found by others */
static u32 stack_add(u32 bucket, u32 hash, const struct lt_walk *w, bool own)
{
	unsigned long flags;
	u32 id;

	raw_spin_lock_irqsave(&added.lock, flags);
	if (own || !stack_lookup(buckets[bucket], hash, w, &id)) {
		id = stack_put(w, hash, own ? 0 : buckets[bucket], own);
		if (id && !own)
			/* Pairs with stack_id_of(): the stack before its id. */
			smp_store_release(&buckets[bucket], id);
	}
	raw_spin_unlock_irqrestore(&added.lock, flags);
	if (stack_runs_short())
		irq_work_queue(&kick);
	return id;
}

static u32 stack_hash(const struct lt_walk *w)
{
	unsigned int i, n = w->n + w->nwords;
	u64 hash = seed ^ w->status ^ w->chain << 8;

	for (i = 0; i < n; i++)
		hash = (hash ^ w->pc[i]) * factor;
	return hash >> 32;
}

/* The id of what was walked; 0 if the table is full. */
static u32 stack_id_of(const struct lt_walk *w)
{
	/* The upper bits: those of a pc reach no lower ones. */
	u32 hash = stack_hash(w), bucket = hash >> (32 - BUCKET_BITS), id;

	/* Pairs with stack_add(). */
	if (stack_lookup(smp_load_acquire(&buckets[bucket]), hash, w, &id))
		return id;
	return stack_add(bucket, hash, w, false);
}

/* For an event without a user stack: a kernel thread's, a worker's. */
static noinline u32 stack_of_kernel(void)
{
	struct lt_walk *w = __this_cpu_read(scratch);

	if (unlikely(!w))
		return 0;
	w->n = 0;
	w->nwords = 0;
	w->chain = LEAKTRACE_CHAIN_NONE;
	w->status = LEAKTRACE_STACK_NONE;
	w->guessed = 0;
	return stack_id_of(w);
}

static u32 stack_walk(struct pt_regs *regs, struct lt_mm *m, struct lt_maps *maps)
{
	struct lt_walk *w = __this_cpu_read(scratch);
	u32 id;

	if (unlikely(!w))
		return 0;
	lt_walk_all(w, lt_max_depth, regs, maps);
	id = stack_id_of(w);
	if (id && maps)
		lt_recall_put(w, id);
	if (id && m)
		lt_rest_queue(m, w, id);
	if (id && w->missed)
		id |= LT_STACK_CUT;
	if (m && (w->status == LEAKTRACE_STACK_NOMAP || w->status == LEAKTRACE_STACK_STALE))
		lt_maps_changed(m);
	return id;
}

/* Nearly always current is of @t; it may also be of another target, or of none. */
static struct lt_mm *mm_of_current(struct lt_target *t)
{
	struct lt_mm *m = rcu_dereference_sched(t->mm);
	struct lt_key *k;

	if (likely(m && m->mm == current->mm))
		return m;
	k = lt_key_find(current->mm, LT_KEY_MM);
	return k ? k->mm : NULL;
}

static noinline u32 stack_capture(struct lt_target *t)
{
	struct pt_regs *regs = task_pt_regs(current);
	struct lt_mm *m;

	if (!lt_has_user_stack(current) || !user_mode(regs))
		return stack_of_kernel();
	m = mm_of_current(t);
	return stack_walk(regs, m, m ? rcu_dereference_sched(m->code.maps) : NULL);
}

/*
 * The stack of @like was walked before, but not what the script does in it. Return: the
 * id of both; 0: all of it has to be walked.
 */
static noinline u32 stack_of_script(u32 like, struct lt_maps *maps)
{
	const struct lt_stack *s = lt_stack_at(like);
	struct lt_walk *w = __this_cpu_read(scratch);

	if (unlikely(!w))
		return 0;
	w->maps = maps;
	w->missed = 0;
	w->status = s->status;
	w->guessed = s->guessed;
	w->chain = LEAKTRACE_CHAIN_NONE;
	w->nwords = 0;
	for (w->n = 0; w->n < s->nr && !(s->pc[w->n] & LEAKTRACE_CHAIN_WORD); w->n++)
		w->pc[w->n] = s->pc[w->n];
	lt_chain_walk(w);
	if (unlikely(w->missed))
		return 0;
	return lt_stack_is(s, w) ? like : stack_id_of(w);
}

/* A stack that was walked before; 0: it has to be. */
static __always_inline u32 stack_recall(struct pt_regs *regs, struct lt_maps *maps)
{
	u32 id = lt_recall(regs, maps);

	return id && unlikely(maps->chain) ? stack_of_script(id, maps) : id;
}

/**
 * lt_stack_capture() - the user stack of current
 * @t: the target whose event this is; current need not be of it
 *
 * Context: inside lt_probe_enter().
 * Return: stack id; 0 if the table is full (counted).
 */
u32 lt_stack_capture(struct lt_target *t)
{
	struct lt_mm *m = rcu_dereference_sched(t->mm);
	struct lt_maps *maps;
	u32 id = 0;

	if (likely(m && m->mm == current->mm)) {
		maps = rcu_dereference_sched(m->code.maps);
		if (likely(maps))
			id = stack_recall(task_pt_regs(current), maps);
		if (likely(id))
			return id;
	}
	id = stack_capture(t);
	if (!id)
		lt_target_lost(t, LT_LOST_STACKS, 1);
	return id;
}

/**
 * lt_stack_capture_call() - the user stack of current behind a call that is on its way
 * @t: the target whose event this is
 * @regs: current's registers in the caller, within the call instruction
 * @missed: set to a word of current's memory that is missing; 0: none is. NULL: a stack that
 *	is cut has to do
 *
 * Context: inside lt_probe_enter().
 * Return: stack id, without LT_STACK_CUT; 0 if @missed is set or the table is full (counted).
 */
u32 lt_stack_capture_call(struct lt_target *t, struct pt_regs *regs, unsigned long *missed)
{
	struct lt_mm *m = mm_of_current(t);
	struct lt_maps *maps = m ? rcu_dereference_sched(m->code.maps) : NULL;
	struct lt_walk *w = __this_cpu_read(scratch);
	u32 id = maps ? stack_recall(regs, maps) : 0;

	if (missed)
		*missed = 0;
	if (id || !w)
		return id;
	lt_walk_all(w, lt_max_depth, regs, maps);
	if (missed && w->missed) {
		*missed = w->missed;
		return 0;
	}
	id = stack_id_of(w);
	if (id && maps)
		lt_recall_put(w, id);
	if (!id)
		lt_target_lost(t, LT_LOST_STACKS, 1);
	if (m && (w->status == LEAKTRACE_STACK_NOMAP || w->status == LEAKTRACE_STACK_STALE))
		lt_maps_changed(m);
	return id;
}

static void death_run(struct lt_work *w)
{
	u32 stack = lt_work_lock(w);

	if (stack && !w->target->dead)
		WRITE_ONCE(((struct lt_stack *)lt_stack_at(w->stack))->resolved, stack);
	lt_work_unlock(w);
}

static const struct lt_work_type death_work = {
	.run = death_run,
	.loss = LT_WORK_ONLY_STACK,
};

/**
 * lt_stack_capture_death() - the user stack of current, that of a death
 * @t: the target whose event this is; current need not be of it
 *
 * Context: inside lt_probe_enter().
 * Return: stack id; 0 if the table is full (counted).
 */
u32 lt_stack_capture_death(struct lt_target *t)
{
	u32 id = lt_stack_capture(t), own;

	/* An exiting task does not come back to user mode. */
	if (likely(!(id & LT_STACK_CUT)) || (current->flags & PF_EXITING))
		return id;
	/* The walk is still in scratch. If the table is full the cut stack has to do. */
	own = stack_add(0, 0, __this_cpu_read(scratch), true);
	if (!own)
		return id & ~LT_STACK_CUT;
	lt_work_queue(t, current, &death_work, own | LT_STACK_CUT, NULL);
	return own | LT_STACK_CUT;
}

/**
 * lt_stack_rewalk() - a stack that was cut, on the way back to user mode
 * @t: the target whose event it was
 * @cut: what was captured
 * @missed: set to a word of current's memory that is missing; 0: none is
 *
 * Context: process, t->rwsem held: the tables stay.
 * Return: id of the whole stack; 0: it is not to be had, or not yet.
 */
u32 lt_stack_rewalk(struct lt_target *t, u32 cut, unsigned long *missed)
{
	struct pt_regs *regs = task_pt_regs(current);
	const struct lt_stack *s = lt_stack_at(cut);
	struct lt_walk *w;
	struct lt_mm *m;
	u32 id = 0;

	*missed = 0;
	/* Behind exec another program's registers are there. */
	if (!s || s->pc[0] != instruction_pointer(regs) || !lt_probe_resume())
		return 0;
	w = __this_cpu_read(scratch);
	if (likely(w)) {
		m = mm_of_current(t);
		lt_walk_all(w, lt_max_depth, regs,
			    m ? rcu_dereference_sched(m->code.maps) : NULL);
		*missed = w->missed;
		if (!w->missed)
			id = stack_id_of(w);
	}
	lt_probe_leave();
	return id;
}

/**
 * lt_stack_resolved() - what a death's stack turned out to be
 * @stack: any id
 *
 * Context: any, the tables stay.
 * Return: the whole stack's id, or @stack.
 */
u32 lt_stack_resolved(u32 stack)
{
	if (likely(!(stack & LT_STACK_CUT)))
		return stack;
	return READ_ONCE(lt_stack_at(stack)->resolved) ?: stack;
}

/**
 * lt_stack_used() - stacks in the table
 *
 * Context: any.
 * Return: number.
 */
u32 lt_stack_used(void)
{
	return READ_ONCE(added.nstacks);
}
