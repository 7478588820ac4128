// SPDX-License-Identifier: GPL-2.0
/*
 * Writes a trace file of a server that never ran: what it has is known to the
 * last object, so that every output can be held against it without a kernel.
 * usage: make_trace FILE [hostile | wide | short | zombies | heap | later | again | grows | go]
 *
 * relayd, watched for ten minutes:
 *
 *   site kind   where                what
 *   1    fd     accept_client        412 sockets, none is ever closed: leak
 *   2    fd     session_open         an eventfd for each of these: leak
 *   3    fd     upstream_connect     6,000 sockets, one in 50 is never closed: leak
 *   4    thread dns_lookup           90 threads, never joined nor ended
 *   5    page   cache_put            1,500 pages, filled in two minutes: cache
 *   6    page   request_buffer       40,000 pages, all given back
 *   7    fd     config_poll          600 files, all closed within milliseconds
 *   8    timer  session_open         3 timers
 *   9    page   (no symbols)         64 pages from a library without names
 *
 * With wide there are a hundred sites more, of two files each. With hostile its
 * names are what a process could choose to hurt a reader with. With short two walks
 * of three did not reach a root, and debug information is split and missing. With zombies it has 120 children that nobody waits for.
 * With heap there are samples of blocks of 1,000 bytes, one in 64 KiB: 1,000, of which 500 live;
 * with later ten minutes later, as many more; with again of another run, all of which live. With grows
 * the heap does, all the time, by 3,000 pages that cache_put touches and 1,000 that request_buffer does.
 * With go a runtime has 300 goroutines that leak, and 48 MiB, 40 of them new, that a variable holds.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <netlink/attr.h>
#include <netlink/msg.h>

#include "model/kind.h"
#include "model/target.h"
#include "tracefile/container.h"
#include "tracefile/format.h"
#include "util/error.h"
#include "util/macros.h"
#include "util/units.h"
#include "util/version.h"

#define ATTACHED_NS	(5000 * NSEC_PER_SEC)
#define WINDOW_NS	(600 * NSEC_PER_SEC)
#define WALL_MINUS_MONO_US	1790000000000000LL
#define PROGRAM		"/usr/sbin/relayd"
#define LIBC		"/usr/lib/x86_64-linux-gnu/libc.so.6"
#define LIBTLS		"/usr/lib/x86_64-linux-gnu/libtls.so.28"
#define CODE		0x55d0c0a00000ULL
#define CODE_LIBC	0x7f10a4200000ULL
#define CODE_LIBTLS	0x7f10a4600000ULL
#define HEAP		0x55d0c1f00000ULL

/* A place in the code; functions innermost first, what is before the last is inlined. */
struct place {
	uint64_t pc;
	struct {
		const char *function, *file;
		int line;
	} f[3];
};

enum { MAIN, LOOP, ACCEPT_CLIENT, ACCEPT4, SESSION_OPEN, EVENTFD, UPSTREAM, SOCKET, POOL_GET,
       HANDLE, DNS, PTHREAD_CREATE, CACHE_PUT, MALLOC, BUFFER, CONFIG, OPEN, TIMER_CREATE,
       BARE, BARE_CALLER, SESSION_END, CLOSE, BUFFER_DROP, FREE, START };

static struct place places[] = {
	[MAIN] = { CODE + 0x1210, { { "main", "src/main.c", 88 } } },
	[LOOP] = { CODE + 0x2a44, { { "loop_dispatch", "src/loop.c", 141 }, { "loop_run", "src/loop.c", 190 } } },
	[ACCEPT_CLIENT] = { CODE + 0x3107, { { "accept_client", "src/listen.c", 57 } } },
	[ACCEPT4] = { CODE_LIBC + 0x109f27, { { "accept4", "../sysdeps/unix/sysv/linux/accept4.c", 27 } } },
	[SESSION_OPEN] = { CODE + 0x3342, { { "session_new", "src/session.c", 31 }, { "session_open", "src/session.c", 77 } } },
	[EVENTFD] = { CODE_LIBC + 0x10a01b, { { "eventfd", "../sysdeps/unix/syscall-template.S", 120 } } },
	[UPSTREAM] = { CODE + 0x4c10, { { "upstream_connect", "src/upstream.c", 212 } } },
	[SOCKET] = { CODE_LIBC + 0x10a5c7, { { "socket", "../sysdeps/unix/syscall-template.S", 120 } } },
	[POOL_GET] = { CODE + 0x4f9a, { { "pool_get", "src/pool.c", 64 } } },
	[HANDLE] = { CODE + 0x5233, { { "parse_request", "src/http.c", 310 }, { "read_request", "src/http.c", 355 }, { "handle_request", "src/http.c", 402 } } },
	[DNS] = { CODE + 0x6120, { { "dns_lookup", "src/dns.c", 119 } } },
	[PTHREAD_CREATE] = { CODE_LIBC + 0x89a13, { { "pthread_create@@GLIBC_2.34", "pthread_create.c", 831 } } },
	[CACHE_PUT] = { CODE + 0x7031, { { "cache_insert", "src/cache.c", 45 }, { "cache_put", "src/cache.c", 98 } } },
	[MALLOC] = { CODE_LIBC + 0x98e0a, { { "sysmalloc", "malloc/malloc.c", 2709 }, { "_int_malloc", "malloc/malloc.c", 4389 } } },
	[BUFFER] = { CODE + 0x7a88, { { "request_buffer", "src/buffer.c", 33 } } },
	[CONFIG] = { CODE + 0x8001, { { "config_poll", "src/config.c", 51 } } },
	[OPEN] = { CODE_LIBC + 0xf5d47, { { "open64", "../sysdeps/unix/sysv/linux/open64.c", 41 } } },
	[TIMER_CREATE] = { CODE_LIBC + 0x8fd30, { { "timer_create", "../sysdeps/unix/sysv/linux/timer_create.c", 57 } } },
	[BARE] = { CODE_LIBTLS + 0x1a2f0, { { 0 } } },
	[BARE_CALLER] = { CODE_LIBTLS + 0x9c11, { { 0 } } },
	[SESSION_END] = { CODE + 0x3600, { { "session_close", "src/session.c", 140 } } },
	[CLOSE] = { CODE_LIBC + 0xf68b7, { { "close", "../sysdeps/unix/sysv/linux/close.c", 27 } } },
	[BUFFER_DROP] = { CODE + 0x7b40, { { "buffer_drop", "src/buffer.c", 71 } } },
	[FREE] = { CODE_LIBC + 0x99f01, { { "munmap", "../sysdeps/unix/syscall-template.S", 120 } } },
	[START] = { CODE_LIBC + 0x2724a, { { "__libc_start_main", "../csu/libc-start.c", 360 } } },
};

/* Stacks, innermost first; all end at START. */
static const int stacks[][8] = {
	{ ACCEPT4, ACCEPT_CLIENT, LOOP, MAIN, START },
	{ EVENTFD, SESSION_OPEN, ACCEPT_CLIENT, LOOP, MAIN, START },
	{ SOCKET, UPSTREAM, POOL_GET, HANDLE, LOOP, MAIN, START },
	{ PTHREAD_CREATE, DNS, HANDLE, LOOP, MAIN, START },
	{ MALLOC, CACHE_PUT, HANDLE, LOOP, MAIN, START },
	{ BUFFER, HANDLE, LOOP, MAIN, START },
	{ OPEN, CONFIG, LOOP, MAIN, START },
	{ TIMER_CREATE, SESSION_OPEN, ACCEPT_CLIENT, LOOP, MAIN, START },
	{ BARE, BARE_CALLER, LOOP, MAIN, START },
	/* where things die */
	{ CLOSE, SESSION_END, LOOP, MAIN, START },
	{ FREE, BUFFER_DROP, HANDLE, LOOP, MAIN, START },
};

enum { DIES_AT_CLOSE = 10, DIES_AT_FREE };
enum { GROWN = 10 };	/* the first site of them */

/* Births spread evenly from first_s to last_s; one in 'keep' never dies, 0: all die. */
static const struct plan {
	uint8_t kind, type;
	unsigned int born;
	double first_s, last_s;
	unsigned int keep, dies_at;
	double life_s;
	const char *what;
} plans[] = {
	{ LEAKTRACE_KIND_FD, LEAKTRACE_TYPE_SOCKET, 412, 3, 598, 1, 0, 0, "socket:[TCP 10.0.4.17:8443 <- 10.0.9.%u:4%04u]" },
	{ LEAKTRACE_KIND_FD, LEAKTRACE_TYPE_EVENTFD, 412, 3.0001, 598.0001, 1, 0, 0, "anon_inode:[eventfd]" },
	{ LEAKTRACE_KIND_FD, LEAKTRACE_TYPE_SOCKET, 6000, 1, 599, 50, DIES_AT_CLOSE, 0.040, "socket:[TCP 10.0.4.17 -> 10.2.0.%u:%u]" },
	{ LEAKTRACE_KIND_THREAD, LEAKTRACE_TYPE_THREAD, 90, 12, 590, 1, 0, 0, "resolver-%u" },
	{ LEAKTRACE_KIND_PAGE, LEAKTRACE_TYPE_ANON, 1500, 1, 120, 1, 0, 0, NULL },
	{ LEAKTRACE_KIND_PAGE, LEAKTRACE_TYPE_ANON, 40000, 1, 599, 0, DIES_AT_FREE, 0.012, NULL },
	{ LEAKTRACE_KIND_FD, LEAKTRACE_TYPE_FILE, 600, 0.5, 599.5, 0, DIES_AT_CLOSE, 0.002, NULL },
	{ LEAKTRACE_KIND_TIMER, LEAKTRACE_TYPE_POSIX_TIMER, 3, 4, 5, 1, 0, 0, NULL },
	{ LEAKTRACE_KIND_PAGE, LEAKTRACE_TYPE_ANON, 64, 2, 2.5, 1, 0, 0, NULL },
};

static const struct plan narrow = {
	LEAKTRACE_KIND_FD, LEAKTRACE_TYPE_FILE, 2, 5, 6, 1, 0, 0, NULL
};

static const struct plan sampled = {
	LEAKTRACE_KIND_HEAP, LEAKTRACE_TYPE_GLIBC, 1000, 1, 599, 2, DIES_AT_FREE, 0.012, NULL
};

static const struct plan sampled_later = {
	LEAKTRACE_KIND_HEAP, LEAKTRACE_TYPE_GLIBC, 2000, 1, 1199, 2, DIES_AT_FREE, 0.012, NULL
};

static const struct plan sampled_again = {
	LEAKTRACE_KIND_HEAP, LEAKTRACE_TYPE_GLIBC, 1000, 1, 599, 1, 0, 0, NULL
};

static const struct plan grown[] = {
	{ LEAKTRACE_KIND_PAGE, LEAKTRACE_TYPE_ANON, 3000, 1, 599, 1, 0, 0, NULL },
	{ LEAKTRACE_KIND_PAGE, LEAKTRACE_TYPE_ANON, 1000, 1, 599, 1, 0, 0, NULL },
};

static const struct {
	uint64_t baseline, bytes;
} before[KINDS] = { [LEAKTRACE_KIND_FD] = { 14, 0 }, [LEAKTRACE_KIND_PAGE] = { 2210, 0 },
		    [LEAKTRACE_KIND_THREAD] = { 5, 0 } };

static struct file_writer *w;
static uint64_t end_ns = ATTACHED_NS + WINDOW_NS;
static unsigned int pid = 4242;
static struct nl_msg *msg;
static const char *comm = "relayd", *exe = PROGRAM;
static struct kind_totals totals[KINDS];

static void begin(void)
{
	msg = nlmsg_alloc_size(1 << 16);
	nlmsg_put(msg, 0, 0, 0, 0, 0);
}

static void end(unsigned int type)
{
	file_append(w, type, nlmsg_data(nlmsg_hdr(msg)), nlmsg_datalen(nlmsg_hdr(msg)));
	nlmsg_free(msg);
}

static uint64_t birth_ns(const struct plan *p, unsigned int i)
{
	double share = p->born > 1 ? (double)i / (p->born - 1) : 0;
	/* not to the beat of a clock: requests come when they come */
	double wobble = i && i + 1 < p->born ? ((i * 2654435761U >> 16) % 1000 / 1000.0 - 0.5) : 0;
	double step = (p->last_s - p->first_s) / p->born;

	return ATTACHED_NS + (uint64_t)((p->first_s + share * (p->last_s - p->first_s) + wobble * step) * 1e9);
}

static bool survives(const struct plan *p, unsigned int i)
{
	return p->keep && i % p->keep == 0;
}

static uint64_t id_of(const struct plan *p, unsigned int site, unsigned int i)
{
	return p->kind == LEAKTRACE_KIND_PAGE ? HEAP + (uint64_t)site * 0x1000000 + i * 0x1000ULL :
		p->kind == LEAKTRACE_KIND_THREAD ? 5000 + i : 19 + i * 9ULL + site;
}

static void put_example(const struct plan *p, unsigned int site, unsigned int i)
{
	char what[128];

	snprintf(what, sizeof(what), p->what, i % 200 + 3, (i * 37) % 9999);
	begin();
	nla_put_u8(msg, 1, p->kind);
	nla_put_u64(msg, 3, id_of(p, site, i));
	nla_put_u64(msg, 4, birth_ns(p, i));
	nla_put_string(msg, 5, what);
	end(RECORD_EXAMPLE);
}

static void put_objects(const struct plan *p, unsigned int site)
{
	for (unsigned int i = 0; i < p->born; i++) {
		if (!survives(p, i))
			continue;
		begin();
		nla_put_u8(msg, LEAKTRACE_A_OBJECT_KIND, p->kind);
		nla_put_u8(msg, LEAKTRACE_A_OBJECT_TYPE, p->type);
		nla_put_u64(msg, LEAKTRACE_A_OBJECT_ID, id_of(p, site, i));
		nla_put_u32(msg, LEAKTRACE_A_OBJECT_SITE, site);
		nla_put_u64(msg, LEAKTRACE_A_OBJECT_BORN_NS, birth_ns(p, i));
		if (p->kind == LEAKTRACE_KIND_HEAP) {
			nla_put_u64(msg, LEAKTRACE_A_OBJECT_BYTES, 1000);
			nla_put_u64(msg, LEAKTRACE_A_OBJECT_MEAN_BYTES, 65536);
		}
		end(LEAKTRACE_CMD_OBJECT_GET);
		/* the oldest are what a report shows */
		if (p->what && i < 10 * p->keep)
			put_example(p, site, i);
	}
}

static void put_site(const struct plan *p, unsigned int site, unsigned int stack)
{
	uint32_t lifetimes[LEAKTRACE_LIFETIME_BUCKETS] = { 0 };
	uint64_t live = 0;
	struct nlattr *nest;
	int bucket = 0;

	for (unsigned int i = 0; i < p->born; i++)
		live += survives(p, i);
	for (double us = p->life_s * 1e6; us >= 2; us /= 2)
		bucket++;
	lifetimes[bucket] = p->born - live;
	totals[p->kind].born += p->born;
	totals[p->kind].live += live;
	begin();
	nla_put_u32(msg, LEAKTRACE_A_SITE_ID, site);
	nla_put_u32(msg, LEAKTRACE_A_SITE_TARGET, 1);
	nla_put_u8(msg, LEAKTRACE_A_SITE_KIND, p->kind);
	nla_put_u8(msg, LEAKTRACE_A_SITE_TYPE, p->type);
	nla_put_u32(msg, LEAKTRACE_A_SITE_STACK, stack);
	nla_put_u64(msg, LEAKTRACE_A_SITE_BORN, p->born);
	nla_put_u64(msg, LEAKTRACE_A_SITE_DIED, p->born - live);
	nla_put_u64(msg, LEAKTRACE_A_SITE_FIRST_NS, birth_ns(p, 0));
	nla_put_u64(msg, LEAKTRACE_A_SITE_LAST_NS, birth_ns(p, p->born - 1));
	nla_put_u64(msg, LEAKTRACE_A_SITE_LIFETIME_MAX_NS, p->life_s * 1.2e9);
	nla_put_u64(msg, LEAKTRACE_A_SITE_LIFETIME_SUM_NS, (p->born - live) * p->life_s * 1e9);
	nla_put(msg, LEAKTRACE_A_SITE_LIFETIMES, sizeof(lifetimes), lifetimes);
	if (live < p->born) {
		nla_put_u64(msg, LEAKTRACE_A_SITE_LAST_DIED_NS, birth_ns(p, p->born - 1) + p->life_s * 1e9);
		nest = nla_nest_start(msg, LEAKTRACE_A_SITE_RELEASE);
		nla_put_u32(msg, LEAKTRACE_A_RELEASE_STACK, p->dies_at);
		nla_put_u64(msg, LEAKTRACE_A_RELEASE_COUNT, p->born - live);
		nla_nest_end(msg, nest);
	}
	end(LEAKTRACE_CMD_SITE_GET);
}

static bool cut;	/* two stacks of three end early; one of them has a rest */

/* Of a stack, or of the rest of one. */
static void put_frames(uint8_t command, unsigned int id, uint8_t status, const int *stack)
{
	uint64_t pcs[8];
	int n = 0;

	for (; n == 0 || stack[n - 1] != START; n++)
		pcs[n] = places[stack[n]].pc;
	begin();
	nla_put_u32(msg, LEAKTRACE_A_STACK_ID, id);
	nla_put_u8(msg, LEAKTRACE_A_STACK_STATUS, status);
	nla_put(msg, LEAKTRACE_A_STACK_PCS, n * sizeof(*pcs), pcs);
	end(command);
}

static void put_stack(unsigned int id, const int *stack)
{
	static const int rest[] = { BARE, BARE_CALLER, START };

	put_frames(LEAKTRACE_CMD_STACK_GET, id, !cut || id % 3 == 0 ? LEAKTRACE_STACK_ROOT :
		   id % 3 == 1 ? LEAKTRACE_STACK_FAULT : LEAKTRACE_STACK_DEPTH, stack);
	if (cut && id == 1)
		put_frames(LEAKTRACE_CMD_STACK_REST, id, LEAKTRACE_STACK_ROOT, rest);
}

static void put_symbol(const struct place *p, int is_return)
{
	const char *module = p->pc >= CODE_LIBTLS ? LIBTLS : p->pc >= CODE_LIBC ? LIBC : exe;
	char missing[256];
	int n = 1;

	while (n < 3 && p->f[n].function)
		n++;
	begin();
	nla_put_u64(msg, 1, p->pc);
	nla_put_u8(msg, 2, is_return);
	for (int i = 0; i < n; i++) {
		struct nlattr *nest = nla_nest_start(msg, 3);

		if (p->f[i].function) {
			nla_put_string(msg, 1, p->f[i].function);
			nla_put_string(msg, 2, p->f[i].file);
			nla_put_u32(msg, 3, p->f[i].line);
		}
		nla_put_string(msg, 4, module);
		nla_put_string(msg, 5, p->pc >= CODE_LIBTLS ? "77aa0c" : p->pc >= CODE_LIBC ? "5c1b9e" : "d00dfeed");
		nla_put_u64(msg, 6, p->f[i].function ? p->pc & 0xff : p->pc - CODE_LIBTLS);
		nla_put_u8(msg, 7, i + 1 < n);
		if (cut && p->pc < CODE_LIBC && p->f[i].file) {
			snprintf(missing, sizeof(missing), "/build/relayd/%s.dwo", p->f[i].file);
			nla_put_string(msg, 10, missing);
		}
		nla_nest_end(msg, nest);
	}
	end(RECORD_SYMBOL);
}

static void put_target(void)
{
	begin();
	nla_put_u32(msg, LEAKTRACE_A_TARGET_ID, 1);
	nla_put_u32(msg, LEAKTRACE_A_TARGET_PID, pid);
	nla_put_u32(msg, LEAKTRACE_A_TARGET_KINDS, LEAKTRACE_KINDS_ALL);
	nla_put_string(msg, LEAKTRACE_A_TARGET_COMM, comm);
	nla_put_u64(msg, LEAKTRACE_A_TARGET_ATTACHED_NS, ATTACHED_NS);
	nla_put_u64(msg, LEAKTRACE_A_TARGET_NOW_NS, end_ns);
	nla_put_u64(msg, LEAKTRACE_A_TARGET_RECONCILED_NS, end_ns);
	for (int k = 0; k < KINDS; k++) {
		struct nlattr *nest = nla_nest_start(msg, LEAKTRACE_A_TARGET_KIND);
		uint64_t live = totals[k].live + before[k].baseline;

		nla_put_u8(msg, LEAKTRACE_A_KIND_ID, k);
		nla_put_u64(msg, LEAKTRACE_A_KIND_BASELINE, before[k].baseline);
		nla_put_u64(msg, LEAKTRACE_A_KIND_BASELINE_LIVE, before[k].baseline);
		nla_put_u64(msg, LEAKTRACE_A_KIND_BORN, totals[k].born);
		nla_put_u64(msg, LEAKTRACE_A_KIND_DIED, totals[k].born - totals[k].live);
		nla_put_u64(msg, LEAKTRACE_A_KIND_LIVE, live);
		nla_put_u64(msg, LEAKTRACE_A_KIND_BYTES, k == LEAKTRACE_KIND_PAGE ? live * PAGE_BYTES : 0);
		nla_nest_end(msg, nest);
	}
	end(LEAKTRACE_CMD_TARGET_GET);
}

static void put_maps(void)
{
	char maps[1024];

	snprintf(maps, sizeof(maps),
		 "%llx-%llx r-xp 00001000 08:01 101 %s\n%llx-%llx rw-p 00000000 00:00 0 [heap]\n"
		 "%llx-%llx r-xp 00026000 08:01 102 %s\n%llx-%llx r-xp 00009000 08:01 103 %s\n",
		 CODE, CODE + 0x9000, exe, HEAP, HEAP + 0x20000000, CODE_LIBC, CODE_LIBC + 0x155000, LIBC,
		 CODE_LIBTLS, CODE_LIBTLS + 0x40000, LIBTLS);
	file_append(w, RECORD_MAPS, maps, strlen(maps));
}

static void put_meta(void)
{
	begin();
	nla_put_string(msg, 1, exe);
	nla_put_string(msg, 2, "edge-7");
	nla_put_string(msg, 3, "6.1.0-18-amd64");
	nla_put_u64(msg, 4, WALL_MINUS_MONO_US);
	nla_put_u64(msg, 5, 4096);
	nla_put_string(msg, 6, LEAKTRACE_VERSION);
	end(RECORD_META);
}

static void be_hostile(void)
{
	comm = "</script><b>x\"\n";
	exe = "/tmp/<img src=x onerror=alert(1)>";
	places[ACCEPT_CLIENT].f[0].function = "</script><script>alert('pwned')</script>";
	places[ACCEPT_CLIENT].f[0].file = "\"><svg onload=alert(2)>.c";
	places[UPSTREAM].f[0].function = "<!--<script> ]]> &lt; \xff\xfe \xe2\x80\xae evil; 1\n# EOF\nx{a=\"b\"} 1";
	places[DNS].f[0].function = "std::map<std::string, __proto__>::operator[](\"a\\b\", constructor)";
	places[CACHE_PUT].f[1].function = "javascript:alert(3)//${7*7}{{7*7}}%s%n\001\033[31m";
}

static void put_zombies(void)
{
	struct child_row row[120] = { 0 };

	for (unsigned int i = 0; i < ARRAY_SIZE(row); i++) {
		row[i].forked_ns = ATTACHED_NS + (i + 1) * (WINDOW_NS / (ARRAY_SIZE(row) + 1));
		row[i].pid = 7000 + i;
		row[i].flags = CHILD_ROW_ZOMBIE;
		strcpy(row[i].comm, "worker*");
	}
	begin();
	nla_put_u64(msg, CHILDREN_TIME_NS, end_ns);
	nla_put_u32(msg, CHILDREN_LOOKS, 60);
	nla_put_u64(msg, CHILDREN_TOTAL, ARRAY_SIZE(row));
	nla_put(msg, CHILDREN_LIST, sizeof(row), row);
	end(RECORD_CHILDREN);
}

static void put_runtime_site(uint32_t id, const char *kind, const char *type, struct runtime_row row)
{
	bool leaks = !row.bytes;
	struct nlattr *nest;

	begin();
	nla_put_u32(msg, RUNTIME_ID, id);
	nla_put_string(msg, RUNTIME_KIND, kind);
	nla_put_string(msg, RUNTIME_TYPE, type);
	nla_put(msg, RUNTIME_COUNTS, sizeof(row), &row);
	nla_put_u8(msg, RUNTIME_VERDICT, leaks ? 3 : 2);
	nla_put_u32(msg, RUNTIME_CONFIDENCE, leaks ? 900000 : 500000);
	nla_put_string(msg, RUNTIME_EVIDENCE, leaks ? "grew by 290 in 10m0s" : "holds 40 MiB more than 10m0s ago");
	if (leaks) {
		nest = nla_nest_start(msg, RUNTIME_FRAME);
		nla_put_string(msg, FRAME_FUNCTION, "main.waitForAnswer");
		nla_put_string(msg, FRAME_FILE, "/src/relay/ask.go");
		nla_put_u32(msg, FRAME_LINE, 32);
		nla_put_string(msg, FRAME_MODULE, PROGRAM);
		nla_nest_end(msg, nest);
	} else {
		nla_put_string(msg, RUNTIME_ROOT, type);
		nla_put_string(msg, RUNTIME_CHAIN, "map[string]*main.Answer");
		nla_put_string(msg, RUNTIME_CHAIN, "main.Answer.Body");
		nla_put_u64(msg, RUNTIME_GROWN_BYTES, row.bytes - row.baseline_bytes);
	}
	end(RECORD_RUNTIME_SITE);
}

static void put_runtime(void)
{
	const struct runtime_row goroutines = { .baseline = 10, .live = 300, .age_max_us = 590000000 };
	const struct runtime_row held = { .baseline = 12000, .live = 12000, .baseline_bytes = 8 << 20, .bytes = 48 << 20 };

	put_runtime_site(1, "goroutine", "chan send", goroutines);
	put_runtime_site(2, "goholder", "main.answers", held);
}

/* Which blocks are sampled. */
static const struct plan *heap_of(const char *mode)
{
	if (!strcmp(mode, "later"))
		end_ns += WINDOW_NS;
	if (!strcmp(mode, "again"))
		pid++;
	return !strcmp(mode, "heap") ? &sampled : !strcmp(mode, "later") ? &sampled_later :
		!strcmp(mode, "again") ? &sampled_again : NULL;
}

int main(int argc, char **argv)
{
	bool grows = argc > 2 && !strcmp(argv[2], "grows");
	const struct plan *heap = argc > 2 ? heap_of(argv[2]) : NULL;
	char err[256];

	if (argc < 2)
		return fail("usage: make_trace FILE [hostile | wide | short | zombies | heap | later | again | grows | go]");
	if (argc > 2 && !strcmp(argv[2], "hostile"))
		be_hostile();
	cut = argc > 2 && !strcmp(argv[2], "short");
	w = file_create(argv[1], err, sizeof(err));
	if (!w)
		return fail("%s", err);
	put_meta();
	put_maps();
	for (unsigned int i = 0; i < ARRAY_SIZE(plans); i++)
		put_site(&plans[i], i + 1, i + 1);
	for (unsigned int i = 0; argc > 2 && !strcmp(argv[2], "wide") && i < 100; i++)
		put_site(&narrow, 100 + i, 7);
	if (heap)
		put_site(heap, 200, 5);
	for (unsigned int i = 0; grows && i < ARRAY_SIZE(grown); i++)
		put_site(&grown[i], GROWN + i, 5 + i);
	put_target();
	if (argc > 2 && !strcmp(argv[2], "zombies"))
		put_zombies();
	if (argc > 2 && !strcmp(argv[2], "go"))
		put_runtime();
	for (unsigned int i = 0; i < ARRAY_SIZE(stacks); i++)
		put_stack(i + 1, stacks[i]);
	for (unsigned int i = 0; i < ARRAY_SIZE(places); i++)
		for (int is_return = 0; is_return < 2; is_return++)
			put_symbol(&places[i], is_return);
	for (unsigned int i = 0; i < ARRAY_SIZE(plans); i++)
		put_objects(&plans[i], i + 1);
	if (heap)
		put_objects(heap, 200);
	for (unsigned int i = 0; grows && i < ARRAY_SIZE(grown); i++)
		put_objects(&grown[i], GROWN + i);
	return file_finish(w) ? fail("cannot write %s", argv[1]) : 0;
}
