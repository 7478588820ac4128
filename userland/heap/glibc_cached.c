// SPDX-License-Identifier: GPL-2.0
/*
 * Free blocks that their headers show as live: those that threads keep for
 * themselves, and those that an arena has not merged yet. Both are linked lists whose
 * links are since 2.32 mixed with the address where they are stored. A thread's list
 * heads are in a block of their own, which is recognised by what is in it.
 */
#include <string.h>

#include "heap/glibc.h"

enum {
	CACHE_BINS = 64,
	CACHE_BLOCK_BYTES = 0x290,
	MIX_SHIFT = 12,
	SINCE_MIXED = 32,
	SINCE_MARK = 34,		/* one mark for all threads; before: the cache's address */
	TRIES = 8,
};

struct cache {				/* struct tcache_perthread_struct */
	uint16_t count[CACHE_BINS];
	uint64_t entry[CACHE_BINS];	/* contents of blocks */
};

struct finder {
	const struct heap_process *process;
	struct glibc *glibc;
	struct heap_blocks *blocks;
	size_t steps;			/* along lists, which may be endless */
};

static uint64_t reveal(const struct glibc *g, uint64_t stored_at, uint64_t stored)
{
	return g->minor && g->minor < SINCE_MIXED ? stored : stored ^ stored_at >> MIX_SHIFT;
}

/* The block that begins at an address, if it has this size and looks live. */
static uint32_t live_block(const struct finder *f, uint64_t at, uint64_t bytes)
{
	uint32_t i = blocks_at(f->blocks, at);
	const struct heap_area *a = i == BLOCK_NONE ? NULL : blocks_area(f->blocks, at);

	return a && block_end(f->blocks, a, i) - at == bytes && block_state(f->blocks, i) == BLOCK_LIVE ? i : BLOCK_NONE;
}

static uint64_t bytes_of_bin(unsigned int bin)
{
	return GLIBC_MIN_BYTES + GLIBC_ALIGN * bin;
}

/* --- lists of an arena --- */

/* False: it changed while it was read. */
static bool follow_fast(struct finder *f, uint64_t at, unsigned int bin)
{
	while (at && f->steps++ < 2 * f->blocks->n) {
		uint32_t i = blocks_at(f->blocks, at);
		uint64_t link = at + 16;

		/* in a second attempt it is what the first one made it */
		if (i == BLOCK_NONE || block_state(f->blocks, i) != BLOCK_FAST)
			i = live_block(f, at, bytes_of_bin(bin));
		if (i == BLOCK_NONE)
			return false;
		block_set_state(f->blocks, i, BLOCK_FAST);
		at = reveal(f->glibc, link, heap_word(f->process, link));
	}
	return true;
}

static bool follow_all_fast(struct finder *f)
{
	bool good = true;

	f->steps = 0;
	for (size_t i = 0; i < f->glibc->n; i++)
		for (int bin = 0; bin < GLIBC_FAST_BINS; bin++)
			good &= follow_fast(f, f->glibc->arena[i].fast[bin], bin);
	f->glibc->torn += !good;
	return good;
}

/* --- lists of a thread --- */

static bool is_cache(const struct finder *f, const struct cache *c, uint64_t at)
{
	unsigned int used = 0;

	for (int bin = 0; bin < CACHE_BINS; bin++) {
		uint64_t entry = c->entry[bin];

		if (!entry != !c->count[bin] || c->count[bin] > f->glibc->cache_limit || entry == at)
			return false;
		if (!entry)
			continue;
		if (live_block(f, entry - 16, bytes_of_bin(bin)) == BLOCK_NONE)
			return false;
		used++;
	}
	return used;
}

/*
 * What tells that a block is in a cache: its second word. And, of a library of unknown
 * version, whether links are mixed, from the last link of a list, which is 0 if not.
 */
static void learn_mark(struct finder *f, uint64_t entry, unsigned int count)
{
	struct glibc *g = f->glibc;

	if (!g->minor && count == 1)
		g->minor = heap_word(f->process, entry) ? GLIBC_NEWEST : GLIBC_OLDEST;
	if (g->minor >= SINCE_MARK)
		g->cache_mark = heap_word(f->process, entry + 8);
}

static void follow_cache(struct finder *f, const struct cache *c)
{
	for (int bin = 0; bin < CACHE_BINS; bin++) {
		uint64_t entry = c->entry[bin];

		for (unsigned int n = 0; entry && n < c->count[bin]; n++) {
			uint32_t i = live_block(f, entry - 16, bytes_of_bin(bin));

			if (i == BLOCK_NONE) {
				f->glibc->torn++;
				break;
			}
			if (!f->glibc->cache_mark)
				learn_mark(f, entry, c->count[bin]);
			block_set_state(f->blocks, i, BLOCK_CACHED);
			entry = reveal(f->glibc, entry, heap_word(f->process, entry));
		}
	}
}

static void try_cache(struct finder *f, size_t i)
{
	uint64_t at = block_content(f->blocks, i);
	struct cache c;

	for (int n = 0; n < TRIES; n++) {
		if (!heap_read(f->process, at, &c, sizeof(c)))
			return;
		if (is_cache(f, &c, at)) {
			f->blocks->flags[i] |= BLOCK_CACHE;
			follow_cache(f, &c);
			return;
		}
		/* what holds no addresses of blocks will not become one by being read again */
		if (blocks_find(f->blocks, c.entry[0]) == BLOCK_NONE && c.entry[0])
			return;
	}
}

/** glibc_find_cached() - mark the blocks that look live but are free */
void glibc_find_cached(const struct heap_process *p, struct glibc *g, struct heap_blocks *b)
{
	struct finder f = { .process = p, .glibc = g, .blocks = b };

	for (size_t k = 0; k < b->areas; k++)
		for (size_t i = b->area[k].first; i < b->area[k].first + b->area[k].n; i++)
			if (b->area[k].arena != AREA_MAPPED && block_state(b, i) == BLOCK_LIVE &&
			    block_end(b, &b->area[k], i) - b->at[i] == CACHE_BLOCK_BYTES)
				try_cache(&f, i);
	for (int n = 0; n < TRIES && !follow_all_fast(&f); n++)
		glibc_refresh_fast(p, g);
}
