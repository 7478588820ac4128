// SPDX-License-Identifier: GPL-2.0
/*
 * What memory is used for: our own compared with smaps_rollup, and files as kernels with
 * either version of cgroups have them.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <netlink/msg.h>

#include "check.h"
#include "fake_root.h"
#include "model/ledger.h"

#define MIB	(1ULL << 20)

/*
 * Memory that has been freed is used again: if AddressSanitizer kept it apart, each look
 * would make the process larger that is looked at.
 */
const char *__asan_default_options(void);

const char *__asan_default_options(void)
{
	return "quarantine_size_mb=0:thread_local_quarantine_size_kb=0";
}

static uint64_t rollup(const char *name)
{
	FILE *f = fopen("/proc/self/smaps_rollup", "re");
	char line[256];
	uint64_t n = 0;

	while (f && fgets(line, sizeof(line), f))
		if (!strncmp(line, name, strlen(name)) && line[strlen(name)] == ':')
			n += strtoull(line + strlen(name) + 1, NULL, 10) << 10;
	if (f)
		fclose(f);
	return n;
}

static uint64_t sum_of(const struct ledger_account *a, int last)
{
	uint64_t sum = 0;

	for (int i = 0; i <= last; i++)
		sum += a->bytes[i];
	return sum;
}

/* Of three looks at a process that stands still all are equal: the kernel may take pages meanwhile. */
static void test_own(void)
{
	size_t size = 24 * MIB;
	char *own = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *shared = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	uint64_t before, after, anonymous;
	struct ledger l;

	memset(own, 1, size);
	memset(shared, 1, size / 2);
	for (int try = 0; try < 100; try++) {
		before = rollup("Rss") + rollup("Swap") + rollup("Private_Hugetlb") + rollup("Shared_Hugetlb");
		anonymous = rollup("Anonymous");
		ledger_read(&l, "", getpid());
		after = rollup("Rss") + rollup("Swap") + rollup("Private_Hugetlb") + rollup("Shared_Hugetlb");
		if (before == after && anonymous == rollup("Anonymous") && sum_of(&l.process, LEDGER_SWAP) == after)
			break;
	}
	CHECK(l.process.known);
	CHECK(before == after && sum_of(&l.process, LEDGER_SWAP) == after, "%" PRIu64 ", not %" PRIu64,
	      sum_of(&l.process, LEDGER_SWAP), after);
	CHECK(l.process.bytes[LEDGER_ANONYMOUS] == anonymous && anonymous >= size);
	/* the kernel counts it by thread, and adds up later */
	CHECK(l.process.bytes[LEDGER_SHARED_MEMORY] + MIB >= size / 2 &&
	      l.process.bytes[LEDGER_SHARED_MEMORY] <= size / 2 + MIB, "%" PRIu64,
	      l.process.bytes[LEDGER_SHARED_MEMORY]);
	CHECK(l.process.bytes[LEDGER_PAGE_TABLES] >= (size + size / 2) / 512);
	munmap(own, size);
	munmap(shared, size);
}

static const char rollup_text[] =
	"55d0-7ffe ---p 00000000 00:00 0    [rollup]\n"
	"Rss:              102400 kB\nPss:  1000 kB\nPss_Anon: 900 kB\nShared_Clean: 3 kB\n"
	"Anonymous:         61440 kB\nShared_Hugetlb:     2048 kB\nPrivate_Hugetlb:    4096 kB\n"
	"Swap:               8192 kB\nSwapPss: 8192 kB\n";

static void put_process(int pid, const char *cgroups)
{
	put_file(rollup_text, "/proc/%d/smaps_rollup", pid);
	put_file("Name:\tx\nRssAnon:\t 61440 kB\nRssShmem:\t 10240 kB\nVmPTE:\t 512 kB\n", "/proc/%d/status", pid);
	put_file(cgroups, "/proc/%d/cgroup", pid);
}

static void test_version_2(void)
{
	const struct ledger_account *a;
	struct ledger l;

	put_process(2, "0::/a.slice/b.service\n");
	put_file("209715200\n", "/sys/fs/cgroup/a.slice/b.service/memory.current");
	put_file("1048576\n", "/sys/fs/cgroup/a.slice/b.service/memory.swap.current");
	put_file("anon 62914560\nfile 104857600\nkernel 12582912\nkernel_stack 1048576\npagetables 2097152\n"
		 "sec_pagetables 4096\npercpu 8192\nsock 3145728\nvmalloc 16384\nshmem 10485760\nzswap 65536\n"
		 "file_mapped 7\nslab_reclaimable 4194304\nslab_unreclaimable 2097152\nslab 6291456\n"
		 "anon_thp 5\nsocks 9\n",
		 "/sys/fs/cgroup/a.slice/b.service/memory.stat");
	ledger_read(&l, root, 2);
	a = &l.process;
	CHECK(a->known && a->total_bytes == 100 * MIB && a->bytes[LEDGER_ANONYMOUS] == 60 * MIB);
	CHECK(a->bytes[LEDGER_SHARED_MEMORY] == 10 * MIB && a->bytes[LEDGER_FILE] == 30 * MIB);
	CHECK(a->bytes[LEDGER_HUGETLB] == 6 * MIB && a->bytes[LEDGER_SWAP] == 8 * MIB);
	a = &l.cgroup;
	CHECK(a->known && a->total_bytes == 200 * MIB && a->bytes[LEDGER_ANONYMOUS] == 60 * MIB);
	CHECK(a->bytes[LEDGER_FILE] == 90 * MIB && a->bytes[LEDGER_SHARED_MEMORY] == 10 * MIB);
	CHECK(a->bytes[LEDGER_PAGE_TABLES] == 2 * MIB + 4096 && a->bytes[LEDGER_SLAB] == 6 * MIB);
	CHECK(a->bytes[LEDGER_SOCKETS] == 3 * MIB && a->bytes[LEDGER_SWAP] == MIB);
	CHECK(sum_of(a, LEDGER_OTHER) == 201 * MIB);
}

static void test_version_1(void)
{
	struct ledger l;

	put_process(3, "4:memory:/docker/x\n1:name=systemd:/docker/x\n0::/\n");
	put_file("52428800\n", "/sys/fs/cgroup/memory/docker/x/memory.usage_in_bytes");
	put_file("cache 20971520\nrss 26214400\nshmem 1048576\nswap 4096\ntotal_rss 1\n",
		 "/sys/fs/cgroup/memory/docker/x/memory.stat");
	ledger_read(&l, root, 3);
	CHECK(l.cgroup.known && l.cgroup.bytes[LEDGER_ANONYMOUS] == 25 * MIB);
	CHECK(l.cgroup.bytes[LEDGER_FILE] == 19 * MIB && l.cgroup.bytes[LEDGER_OTHER] == 5 * MIB);
}

static void test_missing(void)
{
	struct ledger l;

	put_process(4, "0::/\n");
	ledger_read(&l, root, 4);
	CHECK(l.process.known && !l.cgroup.known);
	ledger_read(&l, root, 5);
	CHECK(!l.process.known && !l.cgroup.known);
	put_process(6, "0::/gone.service\n");
	put_file("Rss: lots\n\nRss 5\nAnonymous: 99999999999999999999999999 kB\n", "/proc/6/smaps_rollup");
	ledger_read(&l, root, 6);
	CHECK(!l.cgroup.known && l.process.bytes[LEDGER_FILE] <= l.process.total_bytes);
}

static void test_file(void)
{
	struct nl_msg *msg = nlmsg_alloc();
	struct ledger l, again;

	nlmsg_put(msg, 0, 0, 1, 0, 0);
	ledger_read(&l, root, 2);
	l.malloc_last = (struct ledger_malloc){
		.known = true, .bytes = 6, .live_bytes = 1, .fragmented_bytes = 2, .end_bytes = 3,
		.returnable_bytes = 4, .unread_bytes = 5,
	};
	ledger_put(msg, 1, &l);
	CHECK(!ledger_take(nlmsg_find_attr(nlmsg_hdr(msg), 0, 1), &again));
	CHECK(!memcmp(&l.process, &again.process, sizeof(l.process)) &&
	      !memcmp(&l.cgroup, &again.cgroup, sizeof(l.cgroup)));
	CHECK(!again.malloc_first.known && !memcmp(&l.malloc_last, &again.malloc_last, sizeof(l.malloc_last)));
	nlmsg_free(msg);
}

int main(void)
{
	root_begin();
	test_own();
	test_version_2();
	test_version_1();
	test_missing();
	test_file();
	root_end();
	return verdict("ledger");
}
