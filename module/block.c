// SPDX-License-Identifier: GPL-2.0
/*
 * Where the table of pages is kept: an rb-tree of blocks for each address
 * space, each for what one pmd maps (512 pages): a bitmap of live pages, a
 * bitmap of those alive at attach, and up to 16 cells with the births (site
 * and time) of 32 pages each. Blocks and cells come from one pool of 256-byte
 * cells. Dense memory costs 9 bytes a page, baseline half a byte, a lone page
 * 512.
 */
#include <linux/rbtree.h>

#include "block.h"

static struct lt_pool *pool;

/**
 * lt_page_init() - make the pool
 *
 * Context: may sleep.
 * Return: 0 or -ENOMEM.
 */
int lt_page_init(void)
{
	pool = lt_pool_create("internal error: torn list of page cells", CELL_BYTES,
			      lt_max_page_cells);
	return pool ? 0 : -ENOMEM;
}

/**
 * lt_page_exit() - free the pool
 *
 * Context: may sleep; nothing is traced.
 */
void lt_page_exit(void)
{
	lt_pool_destroy(pool);
}

/**
 * lt_page_reset() - memory back after the last target, in advance for the next
 * @prime: get the first cells
 *
 * Context: may sleep, under lt_mutex, no probe attached.
 * Return: 0 or -ENOMEM.
 */
int lt_page_reset(bool prime)
{
	lt_pool_reset(pool);
	return prime ? lt_pool_prime(pool) : 0;
}

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

/**
 * lt_page_bytes() - kernel memory of the table
 *
 * Context: any.
 * Return: bytes.
 */
u64 lt_page_bytes(void)
{
	return lt_pool_bytes(pool);
}

/**
 * lt_block_find() - look a block up
 * @m: address space, locked
 * @nr: page / LT_BLOCK_PAGES
 * @next: or else the first one above
 *
 * Context: under m->lock.
 * Return: the block or NULL.
 */
struct lt_block *lt_block_find(struct lt_mm *m, unsigned long nr, bool next)
{
	struct rb_node *n = m->blocks.rb_node;
	struct lt_block *b, *above = NULL;

	if (m->last && m->last->nr == nr)
		return m->last;
	while (n) {
		b = rb_entry(n, struct lt_block, node);
		if (b->nr == nr) {
			m->last = b;
			return b;
		}
		if (nr < b->nr)
			above = b;
		n = nr < b->nr ? n->rb_left : n->rb_right;
	}
	return next ? above : NULL;
}

/**
 * lt_block_add() - add an empty block
 * @m: address space, locked
 * @nr: page / LT_BLOCK_PAGES, not there yet
 *
 * Context: under m->lock.
 * Return: the block, NULL if no cell is free.
 */
struct lt_block *lt_block_add(struct lt_mm *m, unsigned long nr)
{
	struct rb_node **link = &m->blocks.rb_node, *parent = NULL;
	struct lt_block *b;
	u32 index;

	index = lt_pool_alloc(pool);
	if (!index)
		return NULL;
	b = lt_pool_cell(pool, index);
	memset(b, 0, sizeof(*b));
	b->nr = nr;
	b->index = index;
	while (*link) {
		parent = *link;
		link = nr < rb_entry(parent, struct lt_block, node)->nr ?
		       &parent->rb_left : &parent->rb_right;
	}
	rb_link_node(&b->node, parent, link);
	rb_insert_color(&b->node, &m->blocks);
	m->last = b;
	return b;
}

/**
 * lt_block_drop_if_empty() - free a block without live pages
 * @m: address space, locked
 * @b: the block
 *
 * Context: under m->lock.
 */
void lt_block_drop_if_empty(struct lt_mm *m, struct lt_block *b)
{
	int i;

	if (b->nlive)
		return;
	for (i = 0; i < BLOCK_CELLS; i++)
		if (b->births[i])
			lt_pool_free(pool, b->births[i]);
	rb_erase(&b->node, &m->blocks);
	m->last = NULL;
	lt_pool_free(pool, b->index);
}

/**
 * lt_birth_of() - the birth of a page that was touched since attach
 * @b: its block
 * @i: its number there
 *
 * Context: under the address space's lock.
 * Return: the birth, NULL if there was no room for it.
 */
struct lt_page_birth *lt_birth_of(const struct lt_block *b, unsigned int i)
{
	struct lt_page_birth *cell = lt_pool_at(pool, b->births[i / CELL_PAGES]);

	return cell ? &cell[i % CELL_PAGES] : NULL;
}

/**
 * lt_birth_for() - where to write the birth of a page
 * @b: its block
 * @i: its number there
 *
 * Context: under the address space's lock.
 * Return: the place, NULL if no cell is free.
 */
struct lt_page_birth *lt_birth_for(struct lt_block *b, unsigned int i)
{
	u32 *index = &b->births[i / CELL_PAGES];

	if (!*index)
		*index = lt_pool_alloc(pool);
	return lt_birth_of(b, i);
}

/**
 * lt_page_forget() - free the whole table of an address space
 * @m: address space; no probe can reach it any more
 *
 * Context: may sleep.
 */
void lt_page_forget(struct lt_mm *m)
{
	unsigned long flags;
	struct lt_block *b;

	for (;;) {
		raw_spin_lock_irqsave(&m->lock, flags);
		b = rb_entry_safe(rb_first(&m->blocks), struct lt_block, node);
		if (b) {
			b->nlive = 0;
			lt_block_drop_if_empty(m, b);
		}
		raw_spin_unlock_irqrestore(&m->lock, flags);
		if (!b)
			return;
		cond_resched();
	}
}
