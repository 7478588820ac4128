// SPDX-License-Identifier: GPL-2.0
/*
 * The live-object table of pages: born, died, moved, and what is live.
 *
 * Blocks, each for what one pmd maps (512 pages): a bitmap of live pages, a bitmap of
 * those alive at attach, and up to 16 cells with the births (site and time) of 32 pages
 * each. Blocks and cells come from one pool of 256-byte cells. Dense memory costs 9 bytes
 * a page, baseline half a byte, a lone page 512.
 *
 * A block is found twice: by its number in a hash table of all address spaces' blocks, and
 * in order in an rb-tree for each address space.
 *
 * Times are kept in ticks of about a millisecond since attach.
 *
 * Locks, raw, in this order:
 *   lt_pages.lock  the tree: to add a block, to drop one that is empty, to go on to the
 *		    next one, and to move pages. Not by faults in a block that is there
 *   block lock     one of many, by the block's number: what is in the block, and the
 *		    buckets of the hash table that share the lock. With lt_pages.lock, two
 *
 * Held for one block at a time, so unmapping a terabyte does not keep interrupts off. Site
 * and pool locks nest inside.
 *
 * A fault asks first whether its page is live, without a lock: it reads a count that a
 * holder of the block's lock changes when it begins and when it ends, and believes what it
 * read in between if the count is the same and even. What it reads may be wrong, but is
 * memory: cells of the pool stay while anything is traced.
 */
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/moduleparam.h>
#include <linux/random.h>
#include <linux/rbtree.h>
#include <linux/seqlock.h>

#include "leaktrace.h"
#include "page.h"
#include "pool.h"
#include "ring.h"
#include "site.h"
#include "target.h"

enum {
	CELL_BYTES = 256,
	CELL_PAGES = 32,
	BLOCK_CELLS = LT_BLOCK_PAGES / CELL_PAGES,
	BLOCK_LONGS = BITS_TO_LONGS(LT_BLOCK_PAGES),
	TICK_SHIFT = 20,
	LOCKS = 256,
	/* Without the lock: what is followed of a chain, and how often it is tried. */
	UNLOCKED_STEPS = 16,
	UNLOCKED_TRIES = 3,
};

struct page_birth {
	u32 site;
	u32 tick;
};

struct lt_block {
	struct rb_node node;
	const struct lt_pages *pages;	/* whose */
	unsigned long nr;		/* page / LT_BLOCK_PAGES */
	u32 next;			/* in the same bucket: pool index, 0: none */
	u32 index;			/* own cell in the pool */
	u16 nlive;
	u16 nbaseline;			/* of nlive */
	unsigned long live[BLOCK_LONGS];
	unsigned long baseline[BLOCK_LONGS];
	u32 births[BLOCK_CELLS];	/* pool index of a cell, 0: none */
};

static_assert(sizeof(struct lt_block) <= CELL_BYTES);
static_assert(sizeof(struct page_birth) * CELL_PAGES == CELL_BYTES);

unsigned int lt_max_page_cells = 1 << 20;
module_param_named(max_page_cells, lt_max_page_cells, uint, 0444);
MODULE_PARM_DESC(max_page_cells, "256-byte cells of the page table: 32 pages each when dense (default 1048576)");

/* On a cache line of its own: CPUs that take different ones do not disturb each other. */
struct block_lock {
	raw_spinlock_t lock;
	seqcount_t seq;
} ____cacheline_aligned_in_smp;

static struct block_lock locks[LOCKS];
static u32 *buckets;			/* pool indices of their first blocks */
static unsigned int shift;		/* of a hash: leaves a bucket's number */
static u64 multiplier;			/* odd and random: targets can choose addresses */
static struct lt_pool *pool;

static u32 nbuckets(void)
{
	return 1U << (64 - shift);
}

static int page_init(void)
{
	int i;

	for (i = 0; i < LOCKS; i++) {
		raw_spin_lock_init(&locks[i].lock);
		seqcount_init(&locks[i].seq);
	}
	multiplier = get_random_u64() | 1;
	lt_max_page_cells = clamp(lt_max_page_cells, 1U, 1U << 26);
	shift = 64 - clamp(ilog2(lt_max_page_cells) - 4, 8, 20);
	pool = lt_pool_create("internal error: torn list of page cells", CELL_BYTES,
			      lt_max_page_cells);
	return pool ? 0 : -ENOMEM;
}

static void page_exit(void)
{
	lt_pool_destroy(pool);
	kvfree(buckets);
	buckets = NULL;
}

static int page_reset(bool prime)
{
	lt_pool_reset(pool);
	kvfree(buckets);
	buckets = NULL;
	if (!prime)
		return 0;
	buckets = kvcalloc(nbuckets(), sizeof(*buckets), LT_GFP_TABLE);
	return buckets ? lt_pool_prime(pool) : -ENOMEM;
}

static u64 page_bytes(void)
{
	return lt_pool_bytes(pool) + (READ_ONCE(buckets) ? sizeof(*buckets) * nbuckets() : 0);
}

const struct lt_store lt_page_store = {
	.init = page_init,
	.exit = page_exit,
	.reset = page_reset,
	.bytes = page_bytes,
};

/**
 * lt_page_cells_used() - cells in use
 *
 * Context: any.
 * Return: number.
 */
u32 lt_page_cells_used(void)
{
	return lt_pool_used(pool);
}

static u32 bucket_of(const struct lt_pages *p, unsigned long nr)
{
	return (nr ^ (unsigned long)p) * multiplier >> shift;
}

static struct block_lock *lock_of(const struct lt_pages *p, unsigned long nr)
{
	return &locks[bucket_of(p, nr) & (LOCKS - 1)];
}

/* Interrupts are off, as all who take it expect. */
static struct block_lock *block_lock(const struct lt_pages *p, unsigned long nr)
	__acquires(lock)
{
	struct block_lock *l = lock_of(p, nr);

	lockdep_assert_irqs_disabled();
	raw_spin_lock(&l->lock);
	raw_write_seqcount_begin(&l->seq);
	return l;
}

static void block_unlock(struct block_lock *l)
	__releases(lock)
{
	raw_write_seqcount_end(&l->seq);
	raw_spin_unlock(&l->lock);
}

struct block_locks {
	struct block_lock *first;
	struct block_lock *second;	/* NULL: the same */
};

/* Of two blocks; under p->lock. */
static struct block_locks blocks_lock(const struct lt_pages *p, unsigned long nr,
				      unsigned long other)
	__acquires(lock) __acquires(lock)
{
	struct block_lock *a = lock_of(p, nr), *b = lock_of(p, other);
	struct block_locks l = { min(a, b), a == b ? NULL : max(a, b) };

	raw_spin_lock(&l.first->lock);
	raw_write_seqcount_begin(&l.first->seq);
	if (l.second) {
		raw_spin_lock_nested(&l.second->lock, SINGLE_DEPTH_NESTING);
		raw_write_seqcount_begin(&l.second->seq);
	} else {
		__acquire(lock);	/* for sparse: always two */
	}
	return l;
}

static void blocks_unlock(const struct block_locks *l)
	__releases(lock) __releases(lock)
{
	if (l->second)
		block_unlock(l->second);
	else
		__release(lock);
	block_unlock(l->first);
}

/* The block @nr or NULL. Under its lock. */
static struct lt_block *block_find(const struct lt_pages *p, unsigned long nr)
{
	struct lt_block *b = lt_pool_at(pool, buckets[bucket_of(p, nr)]);

	while (b && (b->nr != nr || b->pages != p))
		b = lt_pool_at(pool, b->next);
	return b;
}

/* The first block from @nr on, or NULL. Under p->lock. */
static struct lt_block *block_next(const struct lt_pages *p, unsigned long nr)
{
	struct rb_node *n = p->blocks.rb_node;
	struct lt_block *b, *above = NULL;

	while (n) {
		b = rb_entry(n, struct lt_block, node);
		if (b->nr == nr)
			return b;
		if (nr < b->nr)
			above = b;
		n = nr < b->nr ? n->rb_left : n->rb_right;
	}
	return above;
}

/* Under p->lock and the block's, like the next two. There is none of its number yet. */
static void block_insert(struct lt_pages *p, struct lt_block *b)
{
	u32 *bucket = &buckets[bucket_of(p, b->nr)];
	struct rb_node **link = &p->blocks.rb_node, *parent = NULL;

	while (*link) {
		parent = *link;
		link = b->nr < rb_entry(parent, struct lt_block, node)->nr ?
		       &parent->rb_left : &parent->rb_right;
	}
	rb_link_node(&b->node, parent, link);
	rb_insert_color(&b->node, &p->blocks);
	WRITE_ONCE(b->next, *bucket);
	WRITE_ONCE(*bucket, b->index);
}

static void block_remove(struct lt_pages *p, struct lt_block *b)
{
	u32 *link = &buckets[bucket_of(p, b->nr)];

	while (*link != b->index)
		link = &((struct lt_block *)lt_pool_cell(pool, *link))->next;
	WRITE_ONCE(*link, b->next);
	rb_erase(&b->node, &p->blocks);
}

/* Adds an empty block that is not there yet. NULL: no cell is free. */
static struct lt_block *block_add(struct lt_pages *p, unsigned long nr)
{
	struct lt_block *b;
	u32 index;

	index = lt_pool_alloc(pool);
	if (!index)
		return NULL;
	b = lt_pool_cell(pool, index);
	memset(b, 0, sizeof(*b));
	b->pages = p;
	b->nr = nr;
	b->index = index;
	block_insert(p, b);
	return b;
}

/* Frees a block without live pages. Under p->lock and the block's. */
static void block_drop_if_empty(struct lt_pages *p, struct lt_block *b)
{
	int i;

	if (b->nlive)
		return;
	block_remove(p, b);
	for (i = 0; i < BLOCK_CELLS; i++)
		if (b->births[i])
			lt_pool_free(pool, b->births[i]);
	lt_pool_free(pool, b->index);
}

/* The birth of a page that was touched since attach; NULL: it has no cell. */
static struct page_birth *block_birth(const struct lt_block *b, unsigned int i)
{
	struct page_birth *cell = lt_pool_at(pool, b->births[i / CELL_PAGES]);

	return cell ? &cell[i % CELL_PAGES] : NULL;
}

/* Where to write the birth of a page; NULL: no cell is free. */
static struct page_birth *block_birth_slot(struct lt_block *b, unsigned int i)
{
	u32 *index = &b->births[i / CELL_PAGES];

	if (!*index)
		*index = lt_pool_alloc(pool);
	return block_birth(b, i);
}

static u32 tick_of(const struct lt_pages *p, u64 now_ns)
{
	return (now_ns - p->target->attached_ns) >> TICK_SHIFT;
}

/* Counted back from now: a u32 of ticks wraps after 52 days. */
static u64 time_of(const struct lt_pages *p, u32 tick, u64 now_ns)
{
	u64 ticks = (now_ns - p->target->attached_ns) >> TICK_SHIFT;

	return p->target->attached_ns + ((ticks - (u32)((u32)ticks - tick)) << TICK_SHIFT);
}

static void not_tracked(struct lt_target *t, unsigned int n, bool again)
{
	atomic64_add(n, &t->kind[LEAKTRACE_KIND_PAGE].untracked);
	if (!again)
		lt_target_lost(t, LT_LOST_OBJECTS, n);
	lt_target_inexact(t, LEAKTRACE_INEXACT_TABLE_FULL);
}

/* Under the block's lock. False: no cell is free for it. */
static bool block_set_live(struct lt_block *b, unsigned int i, u32 site, u32 tick)
{
	struct page_birth *birth = block_birth_slot(b, i);

	if (!birth)
		return false;
	*birth = (struct page_birth){ site, tick };
	__set_bit(i, b->live);
	b->nlive++;
	return true;
}

static void block_set_baseline(struct lt_block *b, unsigned int i)
{
	__set_bit(i, b->live);
	__set_bit(i, b->baseline);
	b->nlive++;
	b->nbaseline++;
}

/* As block_find(), of a chain that may change meanwhile. False: not to be known so. */
static bool is_live_unlocked(const struct lt_pages *p, unsigned long page, bool *live)
{
	unsigned long nr = page / LT_BLOCK_PAGES;
	u32 index = READ_ONCE(buckets[bucket_of(p, nr)]);
	const struct lt_block *b;
	unsigned int steps;

	for (steps = 0; steps < UNLOCKED_STEPS; steps++, index = READ_ONCE(b->next)) {
		b = lt_pool_at(pool, index);
		*live = false;
		if (!b)
			return true;
		if (READ_ONCE(b->nr) != nr || READ_ONCE(b->pages) != p)
			continue;
		*live = test_bit(page % LT_BLOCK_PAGES, b->live);
		return true;
	}
	return false;
}

static noinline bool is_live_locked(struct lt_pages *p, unsigned long page)
{
	struct block_lock *l;
	unsigned long flags;
	struct lt_block *b;
	bool live;

	local_irq_save(flags);
	l = block_lock(p, page / LT_BLOCK_PAGES);
	b = block_find(p, page / LT_BLOCK_PAGES);
	live = b && test_bit(page % LT_BLOCK_PAGES, b->live);
	block_unlock(l);
	local_irq_restore(flags);
	return live;
}

/**
 * lt_page_is_live() - is this page known to be populated
 * @p: pages of an address space
 * @page: address / PAGE_SIZE
 *
 * Context: any but interrupts. Writes nothing that other CPUs read.
 * Return: whether it is.
 */
bool lt_page_is_live(struct lt_pages *p, unsigned long page)
{
	struct block_lock *l = lock_of(p, page / LT_BLOCK_PAGES);
	unsigned int seq, tries;
	bool known, live;

	for (tries = 0; tries < UNLOCKED_TRIES; tries++) {
		seq = raw_read_seqcount(&l->seq);
		if (seq & 1)
			continue;
		known = is_live_unlocked(p, page, &live);
		if (!read_seqcount_retry(&l->seq, seq) && known)
			return live;
	}
	return is_live_locked(p, page);
}

static noinline void page_emit(struct lt_pages *p, enum leaktrace_event_op op, unsigned long page,
			       unsigned int n, u32 site, u32 stack, u64 now_ns)
{
	struct lt_event e = {
		.time_ns = now_ns, .id = (u64)page << PAGE_SHIFT, .target = p->target->id,
		.site = site, .stack = stack, .tid = current->pid, .count = n,
		.op = op, .kind = LEAKTRACE_KIND_PAGE,
	};

	lt_ring_put(p->target, &e);
}

static void page_notify(struct lt_pages *p, enum leaktrace_event_op op, unsigned long page,
			unsigned int n, u32 site, u32 stack, u64 now_ns)
{
	if (lt_ring_wanted(now_ns))
		page_emit(p, op, page, n, site, stack, now_ns);
}

enum birth {
	BORN,
	WAS_LIVE,
	NO_BLOCK,
	NO_CELL,
};

static enum birth born_if_absent(struct lt_pages *p, struct lt_block *b, unsigned long page,
				 const struct page_birth *birth)
{
	unsigned int i = page % LT_BLOCK_PAGES;

	if (test_bit(i, b->live))
		return WAS_LIVE;
	if (!block_set_live(b, i, birth->site, birth->tick))
		return NO_CELL;
	lt_count_births(p->target, LEAKTRACE_KIND_PAGE, 1);
	return BORN;
}

static enum birth born_in_block(struct lt_pages *p, unsigned long page,
				const struct page_birth *birth)
{
	struct block_lock *l = block_lock(p, page / LT_BLOCK_PAGES);
	struct lt_block *b = block_find(p, page / LT_BLOCK_PAGES);
	enum birth done = NO_BLOCK;

	if (b)
		done = born_if_absent(p, b, page, birth);
	block_unlock(l);
	return done;
}

/* The first birth in its block, unless another CPU is faster. Interrupts are off. */
static noinline enum birth born_in_new_block(struct lt_pages *p, unsigned long page,
					     const struct page_birth *birth)
{
	unsigned long nr = page / LT_BLOCK_PAGES;
	enum birth done = NO_CELL;
	struct block_lock *l;
	struct lt_block *b;

	raw_spin_lock(&p->lock);
	l = block_lock(p, nr);
	b = block_find(p, nr) ?: block_add(p, nr);
	if (b) {
		done = born_if_absent(p, b, page, birth);
		block_drop_if_empty(p, b);
	}
	block_unlock(l);
	raw_spin_unlock(&p->lock);
	return done;
}

/**
 * lt_page_born() - a page is touched for the first time
 * @p: pages of an address space
 * @page: address / PAGE_SIZE
 * @site: where, 0 if unknown
 * @now_ns: when
 * @again: it may have been touched before, and counted as lost
 *
 * Context: any but interrupts.
 * Return: false if it was live already, or cannot be tracked (counted).
 */
bool lt_page_born(struct lt_pages *p, unsigned long page, u32 site, u64 now_ns, bool again)
{
	struct page_birth birth = { site, tick_of(p, now_ns) };
	enum birth done;
	unsigned long flags;

	local_irq_save(flags);
	done = born_in_block(p, page, &birth);
	if (done == NO_BLOCK)
		done = born_in_new_block(p, page, &birth);
	local_irq_restore(flags);
	if (done == NO_CELL)
		not_tracked(p->target, 1, again);
	if (done != BORN)
		return false;
	lt_site_born(p->target, site, now_ns);
	page_notify(p, LEAKTRACE_EVENT_BORN, page, 1, site, lt_site_stack(site), now_ns);
	return true;
}

/**
 * lt_page_rewalked() - the whole stack of a page's birth is known now
 * @p: pages of an address space
 * @page: address / PAGE_SIZE
 * @born_ns: when it was born; 0: it is known to be the same
 * @cut: the stack that it was captured with
 * @stack: the whole one
 *
 * Context: any but interrupts.
 * Return: its site; 0 if it does not live any more.
 */
u32 lt_page_rewalked(struct lt_pages *p, unsigned long page, u64 born_ns, u32 cut, u32 stack)
{
	unsigned int i = page % LT_BLOCK_PAGES;
	struct page_birth *birth = NULL;
	struct block_lock *l;
	unsigned long flags;
	struct lt_block *b;
	u32 site = 0;

	local_irq_save(flags);
	l = block_lock(p, page / LT_BLOCK_PAGES);
	b = block_find(p, page / LT_BLOCK_PAGES);
	if (b && test_bit(i, b->live) && !test_bit(i, b->baseline))
		birth = block_birth(b, i);
	if (birth && (!born_ns || birth->tick == tick_of(p, born_ns))) {
		site = lt_site_move(p->target, birth->site, cut, stack,
				    time_of(p, birth->tick, lt_now_ns()));
		birth->site = site;
	}
	block_unlock(l);
	local_irq_restore(flags);
	return site;
}

/**
 * lt_page_baseline() - pages of a block that were populated before attach
 * @p: pages of an address space
 * @nr: the block's number
 * @populated: 512 bits; those that live already stay as they are
 *
 * Context: may sleep.
 */
void lt_page_baseline(struct lt_pages *p, unsigned long nr, const unsigned long *populated)
{
	struct lt_kind_stats *k = &p->target->kind[LEAKTRACE_KIND_PAGE];
	unsigned long new[BITS_TO_LONGS(LT_BLOCK_PAGES)], flags;
	unsigned int n = bitmap_weight(populated, LT_BLOCK_PAGES);
	struct block_lock *l;
	struct lt_block *b;

	if (!n)
		return;
	raw_spin_lock_irqsave(&p->lock, flags);
	l = block_lock(p, nr);
	b = block_find(p, nr) ?: block_add(p, nr);
	if (b) {
		bitmap_andnot(new, populated, b->live, LT_BLOCK_PAGES);
		bitmap_or(b->live, b->live, new, LT_BLOCK_PAGES);
		bitmap_or(b->baseline, b->baseline, new, LT_BLOCK_PAGES);
		n = bitmap_weight(new, LT_BLOCK_PAGES);
		b->nlive += n;
		b->nbaseline += n;
		atomic64_add(n, &k->baseline);
		atomic64_add(n, &k->baseline_live);
	}
	block_unlock(l);
	raw_spin_unlock_irqrestore(&p->lock, flags);
	if (!b)
		not_tracked(p->target, n, false);
}

/* The run of pages from @i with the same birth, below @end. */
static unsigned int run_of(const struct lt_block *b, unsigned int i, unsigned int end,
			   struct page_birth *birth, bool *baseline)
{
	unsigned int j;

	*baseline = test_bit(i, b->baseline);
	*birth = *baseline ? (struct page_birth){ } : *block_birth(b, i);
	for (j = i + 1; j < end && test_bit(j, b->live); j++) {
		if (test_bit(j, b->baseline) != *baseline)
			break;
		if (!*baseline && memcmp(block_birth(b, j), birth, sizeof(*birth)))
			break;
	}
	return j - i;
}

static void count_deaths(struct lt_pages *p, unsigned long page, unsigned int n,
			 const struct page_birth *birth, bool baseline, u32 stack)
{
	u64 now_ns = lt_now_ns(), born_ns = time_of(p, birth->tick, now_ns);

	lt_count_deaths(p->target, LEAKTRACE_KIND_PAGE, n);
	if (baseline)
		atomic64_sub(n, &p->target->kind[LEAKTRACE_KIND_PAGE].baseline_live);
	else
		lt_site_died(birth->site, n, now_ns > born_ns ? now_ns - born_ns : 0,
			     now_ns, stack);
	page_notify(p, LEAKTRACE_EVENT_DIED, page, n, birth->site, stack, now_ns);
}

/* Counts what is live in [i, end) of a block as dead. It may be empty then. */
static u64 kill_in_block(struct lt_pages *p, struct lt_block *b, unsigned int i,
			 unsigned int end, u32 stack)
{
	u64 killed = 0;

	for (i = find_next_bit(b->live, end, i); i < end;
	     i = find_next_bit(b->live, end, i)) {
		struct page_birth birth;
		bool baseline;
		unsigned int n = run_of(b, i, end, &birth, &baseline);

		count_deaths(p, b->nr * LT_BLOCK_PAGES + i, n, &birth, baseline, stack);
		bitmap_clear(b->live, i, n);
		bitmap_clear(b->baseline, i, n);
		b->nlive -= n;
		b->nbaseline -= baseline ? n : 0;
		killed += n;
		i += n;
	}
	return killed;
}

/*
 * A block that was emptied under its own lock only: until here it is known and empty. By
 * now another may live there, or somebody else has dropped it.
 */
static noinline void block_drop_empty(struct lt_pages *p, unsigned long nr)
{
	struct block_lock *l;
	struct lt_block *b;

	raw_spin_lock(&p->lock);
	l = block_lock(p, nr);
	b = block_find(p, nr);
	if (b)
		block_drop_if_empty(p, b);
	block_unlock(l);
	raw_spin_unlock(&p->lock);
}

/* What is live in [first, end) of block @nr. */
static u64 died_in_block(struct lt_pages *p, unsigned long nr, unsigned long first,
			 unsigned long end, u32 stack)
{
	unsigned long base = nr * LT_BLOCK_PAGES, flags;
	unsigned int i = max(first, base) - base;
	struct block_lock *l;
	struct lt_block *b;
	bool empty = false;
	u64 killed = 0;

	end = min(end - base, (unsigned long)LT_BLOCK_PAGES);
	local_irq_save(flags);
	l = block_lock(p, nr);
	b = block_find(p, nr);
	if (b) {
		killed = kill_in_block(p, b, i, end, stack);
		empty = !b->nlive;
	}
	block_unlock(l);
	if (empty)
		block_drop_empty(p, nr);
	local_irq_restore(flags);
	return killed;
}

/* The number of the first block from @nr on; ULONG_MAX: there is none. */
static unsigned long next_nr(struct lt_pages *p, unsigned long nr)
{
	unsigned long flags;
	struct lt_block *b;

	raw_spin_lock_irqsave(&p->lock, flags);
	b = block_next(p, nr);
	nr = b ? b->nr : ULONG_MAX;
	raw_spin_unlock_irqrestore(&p->lock, flags);
	return nr;
}

/**
 * lt_page_died() - pages are unmapped
 * @p: pages of an address space
 * @first: first page
 * @end: one past the last page
 * @stack: where
 *
 * Context: any but interrupts.
 * Return: how many of them were live.
 */
u64 lt_page_died(struct lt_pages *p, unsigned long first, unsigned long end, u32 stack)
{
	unsigned long nr = first / LT_BLOCK_PAGES, last = (end - 1) / LT_BLOCK_PAGES;
	u64 killed = 0;

	if (first >= end)
		return 0;
	for (; nr <= last; nr++) {
		/* Within one block, the tree's lock is not needed. */
		if (nr != last)
			nr = next_nr(p, nr);
		if (nr > last)
			break;
		killed += died_in_block(p, nr, first, end, stack);
	}
	return killed;
}

/*
 * Frees a live page's slot without a death; the block may be gone afterwards. This and what
 * follows, up to lt_page_moved(): under p->lock and the locks of both blocks.
 */
static void page_vacate(struct lt_pages *p, struct lt_block *b, unsigned int i)
{
	__clear_bit(i, b->live);
	b->nlive--;
	b->nbaseline -= __test_and_clear_bit(i, b->baseline);
	block_drop_if_empty(p, b);
}

/* The baseline listed the page at its new address before we heard of the move. */
static void drop_baseline(struct lt_pages *p, struct lt_block *b, unsigned int i)
{
	struct lt_kind_stats *k = &p->target->kind[LEAKTRACE_KIND_PAGE];

	page_vacate(p, b, i);
	atomic64_dec(&k->baseline);
	atomic64_dec(&k->baseline_live);
}

/* The page has no slot there. False: there is no cell for it. */
static bool put_moved(struct lt_pages *p, unsigned long page, const struct page_birth *birth,
		      bool baseline)
{
	unsigned long nr = page / LT_BLOCK_PAGES;
	struct lt_block *b = block_find(p, nr) ?: block_add(p, nr);
	bool fits = b;

	if (b && baseline)
		block_set_baseline(b, page % LT_BLOCK_PAGES);
	else if (b)
		fits = block_set_live(b, page % LT_BLOCK_PAGES, birth->site, birth->tick);
	if (b)
		block_drop_if_empty(p, b);
	return fits;
}

/* One page to a new address, with its birth. */
static bool page_move_one(struct lt_pages *p, unsigned long from, unsigned long to)
{
	struct lt_block *b = block_find(p, from / LT_BLOCK_PAGES);
	unsigned int i = from % LT_BLOCK_PAGES, j = to % LT_BLOCK_PAGES;
	struct page_birth birth = { };
	bool baseline;

	if (!b || !test_bit(i, b->live))
		return false;
	baseline = test_bit(i, b->baseline);
	if (!baseline)
		birth = *block_birth(b, i);
	page_vacate(p, b, i);

	/* If a reconcile or a fault has found it there already, it knew less of its birth. */
	b = block_find(p, to / LT_BLOCK_PAGES);
	if (b && test_bit(j, b->baseline)) {
		drop_baseline(p, b, j);
	} else if (b) {
		kill_in_block(p, b, j, j + 1, 0);
		block_drop_if_empty(p, b);
	}
	if (put_moved(p, to, &birth, baseline))
		return true;
	count_deaths(p, from, 1, &birth, baseline, 0);
	not_tracked(p->target, 1, false);
	return false;
}

/* How many pages from live page @i on move as one: all baseline or none, by one cell each. */
static unsigned int movable_run(const struct lt_block *b, unsigned int i, unsigned int end,
				unsigned int j, bool baseline)
{
	unsigned int most = CELL_PAGES - max(i % CELL_PAGES, j % CELL_PAGES);

	end = min(end, i + most);
	end = find_next_zero_bit(b->live, end, i);
	return (baseline ? find_next_zero_bit(b->baseline, end, i) :
		find_next_bit(b->baseline, end, i)) - i;
}

/*
 * The @n pages of block @b from @i on to @j of block @to, where none is live. Return: how
 * many slots of @b are done; the next one has no cell for its birth.
 */
static unsigned int page_move_run(struct lt_block *b, unsigned int i, struct lt_block *to,
				  unsigned int j, unsigned int n, u32 *moved)
{
	unsigned int at, new, len, end = i + n;
	struct page_birth *birth;
	bool baseline;

	for (at = i; (at = find_next_bit(b->live, end, at)) < end; at += len) {
		new = at - i + j;
		baseline = test_bit(at, b->baseline);
		len = movable_run(b, at, end, new, baseline);
		birth = baseline ? NULL : block_birth_slot(to, new);
		if (!baseline && !birth)
			return at - i;
		if (birth)
			memcpy(birth, block_birth(b, at), len * sizeof(*birth));
		if (baseline) {
			bitmap_clear(b->baseline, at, len);
			bitmap_set(to->baseline, new, len);
			b->nbaseline -= len;
			to->nbaseline += len;
		}
		bitmap_clear(b->live, at, len);
		bitmap_set(to->live, new, len);
		b->nlive -= len;
		to->nlive += len;
		*moved += len;
	}
	return n;
}

/*
 * Pages of one block to one other. Where all of it moves to where nothing is known it only
 * gets another number. Return: how many of the @n pages are done.
 */
static unsigned int page_move_some(struct lt_pages *p, unsigned long from, unsigned long to,
				   unsigned int n, u32 *moved)
{
	struct lt_block *b = block_find(p, from / LT_BLOCK_PAGES);
	struct lt_block *new = block_find(p, to / LT_BLOCK_PAGES);
	unsigned int j = to % LT_BLOCK_PAGES, done = 0;

	if (n == LT_BLOCK_PAGES && !new) {
		*moved += b->nlive;
		block_remove(p, b);
		b->nr = to / LT_BLOCK_PAGES;
		block_insert(p, b);
		return n;
	}
	if (!new)
		new = block_add(p, to / LT_BLOCK_PAGES);
	if (new && find_next_bit(new->live, j + n, j) == j + n) {
		done = page_move_run(b, from % LT_BLOCK_PAGES, new, j, n, moved);
		block_drop_if_empty(p, b);
		if (new != b)
			block_drop_if_empty(p, new);
	}
	if (!done) {
		*moved += page_move_one(p, from, to);
		done = 1;
	}
	return done;
}

/**
 * lt_page_moved() - mremap moved pages, alive
 * @p: pages of an address space
 * @from: first page
 * @to: where it is now
 * @n: pages of the moved mapping, live or not
 *
 * Context: may sleep.
 */
void lt_page_moved(struct lt_pages *p, unsigned long from, unsigned long to, unsigned long n)
{
	struct lt_kind_stats *k = &p->target->kind[LEAKTRACE_KIND_PAGE];
	unsigned long i = 0, most, flags;
	struct block_locks locks;
	struct lt_block *b;
	u32 moved;

	while (i < n) {
		moved = 0;
		raw_spin_lock_irqsave(&p->lock, flags);
		b = block_next(p, (from + i) / LT_BLOCK_PAGES);
		/* holes are skipped */
		if (b && b->nr * LT_BLOCK_PAGES > from + i)
			i = b->nr * LT_BLOCK_PAGES - from;
		most = min3(n - i, LT_BLOCK_PAGES - (from + i) % LT_BLOCK_PAGES,
			    LT_BLOCK_PAGES - (to + i) % LT_BLOCK_PAGES);
		if (b && i < n) {
			locks = blocks_lock(p, b->nr, (to + i) / LT_BLOCK_PAGES);
			i += page_move_some(p, from + i, to + i, most, &moved);
			blocks_unlock(&locks);
		} else {
			i = n;
		}
		raw_spin_unlock_irqrestore(&p->lock, flags);
		atomic64_add(moved, &k->moved);
		cond_resched();
	}
}

/**
 * lt_page_block() - what is known of the next block
 * @p: pages of an address space
 * @from: block number to start at
 * @block: set to the number of the first block at or above @from
 * @live: 512 bits, set to its live pages
 * @young: 512 bits, set to those born after @since_ns
 * @since_ns: not long ago
 *
 * Context: any but interrupts.
 * Return: false if there is none.
 */
bool lt_page_block(struct lt_pages *p, unsigned long from, unsigned long *block,
		   unsigned long *live, unsigned long *young, u64 since_ns)
{
	struct block_lock *l;
	unsigned long flags;
	struct lt_block *b;
	unsigned int i;
	u32 now, age;

	raw_spin_lock_irqsave(&p->lock, flags);
	b = block_next(p, from);
	if (b) {
		l = block_lock(p, b->nr);
		now = tick_of(p, lt_now_ns());	/* under the lock: no birth is later */
		age = now - tick_of(p, since_ns);
		*block = b->nr;
		bitmap_copy(live, b->live, LT_BLOCK_PAGES);
		bitmap_zero(young, LT_BLOCK_PAGES);
		for_each_set_bit(i, b->live, LT_BLOCK_PAGES)
			if (!test_bit(i, b->baseline) && now - block_birth(b, i)->tick < age)
				__set_bit(i, young);
		block_unlock(l);
	}
	raw_spin_unlock_irqrestore(&p->lock, flags);
	return b;
}

static bool run_in_block(const struct lt_pages *p, const struct lt_block *b, unsigned int i,
			 struct lt_page_run *run)
{
	struct page_birth birth;

	i = find_next_bit(b->live, LT_BLOCK_PAGES, i);
	if (i == LT_BLOCK_PAGES)
		return false;
	run->n = run_of(b, i, LT_BLOCK_PAGES, &birth, &run->baseline);
	run->page = b->nr * LT_BLOCK_PAGES + i;
	run->site = birth.site;
	run->born_ns = run->baseline ? 0 : time_of(p, birth.tick, lt_now_ns());
	return true;
}

/**
 * lt_page_next_run() - the next run of pages with one birth
 * @p: pages of an address space
 * @from: page to start at
 * @run: filled in
 *
 * Context: any but interrupts.
 * Return: false if there is none.
 */
bool lt_page_next_run(struct lt_pages *p, unsigned long from, struct lt_page_run *run)
{
	unsigned long nr = from / LT_BLOCK_PAGES, flags;
	unsigned int i = from % LT_BLOCK_PAGES;
	struct block_lock *l;
	struct lt_block *b;
	bool found = false;

	raw_spin_lock_irqsave(&p->lock, flags);
	for (; !found && (b = block_next(p, nr)); nr = b->nr + 1, i = 0) {
		l = block_lock(p, b->nr);
		found = run_in_block(p, b, b->nr == nr ? i : 0, run);
		block_unlock(l);
	}
	raw_spin_unlock_irqrestore(&p->lock, flags);
	return found;
}

/**
 * lt_page_forget() - free the whole table of an address space
 * @p: pages of an address space; no probe can reach it any more
 *
 * Context: may sleep.
 */
void lt_page_forget(struct lt_pages *p)
{
	struct block_lock *l;
	unsigned long flags;
	struct lt_block *b;

	for (;;) {
		raw_spin_lock_irqsave(&p->lock, flags);
		b = rb_entry_safe(rb_first(&p->blocks), struct lt_block, node);
		if (b) {
			l = block_lock(p, b->nr);
			b->nlive = 0;
			block_drop_if_empty(p, b);
			block_unlock(l);
		}
		raw_spin_unlock_irqrestore(&p->lock, flags);
		if (!b)
			return;
		cond_resched();
	}
}
