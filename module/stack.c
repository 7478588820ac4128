// SPDX-License-Identifier: GPL-2.0
/*
 * Distinct user stacks, each with a 32-bit id. Stacks are never freed while
 * anything is traced, so lookups need no lock: they follow ids through memory
 * that stays. Memory grows by chunks ahead of need, up to a bound in number
 * and in bytes; beyond it a stack is lost and counted.
 *
 * Cost: memory is 16 + 8 * depth bytes a stack. Scratch is 24 * max_depth bytes
 * a CPU; lt_probe_enter() makes its holder the only one on its CPU.
 *
 * Lock: add_lock, raw and irq-safe, a leaf: one at a time adds.
 */
#include <linux/irq_work.h>
#include <linux/jhash.h>
#include <linux/ptrace.h>
#include <linux/sched/task_stack.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>
#include <linux/workqueue.h>

#include "leaktrace.h"

enum {
	BUCKET_BITS = 16,
	CHUNK_SHIFT = 18,		/* 256 KiB */
	CHUNK_BYTES = 1 << CHUNK_SHIFT,
	BYTES_PER_STACK = 256,		/* of the bound: 30 frames on average */
	SPARE_CHUNKS = 2,
};

static u32 *buckets;			/* stack ids */
static void __percpu *scratch;		/* pcs, then the walker's own */
static void **chunk;
static u32 max_chunks;
static DEFINE_RAW_SPINLOCK(add_lock);	/* protects all below */
static u32 nchunks;
static u32 top;				/* next free byte / 8; 0 is never an id */
static u32 nstacks;

static size_t scratch_bytes(void)
{
	return lt_max_depth * sizeof(u64) + lt_unwind_scratch_bytes(lt_max_depth);
}

static void grow_fn(struct work_struct *work)
{
	while (READ_ONCE(nchunks) < max_chunks &&
	       READ_ONCE(nchunks) <= (READ_ONCE(top) >> (CHUNK_SHIFT - 3)) + SPARE_CHUNKS) {
		void *mem = __vmalloc(CHUNK_BYTES, GFP_KERNEL | __GFP_ZERO | __GFP_NOWARN);

		if (!mem)
			break;
		chunk[nchunks] = mem;
		/* Pairs with lt_stack_at(): the chunk before its number. */
		smp_store_release(&nchunks, nchunks + 1);
	}
}

static DECLARE_WORK(grow, grow_fn);

static void kick_fn(struct irq_work *work)
{
	schedule_work(&grow);
}

static struct irq_work kick;

static void free_chunks(void)
{
	irq_work_sync(&kick);
	cancel_work_sync(&grow);
	while (nchunks)
		vfree(chunk[--nchunks]);
	top = 1;
	nstacks = 0;
}

/**
 * lt_stack_init() - allocate the table's head
 *
 * Context: may sleep.
 * Return: 0 or -ENOMEM.
 */
int lt_stack_init(void)
{
	init_irq_work(&kick, kick_fn);
	max_chunks = clamp_t(u64, (u64)lt_max_stacks * BYTES_PER_STACK >> CHUNK_SHIFT,
			     1, 1U << 14);
	top = 1;
	chunk = kvcalloc(max_chunks, sizeof(*chunk), GFP_KERNEL | __GFP_NOWARN);
	scratch = __alloc_percpu(scratch_bytes(), sizeof(u64));
	if (chunk && scratch)
		return 0;
	lt_stack_exit();
	return -ENOMEM;
}

/**
 * lt_stack_exit() - free everything
 *
 * Context: may sleep; nothing is traced.
 */
void lt_stack_exit(void)
{
	free_chunks();
	free_percpu(scratch);
	kvfree(chunk);
	kvfree(buckets);
}

/**
 * lt_stack_reset() - memory back after the last target, in advance for the next
 * @prime: get the first chunks
 *
 * Context: may sleep, under lt_mutex, no probe attached.
 * Return: 0 or -ENOMEM.
 */
int lt_stack_reset(bool prime)
{
	free_chunks();
	kvfree(buckets);
	buckets = NULL;
	if (!prime)
		return 0;
	buckets = kvcalloc(1 << BUCKET_BITS, sizeof(*buckets), GFP_KERNEL | __GFP_NOWARN);
	grow_fn(&grow);
	return buckets && nchunks ? 0 : -ENOMEM;
}

/**
 * lt_stack_at() - a stack by id
 * @id: any number that lt_stack_capture() returned
 *
 * Context: any.
 * Return: the stack, valid until the last target is gone; NULL for 0.
 */
const struct lt_stack *lt_stack_at(u32 id)
{
	u32 c = id >> (CHUNK_SHIFT - 3);

	/* Pairs with grow_fn(). */
	if (!id || c >= smp_load_acquire(&nchunks))
		return NULL;
	return chunk[c] + ((size_t)(id << 3) & (CHUNK_BYTES - 1));
}

static u32 lookup(u32 first, u32 hash, const u64 *pc, unsigned int nr, u8 status)
{
	const struct lt_stack *s;
	u32 id;

	for (id = first; (s = lt_stack_at(id)); id = s->next)
		if (s->hash == hash && s->nr == nr && s->status == status &&
		    !memcmp(s->pc, pc, nr * sizeof(*pc)))
			return id;
	return 0;
}

/* Room for @bytes in one chunk; 0 if there is none. Under add_lock. */
static u32 reserve(size_t bytes)
{
	u32 per_chunk = CHUNK_BYTES >> 3, n = bytes >> 3, at = top;

	if (nstacks >= lt_max_stacks)
		return 0;
	if (at / per_chunk != (at + n - 1) / per_chunk)
		at = roundup(at, per_chunk);
	if (at / per_chunk >= nchunks)
		return 0;
	WRITE_ONCE(top, at + n);
	nstacks++;
	return at;
}

static u32 add(u32 bucket, u32 hash, const u64 *pc, unsigned int nr, u8 status,
	       u8 guessed)
{
	struct lt_stack *s;
	unsigned long flags;
	u32 id;

	raw_spin_lock_irqsave(&add_lock, flags);
	id = lookup(buckets[bucket], hash, pc, nr, status);
	if (id)
		goto out;
	id = reserve(sizeof(*s) + nr * sizeof(*pc));
	if (!id)
		goto out;
	s = (struct lt_stack *)lt_stack_at(id);
	s->next = buckets[bucket];
	s->hash = hash;
	s->nr = nr;
	s->status = status;
	s->guessed = guessed;
	memcpy(s->pc, pc, nr * sizeof(*pc));
	/* Pairs with lt_stack_capture(): the stack before its id. */
	smp_store_release(&buckets[bucket], id);
out:
	raw_spin_unlock_irqrestore(&add_lock, flags);
	if (nchunks < max_chunks && (top >> (CHUNK_SHIFT - 3)) + SPARE_CHUNKS >= nchunks)
		irq_work_queue(&kick);
	return id;
}

static u8 walk(u64 *pc, unsigned int *nr, u8 *guessed)
{
	struct pt_regs *regs = task_pt_regs(current);
	struct lt_key *k;
	u8 status;

	if (!current->mm || (current->flags & PF_KTHREAD) || !user_mode(regs))
		return LEAKTRACE_STACK_NONE;
	k = lt_key_find(current->mm, LT_KEY_MM);
	status = lt_unwind_user(regs, k ? rcu_dereference_sched(k->mm->maps) : NULL,
				pc + lt_max_depth, pc, lt_max_depth, guessed, nr);
	if (k && (status == LEAKTRACE_STACK_NOMAP || status == LEAKTRACE_STACK_STALE))
		lt_maps_news(k->mm);
	return status;
}

/**
 * lt_stack_capture() - the user stack of current
 *
 * Context: inside lt_probe_enter().
 * Return: stack id; 0 if the table is full (counted).
 */
u32 lt_stack_capture(void)
{
	u64 *pc = this_cpu_ptr(scratch);
	unsigned int nr = 0;
	u32 hash, bucket, id;
	u8 status, guessed = 0;

	status = walk(pc, &nr, &guessed);
	hash = jhash2((u32 *)pc, nr * 2, status);
	bucket = hash & ((1 << BUCKET_BITS) - 1);
	/* Pairs with add(). */
	id = lookup(smp_load_acquire(&buckets[bucket]), hash, pc, nr, status);
	if (!id)
		id = add(bucket, hash, pc, nr, status, guessed);
	if (!id)
		atomic64_inc(&lt_lost[LT_LOST_STACKS]);
	return id;
}

/**
 * lt_stack_used() - stacks in the table
 *
 * Context: any.
 * Return: number.
 */
u32 lt_stack_used(void)
{
	return READ_ONCE(nstacks);
}

/**
 * lt_stack_bytes() - kernel memory of the table
 *
 * Context: any.
 * Return: bytes.
 */
u64 lt_stack_bytes(void)
{
	return (u64)READ_ONCE(nchunks) * CHUNK_BYTES +
	       (buckets ? sizeof(*buckets) << BUCKET_BITS : 0) +
	       max_chunks * sizeof(*chunk) +
	       (u64)num_possible_cpus() * scratch_bytes();
}
