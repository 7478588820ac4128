/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Blocks to which nothing refers. The process runs while it is read, so a single scan
 * also has blocks whose address was on its way. But what nothing refers to stays so
 * for ever: a block counts if all scans have it, with the same size and beginning.
 */
#ifndef LEAKTRACE_HEAP_LOST_H
#define LEAKTRACE_HEAP_LOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "heap/block.h"

struct heap_snapshot;
struct mark;

enum {
	LOST_WORDS = 4,			/* of a block's beginning that are compared */
	LOST_EXAMPLES = 3,
	LOST_MAX = 4 << 20,		/* blocks that are compared */
	LOST_GROUPS_MAX = 65536,
	LOST_SCANS_MAX = 8,
};

struct lost_block {
	uint64_t at;			/* its content */
	uint64_t bytes;
	uint64_t hash;			/* of its beginning */
	uint32_t group;
	bool indirect;			/* only lost blocks refer to it */
};

/* Blocks of one size and type. */
struct lost_group {
	uint64_t content_bytes;		/* of each */
	const char *type;		/* of C++, or "" */
	char where[96];			/* without a type: the module that the first word points into, or "" */
	uint64_t words[LOST_WORDS];	/* the first ones of the first example */
	unsigned int nwords;
	uint64_t blocks, bytes;
	uint64_t indirect_blocks, indirect_bytes;	/* to which only these refer */
	uint64_t example[LOST_EXAMPLES];
	unsigned int examples;
};

struct heap_lost {
	struct lost_block *block;	/* ascending */
	size_t n, capacity;
	struct lost_group *group;	/* the largest sum first */
	size_t groups, groups_capacity;
	uint64_t blocks, bytes;		/* nothing refers to */
	uint64_t indirect_blocks, indirect_bytes;	/* only lost blocks refer to */
	uint64_t ungrouped_blocks;	/* there were too many groups */
	uint64_t uncompared_blocks;	/* there were more than LOST_MAX */
	uint64_t single_blocks;		/* of the first scan alone */
	uint64_t read_bytes, unread_bytes;	/* of all scans */
	unsigned int scans;
	struct string_table *names;
};

/*
 * Scans until all scans agree; the blocks of s are those of the last one. 0, or -errno
 * with one line in err. progress may be NULL.
 */
int heap_lost_find(struct heap_snapshot *s, struct heap_lost *l, void (*progress)(unsigned int scan, unsigned int percent),
		   char *err, size_t errlen);
void heap_lost_free(struct heap_lost *l);

/* lost_group.c: which refer to which, and groups of those to which nothing does. 0 or -ENOMEM. */
int heap_lost_group(struct heap_snapshot *s, struct heap_lost *l);

#endif
