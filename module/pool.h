/* SPDX-License-Identifier: GPL-2.0 */
/*
 * pool.c: cells of one size, numbered, from memory that grows up to a bound.
 */
#ifndef _LT_POOL_H
#define _LT_POOL_H

#include <linux/irq_work.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>

enum {
	LT_POOL_CHUNK_SHIFT = 10,
	LT_POOL_CHUNK_CELLS = 1 << LT_POOL_CHUNK_SHIFT,
};

/*
 * All memory whose amount is not bounded by a few pages. A trace is not worth the OOM killer,
 * so it is refused rather than fought for. What an attach takes is charged to who attaches.
 */
#define LT_GFP_TABLE	(GFP_KERNEL_ACCOUNT | __GFP_NOWARN | __GFP_NORETRY)

/* After a refusal it is not asked for again for this long: memory is short for others, too. */
#define LT_REFILL_PAUSE	(HZ / 4)

struct lt_pool {
	struct list_head node;
	const char *torn;
	u32 cell_bytes;
	u32 max_cells;
	u32 reserve;		/* refill when fewer are free */
	unsigned long paused_until;	/* jiffies */
	raw_spinlock_t lock;	/* protects all below */
	u32 free_head;
	u32 nfree;
	u32 ncells;		/* cell 0 included */
	void **chunk;
	u32 __percpu *spare;	/* freed last on this CPU; 0: none. By xchg() only */
	struct irq_work kick;
	struct work_struct refill;
};

struct lt_pool *lt_pool_create(const char *torn, u32 cell_bytes, u32 max_cells);
void lt_pool_destroy(struct lt_pool *p);
void lt_pool_reset(struct lt_pool *p);
int lt_pool_prime(struct lt_pool *p);
void lt_pool_top_up(void);
u32 lt_pool_alloc(struct lt_pool *p);
void lt_pool_free(struct lt_pool *p, u32 index);
u32 lt_pool_used(struct lt_pool *p);
u64 lt_pool_bytes(struct lt_pool *p);

static inline void *lt_pool_cell(struct lt_pool *p, u32 index)
{
	void *chunk = READ_ONCE(p->chunk[index >> LT_POOL_CHUNK_SHIFT]);

	return chunk ? chunk + (size_t)(index & (LT_POOL_CHUNK_CELLS - 1)) * p->cell_bytes : NULL;
}

/* The cell of any number: NULL for 0 and for numbers never given out. Context: any. */
static inline void *lt_pool_at(struct lt_pool *p, u32 index)
{
	return index && index < READ_ONCE(p->ncells) ? lt_pool_cell(p, index) : NULL;
}

#endif /* _LT_POOL_H */
