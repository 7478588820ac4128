// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <netlink/attr.h>
#include <netlink/msg.h>

#include "model/ledger.h"
#include "model/workload.h"
#include "util/kernel_file.h"

enum { LED_PROCESS = 1, LED_CGROUP, LED_MALLOC_FIRST, LED_MALLOC_LAST, LED_LAST = LED_MALLOC_LAST };

static const char *const names[LEDGER_PARTS] = {
	[LEDGER_ANONYMOUS] = "anonymous", [LEDGER_FILE] = "file",
	[LEDGER_SHARED_MEMORY] = "shared_memory", [LEDGER_HUGETLB] = "hugetlb",
	[LEDGER_SWAP] = "swap", [LEDGER_PAGE_TABLES] = "page_tables",
	[LEDGER_KERNEL_STACKS] = "kernel_stacks", [LEDGER_SLAB] = "slab",
	[LEDGER_PER_CPU] = "per_cpu", [LEDGER_VMALLOC] = "vmalloc",
	[LEDGER_SOCKETS] = "sockets", [LEDGER_ZSWAP] = "zswap", [LEDGER_OTHER] = "other",
};

const char *ledger_part_name(enum ledger_part part)
{
	return part < LEDGER_PARTS ? names[part] : "?";
}

static uint64_t less(uint64_t a, uint64_t b)
{
	return a > b ? a - b : 0;
}

static void read_process(struct ledger_account *a, const char *root, pid_t pid)
{
	uint64_t resident = 0, shared_memory = 0, *b = a->bytes;
	const struct kernel_line rollup[] = {
		{ "Rss", &resident }, { "Anonymous", &b[LEDGER_ANONYMOUS] },
		{ "Swap", &b[LEDGER_SWAP] }, { "Shared_Hugetlb", &b[LEDGER_HUGETLB] },
		{ "Private_Hugetlb", &b[LEDGER_HUGETLB] }, { NULL },
	};
	const struct kernel_line status[] = {
		{ "RssShmem", &shared_memory }, { "VmPTE", &b[LEDGER_PAGE_TABLES] }, { NULL },
	};
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/proc/%d/smaps_rollup", root, pid);
	a->known = kernel_file_lines(path, rollup, 1024);
	snprintf(path, sizeof(path), "%s/proc/%d/status", root, pid);
	kernel_file_lines(path, status, 1024);
	/* what a file's pages became that were written to is anonymous; the rest has a file */
	a->total_bytes = resident;
	b[LEDGER_FILE] = less(resident, b[LEDGER_ANONYMOUS]);
	b[LEDGER_SHARED_MEMORY] = shared_memory < b[LEDGER_FILE] ? shared_memory : b[LEDGER_FILE];
	b[LEDGER_FILE] -= b[LEDGER_SHARED_MEMORY];
}

static void add_other(struct ledger_account *a)
{
	uint64_t sum = 0;

	for (int i = 0; i < LEDGER_PARTS; i++)
		sum += i == LEDGER_SWAP ? 0 : a->bytes[i];
	a->bytes[LEDGER_OTHER] = less(a->total_bytes, sum);
}

/* Version 1 has no names for the kernel's memory; "rss" is what is anonymous. */
static void read_group_v1(struct ledger_account *a, const char *dir)
{
	uint64_t *b = a->bytes;
	const struct kernel_line stat[] = {
		{ "rss", &b[LEDGER_ANONYMOUS] }, { "cache", &b[LEDGER_FILE] },
		{ "shmem", &b[LEDGER_SHARED_MEMORY] }, { "swap", &b[LEDGER_SWAP] }, { NULL },
	};
	char path[PATH_MAX];

	a->total_bytes = kernel_file_number_under(dir, "memory.usage_in_bytes");
	if (snprintf(path, sizeof(path), "%s/memory.stat", dir) < (int)sizeof(path))
		a->known = kernel_file_lines(path, stat, 1) && a->total_bytes;
	b[LEDGER_FILE] = less(b[LEDGER_FILE], b[LEDGER_SHARED_MEMORY]);
	add_other(a);
}

static void read_group_v2(struct ledger_account *a, const char *dir)
{
	uint64_t *b = a->bytes;
	const struct kernel_line stat[] = {
		{ "anon", &b[LEDGER_ANONYMOUS] }, { "file", &b[LEDGER_FILE] },
		{ "shmem", &b[LEDGER_SHARED_MEMORY] }, { "hugetlb", &b[LEDGER_HUGETLB] },
		{ "pagetables", &b[LEDGER_PAGE_TABLES] }, { "sec_pagetables", &b[LEDGER_PAGE_TABLES] },
		{ "kernel_stack", &b[LEDGER_KERNEL_STACKS] }, { "slab", &b[LEDGER_SLAB] },
		{ "percpu", &b[LEDGER_PER_CPU] }, { "vmalloc", &b[LEDGER_VMALLOC] },
		{ "sock", &b[LEDGER_SOCKETS] }, { "zswap", &b[LEDGER_ZSWAP] }, { NULL },
	};
	char path[PATH_MAX];

	a->total_bytes = kernel_file_number_under(dir, "memory.current");
	b[LEDGER_SWAP] = kernel_file_number_under(dir, "memory.swap.current");
	if (snprintf(path, sizeof(path), "%s/memory.stat", dir) < (int)sizeof(path))
		a->known = kernel_file_lines(path, stat, 1) && a->total_bytes;
	b[LEDGER_FILE] = less(b[LEDGER_FILE], b[LEDGER_SHARED_MEMORY]);
	add_other(a);
}

/* The root's cgroup is the host, whose memory is nobody's. */
static void read_group(struct ledger_account *a, const char *root, pid_t pid)
{
	char *text = workload_cgroups(root, pid), dir[PATH_MAX];
	const char *at = text;
	bool v1;

	while (!a->known && text && workload_next_memory_dir(&at, root, dir, sizeof(dir), &v1)) {
		*a = (struct ledger_account){ 0 };
		if (v1)
			read_group_v1(a, dir);
		else
			read_group_v2(a, dir);
	}
	free(text);
}

void ledger_read(struct ledger *l, const char *root, pid_t pid)
{
	*l = (struct ledger){ 0 };
	read_process(&l->process, root, pid);
	read_group(&l->cgroup, root, pid);
}

/* The total, then the parts: a file of an older version has fewer. */
static void put_account(struct nl_msg *msg, int attr, const struct ledger_account *a)
{
	uint64_t numbers[1 + LEDGER_PARTS] = { a->total_bytes };

	memcpy(numbers + 1, a->bytes, sizeof(a->bytes));
	if (a->known)
		nla_put(msg, attr, sizeof(numbers), numbers);
}

/* Trace files have these numbers in this order: new ones are added at the end. */
static void put_malloc(struct nl_msg *msg, int attr, const struct ledger_malloc *a)
{
	uint64_t numbers[] = {
		a->bytes, a->live_bytes, a->fragmented_bytes, a->end_bytes, a->returnable_bytes, a->unread_bytes,
	};

	if (a->known)
		nla_put(msg, attr, sizeof(numbers), numbers);
}

static bool is_known(const struct ledger *l)
{
	return l->process.known || l->cgroup.known || l->malloc_first.known || l->malloc_last.known;
}

void ledger_put(struct nl_msg *msg, int attr, const struct ledger *l)
{
	struct nlattr *nest = is_known(l) ? nla_nest_start(msg, attr) : NULL;

	if (!nest)
		return;
	put_account(msg, LED_PROCESS, &l->process);
	put_account(msg, LED_CGROUP, &l->cgroup);
	put_malloc(msg, LED_MALLOC_FIRST, &l->malloc_first);
	put_malloc(msg, LED_MALLOC_LAST, &l->malloc_last);
	nla_nest_end(msg, nest);
}

static void take_account(struct nlattr *attr, struct ledger_account *a)
{
	uint64_t numbers[1 + LEDGER_PARTS] = { 0 };

	if (!attr)
		return;
	nla_memcpy(numbers, attr, sizeof(numbers));
	a->known = true;
	a->total_bytes = numbers[0];
	memcpy(a->bytes, numbers + 1, sizeof(a->bytes));
}

static void take_malloc(struct nlattr *attr, struct ledger_malloc *a)
{
	uint64_t numbers[6] = { 0 };

	if (!attr)
		return;
	nla_memcpy(numbers, attr, sizeof(numbers));
	*a = (struct ledger_malloc){
		.known = true, .bytes = numbers[0], .live_bytes = numbers[1], .fragmented_bytes = numbers[2],
		.end_bytes = numbers[3], .returnable_bytes = numbers[4], .unread_bytes = numbers[5],
	};
}

int ledger_take(struct nlattr *nest, struct ledger *l)
{
	struct nlattr *tb[LED_LAST + 1];

	if (nla_parse_nested(tb, LED_LAST, nest, NULL))
		return -EBADMSG;
	*l = (struct ledger){ 0 };
	take_account(tb[LED_PROCESS], &l->process);
	take_account(tb[LED_CGROUP], &l->cgroup);
	take_malloc(tb[LED_MALLOC_FIRST], &l->malloc_first);
	take_malloc(tb[LED_MALLOC_LAST], &l->malloc_last);
	return 0;
}
