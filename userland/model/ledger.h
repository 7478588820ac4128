/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the memory of a process and of its cgroup is used for, as the kernel accounts for it.
 *
 * A process's parts but its page tables add up to what smaps_rollup tells: resident, swapped
 * out and huge pages of hugetlbfs. A cgroup's add up to memory.current, but for what lies in
 * swap; LEDGER_OTHER is what is left of it: what the kernel tells no name of, and pages that
 * processors hold in reserve.
 */
#ifndef LEAKTRACE_MODEL_LEDGER_H
#define LEAKTRACE_MODEL_LEDGER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct nl_msg;
struct nlattr;

/* Trace files have these numbers: new ones are added at the end. */
enum ledger_part {
	LEDGER_ANONYMOUS, LEDGER_FILE, LEDGER_SHARED_MEMORY, LEDGER_HUGETLB, LEDGER_SWAP,
	LEDGER_PAGE_TABLES,
	/* of cgroups alone */
	LEDGER_KERNEL_STACKS, LEDGER_SLAB, LEDGER_PER_CPU, LEDGER_VMALLOC, LEDGER_SOCKETS,
	LEDGER_ZSWAP, LEDGER_OTHER,
	LEDGER_PARTS
};

struct ledger_account {
	bool known;
	uint64_t bytes[LEDGER_PARTS];
	uint64_t total_bytes;		/* resident bytes; memory.current of a cgroup */
};

/* What glibc's malloc has, by its own structures. A block counts with its header. */
struct ledger_malloc {
	bool known;
	uint64_t bytes;			/* from the system */
	uint64_t live_bytes;
	uint64_t fragmented_bytes;	/* free, between live blocks */
	uint64_t end_bytes;		/* free, at the ends of arenas */
	uint64_t returnable_bytes;	/* in memory, and malloc_trim() gives it back */
	uint64_t unread_bytes;		/* not known what for */
};

struct ledger {
	struct ledger_account process, cgroup;
	struct ledger_malloc malloc_first, malloc_last;	/* at attach, and as of the report */
};

/*
 * root is put before the path of every file that is read: "" but in tests. What cannot be
 * read is not known. Walks the page tables of the process: not for a look in passing.
 */
void ledger_read(struct ledger *l, const char *root, pid_t pid);

const char *ledger_part_name(enum ledger_part part);	/* "page_tables"; static */

/* Free, but the allocator's: what fragmentation or a peak has left. */
static inline uint64_t ledger_malloc_free_bytes(const struct ledger_malloc *a)
{
	return a->fragmented_bytes + a->end_bytes;
}

/* As an attribute of a trace file; ledger_take(): 0 or -EBADMSG. */
void ledger_put(struct nl_msg *msg, int attr, const struct ledger *l);
int ledger_take(struct nlattr *nest, struct ledger *l);

#endif
