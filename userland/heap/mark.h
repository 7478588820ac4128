/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Which live blocks something refers to: a word in a root, or in a block that something
 * refers to, that is an address within the block. Tags in the lowest and in the upper
 * 16 bits of such a word do not matter.
 */
#ifndef LEAKTRACE_HEAP_MARK_H
#define LEAKTRACE_HEAP_MARK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "heap/block.h"
#include "heap/process.h"
#include "heap/root.h"

struct mark {
	const struct heap_process *process;
	struct heap_blocks *blocks;
	uint64_t low, high;		/* where blocks are */
	uint8_t flag;			/* which is set */
	uint8_t skip;			/* blocks with one of these are left alone */
	uint64_t marked_blocks, marked_bytes;
	uint32_t *stack;		/* blocks that are to be read */
	size_t n, capacity;
	unsigned char *buffer;
	uint64_t read_bytes, done_bytes, total_bytes;
	uint64_t unread_bytes;		/* have vanished meanwhile */
	bool is_full;			/* no memory for the stack */
	void (*progress)(unsigned int percent);	/* may be NULL */
	unsigned int percent;
};

/* False: no memory. */
bool mark_begin(struct mark *m, const struct heap_process *p, struct heap_blocks *b);
/* From roots to all blocks; 0 or -ENOMEM. */
int mark_roots(struct mark *m, const struct roots *r);
/* What this block refers to, directly or not, gets m->flag; 0 or -ENOMEM. */
int mark_from(struct mark *m, uint32_t block);
void mark_end(struct mark *m);

#endif
