// SPDX-License-Identifier: GPL-2.0
/*
 * The live-object table of pages: born, died, moved, and what is live. How it
 * is kept is block.c's.
 *
 * Times are kept in ticks of about a millisecond since attach.
 *
 * Lock: lt_mm.lock, raw. Held for one block at a time, so unmapping a terabyte
 * does not keep interrupts off. Site and pool locks nest inside.
 */
#include <linux/mm.h>

#include "block.h"

static u32 tick_of(const struct lt_mm *m, u64 now_ns)
{
	return (now_ns - m->target->attached_ns) >> TICK_SHIFT;
}

/* Counted back from now: ticks run over after 52 days. */
static u64 time_of(const struct lt_mm *m, u32 tick, u64 now_ns)
{
	u64 ticks = (now_ns - m->target->attached_ns) >> TICK_SHIFT;

	return m->target->attached_ns + ((ticks - (u32)((u32)ticks - tick)) << TICK_SHIFT);
}

static void not_tracked(struct lt_target *t, unsigned int n, bool again)
{
	atomic64_add(n, &t->kind[LEAKTRACE_KIND_PAGE].untracked);
	if (!again)
		lt_lose(t, LT_LOST_OBJECTS, n);
	lt_inexact(t, LEAKTRACE_INEXACT_TABLE_FULL);
}

/* A birth that fills one slot; the caller holds m->lock. */
static bool set_live(struct lt_mm *m, unsigned long page, u32 site, u32 tick)
{
	unsigned long nr = page / LT_BLOCK_PAGES;
	unsigned int i = page % LT_BLOCK_PAGES;
	struct lt_block *b = lt_block_find(m, nr, false) ?: lt_block_add(m, nr);
	struct lt_page_birth *birth;

	if (!b)
		return false;
	birth = lt_birth_for(b, i);
	if (!birth) {
		lt_block_drop_if_empty(m, b);
		return false;
	}
	*birth = (struct lt_page_birth){ site, tick };
	__set_bit(i, b->live);
	b->nlive++;
	return true;
}

/* A slot of a page whose birth nobody saw; the caller holds m->lock. */
static bool set_baseline(struct lt_mm *m, unsigned long page)
{
	unsigned long nr = page / LT_BLOCK_PAGES;
	unsigned int i = page % LT_BLOCK_PAGES;
	struct lt_block *b = lt_block_find(m, nr, false) ?: lt_block_add(m, nr);

	if (!b)
		return false;
	__set_bit(i, b->live);
	__set_bit(i, b->baseline);
	b->nlive++;
	b->nbaseline++;
	return true;
}

static bool is_live(struct lt_mm *m, unsigned long page)
{
	struct lt_block *b = lt_block_find(m, page / LT_BLOCK_PAGES, false);

	return b && test_bit(page % LT_BLOCK_PAGES, b->live);
}

/**
 * lt_page_is_live() - is this page known to be populated
 * @m: address space
 * @page: address / PAGE_SIZE
 *
 * Context: any but interrupts.
 * Return: whether it is.
 */
bool lt_page_is_live(struct lt_mm *m, unsigned long page)
{
	unsigned long flags;
	bool live;

	raw_spin_lock_irqsave(&m->lock, flags);
	live = is_live(m, page);
	raw_spin_unlock_irqrestore(&m->lock, flags);
	return live;
}

static noinline void put(struct lt_mm *m, enum leaktrace_event_op op, unsigned long page,
			 unsigned int n, u32 site, u32 stack, u64 now_ns)
{
	struct lt_event e = {
		.time_ns = now_ns, .id = (u64)page << PAGE_SHIFT, .target = m->target->id,
		.site = site, .stack = stack, .tid = current->pid, .count = n,
		.op = op, .kind = LEAKTRACE_KIND_PAGE,
	};

	lt_ring_put(&e);
}

static void tell(struct lt_mm *m, enum leaktrace_event_op op, unsigned long page,
		 unsigned int n, u32 site, u32 stack, u64 now_ns)
{
	if (lt_ring_wanted(now_ns))
		put(m, op, page, n, site, stack, now_ns);
}

/**
 * lt_page_born() - a page is touched for the first time
 * @m: address space
 * @page: address / PAGE_SIZE
 * @site: where, 0 if unknown
 * @now_ns: when
 * @again: it may have been touched before, and counted as lost
 *
 * Context: any but interrupts.
 * Return: false if it was live already, or there is no room (counted).
 */
bool lt_page_born(struct lt_mm *m, unsigned long page, u32 site, u64 now_ns, bool again)
{
	struct lt_kind_stats *k = &m->target->kind[LEAKTRACE_KIND_PAGE];
	bool was_live, fits = false;
	unsigned long flags;

	raw_spin_lock_irqsave(&m->lock, flags);
	was_live = is_live(m, page);
	if (!was_live)
		fits = set_live(m, page, site, tick_of(m, now_ns));
	raw_spin_unlock_irqrestore(&m->lock, flags);
	if (!was_live && !fits)
		not_tracked(m->target, 1, again);
	if (!fits)
		return false;
	atomic64_inc(&k->born);
	lt_site_born(site, 1, now_ns);
	tell(m, LEAKTRACE_EVENT_BORN, page, 1, site, lt_site_stack(site), now_ns);
	return true;
}

/**
 * lt_page_walked_again() - the whole stack of a page's birth is known now
 * @m: address space
 * @page: address / PAGE_SIZE
 * @born_ns: when it was born; 0: it is known to be the same
 * @cut: the stack that it was captured with
 * @stack: the whole one
 *
 * Context: any but interrupts.
 * Return: its site; 0 if it does not live any more.
 */
u32 lt_page_walked_again(struct lt_mm *m, unsigned long page, u64 born_ns, u32 cut, u32 stack)
{
	unsigned int i = page % LT_BLOCK_PAGES;
	struct lt_page_birth *birth = NULL;
	unsigned long flags;
	struct lt_block *b;
	u32 site = 0;

	raw_spin_lock_irqsave(&m->lock, flags);
	b = lt_block_find(m, page / LT_BLOCK_PAGES, false);
	if (b && test_bit(i, b->live) && !test_bit(i, b->baseline))
		birth = lt_birth_of(b, i);
	if (birth && (!born_ns || birth->tick == tick_of(m, born_ns))) {
		site = lt_site_move(m->target, birth->site, cut, stack,
				    time_of(m, birth->tick, lt_now_ns()));
		birth->site = site;
	}
	raw_spin_unlock_irqrestore(&m->lock, flags);
	return site;
}

/**
 * lt_page_baseline() - pages of a block that were populated before attach
 * @m: address space
 * @nr: the block's number
 * @populated: 512 bits; those that live already stay as they are
 *
 * Context: may sleep.
 */
void lt_page_baseline(struct lt_mm *m, unsigned long nr, const unsigned long *populated)
{
	struct lt_kind_stats *k = &m->target->kind[LEAKTRACE_KIND_PAGE];
	unsigned long new[BITS_TO_LONGS(LT_BLOCK_PAGES)], flags;
	unsigned int n = bitmap_weight(populated, LT_BLOCK_PAGES);
	struct lt_block *b;

	if (!n)
		return;
	raw_spin_lock_irqsave(&m->lock, flags);
	b = lt_block_find(m, nr, false) ?: lt_block_add(m, nr);
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
	raw_spin_unlock_irqrestore(&m->lock, flags);
	if (!b)
		not_tracked(m->target, n, false);
}

/* The run of pages from @i with the same birth, below @end. */
static unsigned int run_of(const struct lt_block *b, unsigned int i, unsigned int end,
			   struct lt_page_birth *birth, bool *baseline)
{
	unsigned int j;

	*baseline = test_bit(i, b->baseline);
	*birth = *baseline ? (struct lt_page_birth){ } : *lt_birth_of(b, i);
	for (j = i + 1; j < end && test_bit(j, b->live); j++) {
		if (test_bit(j, b->baseline) != *baseline)
			break;
		if (!*baseline && memcmp(lt_birth_of(b, j), birth, sizeof(*birth)))
			break;
	}
	return j - i;
}

static void count_deaths(struct lt_mm *m, unsigned long page, unsigned int n,
			 const struct lt_page_birth *birth, bool baseline, u32 stack)
{
	struct lt_kind_stats *k = &m->target->kind[LEAKTRACE_KIND_PAGE];
	u64 now_ns = lt_now_ns(), born_ns = time_of(m, birth->tick, now_ns);

	atomic64_add(n, &k->died);
	if (baseline)
		atomic64_sub(n, &k->baseline_live);
	else
		lt_site_died(birth->site, n, now_ns > born_ns ? now_ns - born_ns : 0,
			     now_ns, stack);
	tell(m, LEAKTRACE_EVENT_DIED, page, n, birth->site, stack, now_ns);
}

/* Kills what is live in [i, end) of a block; the block may be gone then. */
static u64 kill_in_block(struct lt_mm *m, struct lt_block *b, unsigned int i,
			 unsigned int end, u32 stack)
{
	u64 killed = 0;

	for (i = find_next_bit(b->live, end, i); i < end;
	     i = find_next_bit(b->live, end, i)) {
		struct lt_page_birth birth;
		bool baseline;
		unsigned int n = run_of(b, i, end, &birth, &baseline);

		count_deaths(m, b->nr * LT_BLOCK_PAGES + i, n, &birth, baseline, stack);
		bitmap_clear(b->live, i, n);
		bitmap_clear(b->baseline, i, n);
		b->nlive -= n;
		b->nbaseline -= baseline ? n : 0;
		killed += n;
		i += n;
	}
	lt_block_drop_if_empty(m, b);
	return killed;
}

/**
 * lt_page_died() - pages are unmapped
 * @m: address space
 * @first: first page
 * @end: one past the last page
 * @stack: where
 *
 * Context: any but interrupts.
 * Return: how many of them were live.
 */
u64 lt_page_died(struct lt_mm *m, unsigned long first, unsigned long end, u32 stack)
{
	unsigned long nr = first / LT_BLOCK_PAGES, flags;
	struct lt_block *b;
	u64 killed = 0;

	for (;;) {
		raw_spin_lock_irqsave(&m->lock, flags);
		b = lt_block_find(m, nr, true);
		if (!b || b->nr * LT_BLOCK_PAGES >= end) {
			raw_spin_unlock_irqrestore(&m->lock, flags);
			return killed;
		}
		nr = b->nr;
		killed += kill_in_block(m, b,
					nr == first / LT_BLOCK_PAGES ? first % LT_BLOCK_PAGES : 0,
					min_t(unsigned long, end - nr * LT_BLOCK_PAGES,
					      LT_BLOCK_PAGES), stack);
		raw_spin_unlock_irqrestore(&m->lock, flags);
		nr++;
	}
}

/* A live page leaves its slot, and nobody has died; the block may be gone then. */
static void vacate(struct lt_mm *m, struct lt_block *b, unsigned int i)
{
	__clear_bit(i, b->live);
	b->nlive--;
	b->nbaseline -= __test_and_clear_bit(i, b->baseline);
	lt_block_drop_if_empty(m, b);
}

/* Listed at its new place, before its move was told: the same page once more. */
static void unlist(struct lt_mm *m, struct lt_block *b, unsigned int i)
{
	struct lt_kind_stats *k = &m->target->kind[LEAKTRACE_KIND_PAGE];

	vacate(m, b, i);
	atomic64_dec(&k->baseline);
	atomic64_dec(&k->baseline_live);
}

/* One page to a new address, with its birth. */
static bool move_one(struct lt_mm *m, unsigned long from, unsigned long to)
{
	struct lt_block *b = lt_block_find(m, from / LT_BLOCK_PAGES, false);
	unsigned int i = from % LT_BLOCK_PAGES, j = to % LT_BLOCK_PAGES;
	struct lt_page_birth birth = { };
	bool baseline;

	if (!b || !test_bit(i, b->live))
		return false;
	baseline = test_bit(i, b->baseline);
	if (!baseline)
		birth = *lt_birth_of(b, i);
	vacate(m, b, i);

	/* Whoever found it there meanwhile knows less of its birth. */
	b = lt_block_find(m, to / LT_BLOCK_PAGES, false);
	if (b && test_bit(j, b->baseline))
		unlist(m, b, j);
	else if (b)
		kill_in_block(m, b, j, j + 1, 0);
	if (baseline ? set_baseline(m, to) : set_live(m, to, birth.site, birth.tick))
		return true;
	count_deaths(m, from, 1, &birth, baseline, 0);
	not_tracked(m->target, 1, false);
	return false;
}

/**
 * lt_page_moved() - mremap moved pages, alive
 * @m: address space
 * @from: first page
 * @to: where it is now
 * @n: pages of the moved mapping, live or not
 *
 * Context: may sleep.
 */
void lt_page_moved(struct lt_mm *m, unsigned long from, unsigned long to, unsigned long n)
{
	struct lt_kind_stats *k = &m->target->kind[LEAKTRACE_KIND_PAGE];
	unsigned long i = 0, flags;
	struct lt_block *b;

	while (i < n) {
		raw_spin_lock_irqsave(&m->lock, flags);
		b = lt_block_find(m, (from + i) / LT_BLOCK_PAGES, true);
		/* holes are skipped */
		if (b && b->nr * LT_BLOCK_PAGES > from + i)
			i = b->nr * LT_BLOCK_PAGES - from;
		if (b && i < n)
			atomic64_add(move_one(m, from + i, to + i), &k->moved);
		i = b ? i + 1 : n;
		raw_spin_unlock_irqrestore(&m->lock, flags);
		cond_resched();
	}
}

/**
 * lt_page_block() - what is known of the next block
 * @m: address space
 * @from: block number to start at
 * @block: set to the number of the first block at or above @from
 * @live: 512 bits, set to its live pages
 * @young: 512 bits, set to those born in the last second
 *
 * Context: any but interrupts.
 * Return: false if there is none.
 */
bool lt_page_block(struct lt_mm *m, unsigned long from, unsigned long *block,
		   unsigned long *live, unsigned long *young)
{
	u32 now, second = NSEC_PER_SEC >> TICK_SHIFT;
	unsigned long flags;
	struct lt_block *b;
	unsigned int i;

	raw_spin_lock_irqsave(&m->lock, flags);
	now = tick_of(m, lt_now_ns());	/* of no birth that is here is it before */
	b = lt_block_find(m, from, true);
	if (b) {
		*block = b->nr;
		bitmap_copy(live, b->live, LT_BLOCK_PAGES);
		bitmap_zero(young, LT_BLOCK_PAGES);
		for_each_set_bit(i, b->live, LT_BLOCK_PAGES)
			if (!test_bit(i, b->baseline) && now - lt_birth_of(b, i)->tick <= second)
				__set_bit(i, young);
	}
	raw_spin_unlock_irqrestore(&m->lock, flags);
	return b;
}

/**
 * lt_page_next_run() - the next run of pages with one birth
 * @m: address space
 * @from: page to start at
 * @run: filled in
 *
 * Context: any but interrupts.
 * Return: false if there is none.
 */
bool lt_page_next_run(struct lt_mm *m, unsigned long from, struct lt_page_run *run)
{
	unsigned long nr = from / LT_BLOCK_PAGES, flags;
	unsigned int i = from % LT_BLOCK_PAGES;
	struct lt_page_birth birth;
	struct lt_block *b;

	raw_spin_lock_irqsave(&m->lock, flags);
	for (;; nr = b->nr + 1, i = 0) {
		b = lt_block_find(m, nr, true);
		if (!b)
			break;
		if (b->nr != nr)
			i = 0;
		i = find_next_bit(b->live, LT_BLOCK_PAGES, i);
		if (i == LT_BLOCK_PAGES)
			continue;
		run->n = run_of(b, i, LT_BLOCK_PAGES, &birth, &run->baseline);
		run->page = b->nr * LT_BLOCK_PAGES + i;
		run->site = birth.site;
		run->born_ns = run->baseline ? 0 : time_of(m, birth.tick, lt_now_ns());
		break;
	}
	raw_spin_unlock_irqrestore(&m->lock, flags);
	return b;
}
