/* SPDX-License-Identifier: GPL-2.0 */
/* How the table of pages is kept: between block.c (where) and page.c (what). */
#ifndef _LT_BLOCK_H
#define _LT_BLOCK_H

#include "leaktrace.h"

enum {
	CELL_BYTES = 256,
	CELL_PAGES = 32,
	BLOCK_CELLS = LT_BLOCK_PAGES / CELL_PAGES,
	BLOCK_LONGS = BITS_TO_LONGS(LT_BLOCK_PAGES),
	TICK_SHIFT = 20,
};

struct lt_page_birth {
	u32 site;
	u32 tick;
};

struct lt_block {
	struct rb_node node;
	unsigned long nr;		/* page / LT_BLOCK_PAGES */
	u32 index;			/* own cell in the pool */
	u16 nlive;
	u16 nbaseline;			/* of nlive */
	unsigned long live[BLOCK_LONGS];
	unsigned long baseline[BLOCK_LONGS];
	u32 births[BLOCK_CELLS];	/* pool index of a cell, 0: none */
};

static_assert(sizeof(struct lt_block) <= CELL_BYTES);
static_assert(sizeof(struct lt_page_birth) * CELL_PAGES == CELL_BYTES);

struct lt_block *lt_block_find(struct lt_mm *m, unsigned long nr, bool next);
struct lt_block *lt_block_add(struct lt_mm *m, unsigned long nr);
void lt_block_drop_if_empty(struct lt_mm *m, struct lt_block *b);
struct lt_page_birth *lt_birth_of(const struct lt_block *b, unsigned int i);
struct lt_page_birth *lt_birth_for(struct lt_block *b, unsigned int i);

#endif /* _LT_BLOCK_H */
