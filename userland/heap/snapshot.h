/* SPDX-License-Identifier: GPL-2.0 */
/* What was read of a heap. */
#ifndef LEAKTRACE_HEAP_SNAPSHOT_H
#define LEAKTRACE_HEAP_SNAPSHOT_H

#include <stddef.h>
#include <stdint.h>

#include "heap/block.h"
#include "heap/glibc.h"
#include "heap/lost.h"
#include "heap/process.h"
#include "heap/usage.h"

struct heap_snapshot {
	struct heap_process *process;
	struct glibc glibc;
	struct heap_blocks blocks;
	struct heap_usage total;
	struct heap_usage *usage;	/* of each arena, and of blocks with mappings of their own */
	struct heap_lost lost;
	uint64_t torn;			/* reads that were repeated, in all scans */
};

/* Reads the blocks, anew if there are any. 0 or -errno with one line in err. */
int heap_snapshot_read(struct heap_snapshot *s, char *err, size_t errlen);
/* Sums them. 0 or -ENOMEM. */
int heap_snapshot_sum(struct heap_snapshot *s);
uint64_t heap_memory_bytes(void);	/* how much memory we have used at most */
void heap_snapshot_free(struct heap_snapshot *s);

#endif
