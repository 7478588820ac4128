// SPDX-License-Identifier: GPL-2.0
/*
 * Mappings by every road in and out. A range has a name, one letter a to z, and its own
 * 64 MiB of addresses, far from where the kernel puts mappings by itself: two ranges
 * never touch. FIRST and COUNT are pages of it; a page of another kind is left out.
 *
 *   map R WHAT PAGES [FIRST]
 *                       WHAT: anon file shared_file shared memfd huge stack, at
 *                       by_WHAT, from page FIRST of the range on
 *   anywhere N          N anonymous mappings where the kernel puts them, at by_anywhere
 *   over R FIRST COUNT  a file's mapping instead of what is there, at by_over
 *   unmap R [FIRST COUNT]       at die_unmap
 *   protect R PROT [FIRST COUNT]  PROT: none ro rw, at change_protection
 *   advise R HOW [FIRST COUNT]    HOW: dontfork dofork dontdump dodump dontneed, at
 *                       change_advice
 *   lock R [FIRST COUNT]        at change_lock
 *   unlock R [FIRST COUNT]      at change_unlock
 *   lock_all, unlock_all
 *   policy R [FIRST COUNT]      a NUMA policy, at change_policy
 *   name R NAME [FIRST COUNT]   a name for anonymous memory, at change_name
 *   seal R [FIRST COUNT]        at change_seal
 *   watch R [FIRST COUNT]       by userfaultfd
 *   remap R HOW PAGES [FIRST COUNT]
 *                       HOW: stay move fixed dontunmap; to PAGES pages, at by_remap;
 *                       fixed and dontunmap: to page 8192 of the range
 *   nonlinear R FIRST COUNT PGOFF   remap_file_pages, at by_nonlinear
 *   attach_shm R PAGES          SysV shared memory, at by_attach_shm
 *   detach_shm R                at die_detach_shm
 *   brk PAGES           up or, if negative, down, at by_brk
 *   aio, aio_end        an asynchronous I/O context, which has a ring, at by_aio
 *   deepen PAGES        the main stack grows
 *   fail N              N calls that fail, of each kind
 *   leak N              N mappings of a file that nobody unmaps, at by_leak
 *   pairs N             N times mapped and unmapped, at by_pair and die_pair
 *   guards N            N blocks of memory with a guard page each, at by_guarded and
 *                       split_guard
 *   many N              N mappings of one page, no two of which merge, at by_many
 *   alike               makes one mapping of all that many has made, at merge_many
 *   threads N           N threads that stand still, as pthread_create() makes them
 *   end_threads
 *   storm N MS          N threads map, split, merge, move and unmap for that long
 *   fork                a child that stands still; "child=PID"
 *   fork_map R          a child that maps at its range R, at by_child, and stands still
 *   gone                ends the child
 *   exec                starts itself anew
 */
#include "victim.h"

#include <fcntl.h>
#include <linux/mempolicy.h>
#include <linux/userfaultfd.h>
#include <pthread.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/ipc.h>
#include <sys/prctl.h>
#include <sys/shm.h>
#include <sys/wait.h>

#ifndef MREMAP_DONTUNMAP
#define MREMAP_DONTUNMAP 4
#endif
#ifndef PR_SET_VMA
#define PR_SET_VMA 0x53564d41
#endif
#ifndef PR_SET_VMA_ANON_NAME
#define PR_SET_VMA_ANON_NAME 0
#endif
#ifndef SYS_mseal
#define SYS_mseal 462
#endif

#define PAGE	4096L
#define HUGE	(2L << 20)
#define ARENA	0x100000000000L
#define ROOM	(64L << 20)	/* of a range */
#define AWAY	8192L		/* page of its room where remap puts it */
#define RW	(PROT_READ | PROT_WRITE)
#define HERE	(MAP_FIXED_NOREPLACE)

static struct range {
	char *start;
	long pages;
} ranges[26];

static int file_fd = -1, memfd = -1;
static pid_t child;

/* --- roads in --- */

#define ROAD(name, prot, flags, fd)                                            \
	static NAMED long by_##name(char *at, long bytes)                      \
	{                                                                      \
		return sys(SYS_mmap, at, bytes, prot, (flags) | HERE, fd, 0);  \
	}

ROAD(anon, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1)
ROAD(file, PROT_READ, MAP_PRIVATE, file_fd)
ROAD(shared_file, PROT_READ, MAP_SHARED, file_fd)
ROAD(shared, RW, MAP_SHARED | MAP_ANONYMOUS, -1)
ROAD(memfd, RW, MAP_SHARED, memfd)
ROAD(huge, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1)
ROAD(stack, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1)

static NAMED long by_anywhere(long bytes)
{
	return sys(SYS_mmap, NULL, bytes, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static NAMED long by_over(char *at, long bytes)
{
	return sys(SYS_mmap, at, bytes, PROT_READ, MAP_PRIVATE | MAP_FIXED, file_fd, 0);
}

static NAMED long by_remap(char *at, long old_bytes, long bytes, int flags, char *to)
{
	return sys(SYS_mremap, at, old_bytes, bytes, flags, to);
}

static NAMED long by_nonlinear(char *at, long bytes, long page)
{
	return sys(SYS_remap_file_pages, at, bytes, 0, page, 0);
}

static NAMED long by_attach_shm(int id, char *at)
{
	return sys(SYS_shmat, id, at, 0);
}

static NAMED long by_brk(long where)
{
	return sys(SYS_brk, where);
}

static NAMED long by_aio(unsigned long *context)
{
	return sys(SYS_io_setup, 16, context);
}

static NAMED long by_leak(long bytes)
{
	return sys(SYS_mmap, NULL, bytes, PROT_READ, MAP_PRIVATE, file_fd, 0);
}

static NAMED long by_pair(long bytes)
{
	return sys(SYS_mmap, NULL, bytes, PROT_READ, MAP_PRIVATE, file_fd, 0);
}

static NAMED long by_guarded(long bytes)
{
	return sys(SYS_mmap, NULL, bytes, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static NAMED long by_many(char *at, int prot)
{
	return sys(SYS_mmap, at, PAGE, prot, MAP_PRIVATE | MAP_ANONYMOUS | HERE, -1, 0);
}

static NAMED long by_child(char *at)
{
	return sys(SYS_mmap, at, PAGE, RW, MAP_SHARED | MAP_ANONYMOUS | HERE, -1, 0);
}

/* --- roads out, and what splits and merges --- */

static NAMED long die_unmap(char *at, long bytes)
{
	return sys(SYS_munmap, at, bytes);
}

static NAMED long die_pair(long at, long bytes)
{
	return sys(SYS_munmap, at, bytes);
}

static NAMED long die_detach_shm(char *at)
{
	return sys(SYS_shmdt, at);
}

static NAMED long die_aio(unsigned long context)
{
	return sys(SYS_io_destroy, context);
}

static NAMED long split_guard(long at)
{
	return sys(SYS_mprotect, at, PAGE, PROT_NONE);
}

static NAMED long change_protection(char *at, long bytes, int prot)
{
	return sys(SYS_mprotect, at, bytes, prot);
}

static NAMED long change_advice(char *at, long bytes, int advice)
{
	return sys(SYS_madvise, at, bytes, advice);
}

static NAMED long change_lock(char *at, long bytes)
{
	return sys(SYS_mlock, at, bytes);
}

static NAMED long change_unlock(char *at, long bytes)
{
	return sys(SYS_munlock, at, bytes);
}

static NAMED long change_policy(char *at, long bytes)
{
	unsigned long nodes = 1;

	return sys(SYS_mbind, at, bytes, MPOL_BIND, &nodes, 2, 0);
}

static NAMED long change_name(char *at, long bytes, const char *name)
{
	return sys(SYS_prctl, PR_SET_VMA, PR_SET_VMA_ANON_NAME, at, bytes, name);
}

static NAMED long change_seal(char *at, long bytes)
{
	return sys(SYS_mseal, at, bytes, 0);
}

static NAMED long merge_many(char *at, long bytes)
{
	return sys(SYS_mprotect, at, bytes, RW);
}

/* --- commands --- */

/* Did it go well? */
static bool good(const char *what, long ret)
{
	if (ret < 0 && ret > -4096)
		fail("%s: %s", what, strerror(-ret));
	return ret >= 0 || ret <= -4096;
}

static struct range *range(int argc, char **argv)
{
	struct range *r;

	if (argc < 2 || argv[1][0] < 'a' || argv[1][0] > 'z' || argv[1][1]) {
		fail("which range?");
		return NULL;
	}
	r = &ranges[argv[1][0] - 'a'];
	if (!r->start)
		r->start = (char *)ARENA + (argv[1][0] - 'a') * ROOM;
	return r;
}

/* The part of a range that argv[i] and argv[i + 1] say, or all of it. */
static struct range *part(int argc, char **argv, int i, char **at, long *bytes)
{
	struct range *r = range(argc, argv);
	long first = number(argc, argv, i, 0);

	if (!r)
		return NULL;
	*at = r->start + first * PAGE;
	*bytes = number(argc, argv, i + 1, r->pages - first) * PAGE;
	return r;
}

static void map(int argc, char **argv)
{
	static const struct {
		const char *what;
		long (*road)(char *at, long bytes);
	} roads[] = {
		{ "anon", by_anon }, { "file", by_file }, { "shared_file", by_shared_file },
		{ "shared", by_shared }, { "memfd", by_memfd }, { "huge", by_huge },
		{ "stack", by_stack },
	};
	struct range *r = range(argc, argv);
	long pages = number(argc, argv, 3, 1), first = number(argc, argv, 4, 0);

	if (!r || argc < 3)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(roads); i++)
		if (!strcmp(argv[2], roads[i].what)) {
			if (good(argv[2], roads[i].road(r->start + first * PAGE, pages * PAGE)) &&
			    first + pages > r->pages)
				r->pages = first + pages;
			return;
		}
	fail("no road '%s'", argv[2]);
}

static void anywhere(int argc, char **argv)
{
	for (long n = number(argc, argv, 1, 1); n--;)
		good("mmap", by_anywhere(16 * PAGE));
}

static void over(int argc, char **argv)
{
	char *at;
	long bytes;

	if (part(argc, argv, 2, &at, &bytes))
		good("mmap", by_over(at, bytes));
}

static void unmap(int argc, char **argv)
{
	char *at;
	long bytes;

	if (part(argc, argv, 2, &at, &bytes))
		good("munmap", die_unmap(at, bytes));
}

static void protect(int argc, char **argv)
{
	int prot;
	char *at;
	long bytes;

	if (argc < 3 || !part(argc, argv, 3, &at, &bytes))
		return;
	prot = !strcmp(argv[2], "rw") ? RW : !strcmp(argv[2], "ro") ? PROT_READ : PROT_NONE;
	good("mprotect", change_protection(at, bytes, prot));
}

static void advise(int argc, char **argv)
{
	static const struct {
		const char *how;
		int advice;
	} all[] = {
		{ "dontfork", MADV_DONTFORK }, { "dofork", MADV_DOFORK },
		{ "dontdump", MADV_DONTDUMP }, { "dodump", MADV_DODUMP },
		{ "dontneed", MADV_DONTNEED },
	};
	char *at;
	long bytes;

	if (argc < 3 || !part(argc, argv, 3, &at, &bytes))
		return;
	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		if (!strcmp(argv[2], all[i].how))
			good("madvise", change_advice(at, bytes, all[i].advice));
}

static void lock(int argc, char **argv)
{
	char *at;
	long bytes;

	if (part(argc, argv, 2, &at, &bytes))
		good("mlock", change_lock(at, bytes));
}

static void unlock(int argc, char **argv)
{
	char *at;
	long bytes;

	if (part(argc, argv, 2, &at, &bytes))
		good("munlock", change_unlock(at, bytes));
}

static void lock_all(int argc, char **argv)
{
	good("mlockall", sys(SYS_mlockall, MCL_CURRENT));
}

static void unlock_all(int argc, char **argv)
{
	good("munlockall", sys(SYS_munlockall));
}

static void policy(int argc, char **argv)
{
	char *at;
	long bytes;

	if (part(argc, argv, 2, &at, &bytes))
		good("mbind", change_policy(at, bytes));
}

static void name(int argc, char **argv)
{
	char *at;
	long bytes;

	if (argc > 2 && part(argc, argv, 3, &at, &bytes))
		good("prctl", change_name(at, bytes, argv[2]));
}

static void seal(int argc, char **argv)
{
	char *at;
	long bytes;

	if (part(argc, argv, 2, &at, &bytes))
		good("mseal", change_seal(at, bytes));
}

static void watch(int argc, char **argv)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register reg = { .mode = UFFDIO_REGISTER_MODE_MISSING };
	static int fd = -1;
	char *at;
	long bytes;

	if (!part(argc, argv, 2, &at, &bytes))
		return;
	reg.range.start = (uintptr_t)at;
	reg.range.len = bytes;
	if (fd < 0)
		fd = syscall(SYS_userfaultfd, O_CLOEXEC);
	if (fd < 0 || ioctl(fd, UFFDIO_API, &api) || ioctl(fd, UFFDIO_REGISTER, &reg))
		fail("userfaultfd: %m");
}

static void remap(int argc, char **argv)
{
	long pages = number(argc, argv, 3, 1), bytes, ret;
	struct range *r;
	int flags = 0;
	char *at;

	r = part(argc, argv, 4, &at, &bytes);
	if (!r || argc < 4)
		return;
	if (!strcmp(argv[2], "move"))
		flags = MREMAP_MAYMOVE;
	else if (!strcmp(argv[2], "fixed"))
		flags = MREMAP_MAYMOVE | MREMAP_FIXED;
	else if (!strcmp(argv[2], "dontunmap"))
		flags = MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP;
	ret = by_remap(at, bytes, pages * PAGE, flags, r->start + AWAY * PAGE);
	if (!good("mremap", ret))
		return;
	say("at=0x%lx-0x%lx", ret, ret + pages * PAGE);
	if (at == r->start && (flags & MREMAP_MAYMOVE) && !(flags & MREMAP_DONTUNMAP))
		r->start = (char *)ret;
	r->pages = pages > r->pages ? pages : r->pages;
}

static void nonlinear(int argc, char **argv)
{
	char *at;
	long bytes;

	if (part(argc, argv, 2, &at, &bytes))
		good("remap_file_pages", by_nonlinear(at, bytes, number(argc, argv, 4, 0)));
}

static void attach_shm(int argc, char **argv)
{
	struct range *r = range(argc, argv);
	long pages = number(argc, argv, 2, 1);
	int id;

	if (!r)
		return;
	id = shmget(IPC_PRIVATE, pages * PAGE, 0600);
	if (id < 0)
		return fail("shmget: %m");
	if (good("shmat", by_attach_shm(id, r->start)))
		r->pages = pages;
	shmctl(id, IPC_RMID, NULL);
}

static void detach_shm(int argc, char **argv)
{
	struct range *r = range(argc, argv);

	if (r)
		good("shmdt", die_detach_shm(r->start));
}

static void move_brk(int argc, char **argv)
{
	long now = by_brk(0), want = now + number(argc, argv, 1, 1) * PAGE;

	if (by_brk(want) != want)
		fail("brk: it is %lx", now);
}

static unsigned long aio_context;

static void aio(int argc, char **argv)
{
	aio_context = 0;
	good("io_setup", by_aio(&aio_context));
}

static void aio_end(int argc, char **argv)
{
	good("io_destroy", die_aio(aio_context));
}

static NAMED void deepen_by(long pages)
{
	volatile char *here = (char *)((uintptr_t)__builtin_frame_address(0) & ~(PAGE - 1));

	for (long i = 1; i <= pages; i++)
		here[-i * PAGE] = 1;
}

static void deepen(int argc, char **argv)
{
	deepen_by(number(argc, argv, 1, 64));
}

static void fail_all(int argc, char **argv)
{
	char *nowhere = (char *)ARENA + 26 * ROOM;

	for (long n = number(argc, argv, 1, 1); n--;) {
		if (sys(SYS_mmap, nowhere, PAGE, PROT_READ, MAP_PRIVATE | HERE, 999, 0) >= 0 ||
		    sys(SYS_mmap, nowhere, 0, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) >= 0 ||
		    die_unmap(nowhere + 1, PAGE) >= 0 ||
		    change_protection(nowhere, PAGE, PROT_READ) >= 0 ||
		    change_advice(nowhere, PAGE, MADV_DONTFORK) >= 0 ||
		    change_lock(nowhere, PAGE) >= 0 ||
		    by_remap(nowhere, PAGE, 2 * PAGE, MREMAP_MAYMOVE, NULL) >= 0 ||
		    die_detach_shm(nowhere) >= 0)
			fail("that should have failed");
	}
}

static void leak(int argc, char **argv)
{
	for (long n = number(argc, argv, 1, 1); n--;)
		good("mmap", by_leak(2 * PAGE));
}

static void pairs(int argc, char **argv)
{
	long at;

	for (long n = number(argc, argv, 1, 1); n--;) {
		at = by_pair(2 * PAGE);
		if (good("mmap", at))
			good("munmap", die_pair(at, 2 * PAGE));
	}
}

static void guards(int argc, char **argv)
{
	long at;

	for (long n = number(argc, argv, 1, 1); n--;) {
		at = by_guarded(16 * PAGE);
		if (good("mmap", at))
			good("mprotect", split_guard(at));
	}
}

#define MANY ((char *)ARENA + 27 * ROOM)

static char *end_of_many = MANY;

static void many(int argc, char **argv)
{
	for (long n = number(argc, argv, 1, 1); n--; end_of_many += PAGE)
		if (!good("mmap", by_many(end_of_many,
					  (uintptr_t)end_of_many & PAGE ? RW : PROT_READ)))
			break;
}

static void alike(int argc, char **argv)
{
	good("mprotect", merge_many(MANY, end_of_many - MANY));
}

/* --- threads --- */

enum { THREADS = 64 };

static pthread_t thread[THREADS];
static int nthreads, over_now;

static void *stand_still(void *unused)
{
	wait_word(&over_now, 0);
	return NULL;
}

static void threads(int argc, char **argv)
{
	over_now = 0;
	for (long n = number(argc, argv, 1, 1); n-- && nthreads < THREADS; nthreads++)
		if (pthread_create(&thread[nthreads], NULL, stand_still, NULL))
			return fail("pthread_create: %m");
}

static void end_threads(int argc, char **argv)
{
	wake_word(&over_now, 1);
	while (nthreads)
		pthread_join(thread[--nthreads], NULL);
}

static NAMED void storm_once(unsigned int *seed)
{
	long at, moved, bytes = (2 + rand_r(seed) % 6) * 2 * PAGE;

	at = sys(SYS_mmap, NULL, bytes, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (at < 0 && at > -4096)
		return;
	switch (rand_r(seed) % 5) {
	case 0:		/* a hole, and what fills it again */
		sys(SYS_munmap, at + PAGE, PAGE);
		sys(SYS_mmap, at + PAGE, PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS | HERE, -1, 0);
		break;
	case 1:		/* apart and together */
		sys(SYS_mprotect, at + PAGE, PAGE, PROT_NONE);
		sys(SYS_mprotect, at + PAGE, PAGE, RW);
		break;
	case 2:
		moved = sys(SYS_mremap, at, bytes, bytes + PAGE, MREMAP_MAYMOVE, NULL);
		if (moved > 0 || moved <= -4096) {
			at = moved;
			bytes += PAGE;
		}
		break;
	case 3:
		sys(SYS_madvise, at, PAGE, MADV_DONTFORK);
		break;
	case 4:		/* kept: a mapping of a file does not merge */
		sys(SYS_munmap, at, bytes);
		sys(SYS_mmap, NULL, bytes, PROT_READ, MAP_PRIVATE, file_fd, 0);
		return;
	}
	sys(SYS_munmap, at, bytes);
}

static long long storm_end;

static void *storm_thread(void *number)
{
	unsigned int seed = (uintptr_t)number * 2654435761U;

	while (now_ns() < storm_end)
		storm_once(&seed);
	return NULL;
}

static void storm(int argc, char **argv)
{
	long n = number(argc, argv, 1, 4), i;

	storm_end = now_ns() + number(argc, argv, 2, 300) * 1000000LL;
	for (i = 0; i < n && i < THREADS; i++)
		if (pthread_create(&thread[i], NULL, storm_thread, (void *)(i + 1)))
			return fail("pthread_create: %m");
	while (i--)
		pthread_join(thread[i], NULL);
}

/* --- processes --- */

static void stop_here(void)
{
	for (;;)
		sys(SYS_pause);
}

static void fork_still(int argc, char **argv)
{
	child = fork();
	if (child < 0)
		return fail("fork: %m");
	if (!child)
		stop_here();
	say("child=%d", child);
}

static void fork_map(int argc, char **argv)
{
	struct range *r = range(argc, argv);
	int made[2];
	char done;

	if (!r || pipe(made))
		return fail("no pipe");
	child = fork();
	if (child < 0)
		return fail("fork: %m");
	if (!child) {
		for (int i = 0; i < 3; i++)
			by_child(r->start + 2 * i * PAGE);
		sys(SYS_write, made[1], "", 1);
		stop_here();
	}
	sys(SYS_read, made[0], &done, 1);
	close(made[0]);
	close(made[1]);
	say("child=%d", child);
}

static void gone(int argc, char **argv)
{
	end_child(&child);
}

static const struct command commands[] = {
	{ "map", map }, { "anywhere", anywhere }, { "over", over }, { "unmap", unmap },
	{ "protect", protect }, { "advise", advise }, { "lock", lock }, { "unlock", unlock },
	{ "lock_all", lock_all }, { "unlock_all", unlock_all }, { "policy", policy },
	{ "name", name }, { "seal", seal }, { "watch", watch }, { "remap", remap },
	{ "nonlinear", nonlinear }, { "attach_shm", attach_shm },
	{ "detach_shm", detach_shm }, { "brk", move_brk }, { "aio", aio },
	{ "aio_end", aio_end }, { "deepen", deepen }, { "fail", fail_all },
	{ "leak", leak }, { "pairs", pairs }, { "guards", guards }, { "many", many }, { "alike", alike },
	{ "threads", threads }, { "end_threads", end_threads }, { "storm", storm },
	{ "fork", fork_still }, { "fork_map", fork_map }, { "gone", gone },
	{ "exec", exec_self },
};

int main(void)
{
	/* in no tmpfs, whose files are shared memory */
	file_fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	memfd = memfd_create("victim", MFD_CLOEXEC);
	if (file_fd < 0 || memfd < 0 || ftruncate(memfd, 64 * PAGE))
		return 1;
	return serve(commands, ARRAY_SIZE(commands));
}
