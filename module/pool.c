// SPDX-License-Identifier: GPL-2.0
/*
 * Cells of one size, named by a number, for probes that may not allocate.
 * A probe takes the cell that was freed last on its CPU, without a lock: most
 * objects live briefly. Or from a free list; when the list gets short, an irq_work
 * schedules a work item that adds a chunk, until the bound is reached. Number
 * 0 is never given out: it means 'none' everywhere.
 *
 * Chunks stay until lt_pool_reset(), which the last target's end calls, so a
 * cell's memory stays readable while anything is traced.
 *
 * A free list that does not add up is somebody's write through a stale number:
 * we give up then, rather than hand out the same cell twice.
 *
 * Lock: pool->lock, raw and irq-safe, a leaf.
 */
#include <linux/irq_work.h>
#include <linux/jiffies.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#include "pool.h"
#include "probe.h"

static LIST_HEAD(pools);	/* changes at load and unload only */

/* Adds one chunk; false at the bound or without memory. May sleep. */
static bool grow(struct lt_pool *p)
{
	u32 first, n, i;
	unsigned long flags;
	void *chunk;

	first = READ_ONCE(p->ncells);
	if (first > p->max_cells)
		return false;
	chunk = kvcalloc(LT_POOL_CHUNK_CELLS, p->cell_bytes, LT_GFP_TABLE);
	if (!chunk)
		return false;
	n = min_t(u32, LT_POOL_CHUNK_CELLS, p->max_cells + 1 - first);

	raw_spin_lock_irqsave(&p->lock, flags);
	/* Zeroed before it can be found: cells are looked up by number without a lock. */
	smp_store_release(&p->chunk[first >> LT_POOL_CHUNK_SHIFT], chunk);
	for (i = first + n; i-- > max(first, 1U);) {
		*(u32 *)lt_pool_cell(p, i) = p->free_head;
		p->free_head = i;
		p->nfree++;
	}
	WRITE_ONCE(p->ncells, first + n);
	raw_spin_unlock_irqrestore(&p->lock, flags);
	return true;
}

static void refill_fn(struct work_struct *work)
{
	struct lt_pool *p = container_of(work, struct lt_pool, refill);

	while (READ_ONCE(p->nfree) < p->reserve && READ_ONCE(p->ncells) <= p->max_cells) {
		if (!grow(p)) {
			WRITE_ONCE(p->paused_until, jiffies + LT_REFILL_PAUSE);
			return;
		}
		cond_resched();
	}
}

/* May it be refilled now? False: its bound is reached, or memory was refused just now. */
static bool may_grow(const struct lt_pool *p)
{
	return READ_ONCE(p->ncells) <= p->max_cells &&
	       time_after_eq(jiffies, READ_ONCE(p->paused_until));
}

static void kick_fn(struct irq_work *kick)
{
	schedule_work(&container_of(kick, struct lt_pool, kick)->refill);
}

/**
 * lt_pool_create() - make an empty pool
 * @torn: what to say in STATUS if its list of free cells does not add up
 * @cell_bytes: size of a cell, at least 4
 * @max_cells: bound
 *
 * Context: may sleep.
 * Return: the pool or NULL without memory.
 */
struct lt_pool *lt_pool_create(const char *torn, u32 cell_bytes, u32 max_cells)
{
	struct lt_pool *p = kzalloc(sizeof(*p), GFP_KERNEL);

	if (!p)
		return NULL;
	p->torn = torn;
	p->cell_bytes = ALIGN(cell_bytes, 8);
	p->max_cells = max_cells;
	p->paused_until = jiffies;
	p->reserve = 4 * LT_POOL_CHUNK_CELLS;
	raw_spin_lock_init(&p->lock);
	init_irq_work(&p->kick, kick_fn);
	INIT_WORK(&p->refill, refill_fn);
	p->chunk = kvcalloc((max_cells >> LT_POOL_CHUNK_SHIFT) + 1, sizeof(*p->chunk),
			    GFP_KERNEL | __GFP_NOWARN);
	p->spare = alloc_percpu(u32);
	if (p->chunk && p->spare) {
		list_add(&p->node, &pools);
		return p;
	}
	kvfree(p->chunk);
	free_percpu(p->spare);
	kfree(p);
	return NULL;
}

/**
 * lt_pool_destroy() - free a pool that nobody uses any more
 * @p: the pool, or NULL
 *
 * Context: may sleep.
 */
void lt_pool_destroy(struct lt_pool *p)
{
	if (!p)
		return;
	lt_pool_reset(p);
	list_del(&p->node);
	kvfree(p->chunk);
	free_percpu(p->spare);
	kfree(p);
}

/**
 * lt_pool_prime() - allocate the first cells
 * @p: the pool
 *
 * Context: may sleep, under lt_mutex.
 * Return: 0 or -ENOMEM.
 */
int lt_pool_prime(struct lt_pool *p)
{
	refill_fn(&p->refill);
	return p->nfree ? 0 : -ENOMEM;
}

/**
 * lt_pool_top_up() - refill what runs short, and wait for it
 *
 * For callers that take many cells in a row without leaving the CPU, so that the work item
 * that refills does not run.
 *
 * Context: may sleep.
 */
void lt_pool_top_up(void)
{
	struct lt_pool *p;

	list_for_each_entry(p, &pools, node)
		if (READ_ONCE(p->nfree) < p->reserve && READ_ONCE(p->ncells) && may_grow(p)) {
			schedule_work(&p->refill);
			flush_work(&p->refill);
		}
}

/**
 * lt_pool_reset() - give all memory back
 * @p: the pool; no cell is in use
 *
 * Context: may sleep, under lt_mutex, no probe attached.
 */
void lt_pool_reset(struct lt_pool *p)
{
	int cpu;
	u32 i;

	irq_work_sync(&p->kick);
	cancel_work_sync(&p->refill);
	for (i = 0; i <= p->max_cells >> LT_POOL_CHUNK_SHIFT; i++) {
		kvfree(p->chunk[i]);
		p->chunk[i] = NULL;
	}
	for_each_possible_cpu(cpu)
		WRITE_ONCE(*per_cpu_ptr(p->spare, cpu), 0);
	p->free_head = 0;
	p->nfree = 0;
	p->ncells = 0;
}

/* Another CPU's spare cell: at the bound every cell counts. */
static u32 steal(struct lt_pool *p)
{
	u32 *spare, index;
	int cpu;

	for_each_possible_cpu(cpu) {
		spare = per_cpu_ptr(p->spare, cpu);
		index = READ_ONCE(*spare) ? xchg(spare, 0) : 0;
		if (index)
			return index;
	}
	return 0;
}

static noinline u32 take(struct lt_pool *p)
{
	bool low, torn;
	u32 index;

	raw_spin_lock(&p->lock);
	index = p->free_head;
	torn = index >= max(p->ncells, 1U) || !index != !p->nfree;
	if (torn)
		index = 0;
	if (index) {
		p->free_head = *(u32 *)lt_pool_cell(p, index);
		p->nfree--;
	}
	low = p->nfree < p->reserve && may_grow(p);
	raw_spin_unlock(&p->lock);
	if (unlikely(torn))
		lt_give_up(p->torn);
	else if (low)
		irq_work_queue(&p->kick);
	else if (unlikely(!index))
		index = steal(p);
	return index;
}

/**
 * lt_pool_alloc() - take a cell
 * @p: the pool
 *
 * Context: interrupts off.
 * Return: its number, for lt_pool_cell(), whose contents are undefined; 0 if none
 * is free.
 */
u32 lt_pool_alloc(struct lt_pool *p)
{
	u32 index;

	lockdep_assert_irqs_disabled();
	index = xchg(this_cpu_ptr(p->spare), 0);
	return index ?: take(p);
}

static noinline void put(struct lt_pool *p, u32 index)
{
	bool torn;

	raw_spin_lock(&p->lock);
	torn = p->nfree + 1 >= p->ncells;
	if (!torn) {
		*(u32 *)lt_pool_cell(p, index) = p->free_head;
		p->free_head = index;
		p->nfree++;
	}
	raw_spin_unlock(&p->lock);
	if (unlikely(torn))
		lt_give_up(p->torn);
}

/**
 * lt_pool_free() - give a cell back
 * @p: the pool
 * @index: its number
 *
 * Context: interrupts off.
 */
void lt_pool_free(struct lt_pool *p, u32 index)
{
	u32 old;

	lockdep_assert_irqs_disabled();
	if (unlikely(!index || index >= READ_ONCE(p->ncells))) {
		lt_give_up(p->torn);
		return;
	}
	old = xchg(this_cpu_ptr(p->spare), index);
	if (unlikely(old == index))
		lt_give_up(p->torn);
	else if (old)
		put(p, old);
}

/**
 * lt_pool_used() - cells given out
 * @p: the pool
 *
 * Context: any. A snapshot.
 * Return: number of cells.
 */
u32 lt_pool_used(struct lt_pool *p)
{
	u32 n = READ_ONCE(p->ncells), nfree = READ_ONCE(p->nfree);
	int cpu;

	for_each_possible_cpu(cpu)
		nfree += !!READ_ONCE(*per_cpu_ptr(p->spare, cpu));
	return n && nfree < n ? n - 1 - nfree : 0;
}

/**
 * lt_pool_bytes() - kernel memory of the pool
 * @p: the pool
 *
 * Context: any. A snapshot.
 * Return: bytes.
 */
u64 lt_pool_bytes(struct lt_pool *p)
{
	return (u64)DIV_ROUND_UP(READ_ONCE(p->ncells), LT_POOL_CHUNK_CELLS) * LT_POOL_CHUNK_CELLS *
	       p->cell_bytes + ((p->max_cells >> LT_POOL_CHUNK_SHIFT) + 1) * sizeof(void *);
}
