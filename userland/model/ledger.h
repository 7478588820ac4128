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

struct ledger {
	struct ledger_account process, cgroup;
};

/*
 * root is put before the path of every file that is read: "" but in tests. What cannot be
 * read is not known. Walks the page tables of the process: not for a look in passing.
 */
void ledger_read(struct ledger *l, const char *root, pid_t pid);

const char *ledger_part_name(enum ledger_part part);	/* "page_tables"; static */

/* As an attribute of a trace file; ledger_take(): 0 or -EBADMSG. */
void ledger_put(struct nl_msg *msg, int attr, const struct ledger *l);
int ledger_take(struct nlattr *nest, struct ledger *l);

#endif
