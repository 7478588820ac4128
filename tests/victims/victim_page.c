// SPDX-License-Identifier: GPL-2.0
/*
 * Pages by every road in and out. A range has a name, one letter a to z.
 *
 *   map R PAGES [shared|file] [huge|nohuge] [populate] [mergeable]
 *                       answers "R=START-END"; populate is at touch_populate; file: all
 *                       of these map one memfd, from its start
 *   touch R HOW [FIRST COUNT]
 *                       HOW: write read syscall mlock madvise futex; at touch_HOW
 *   sleep R             a thread sleeps in the system call that touches R first, until
 *                       touch R futex; then it ends
 *   again R             writes to what is there already, at write_again
 *   same R              fills with equal content, at write_same
 *   brk PAGES           up and touched at touch_brk; answers "brk=START-END"
 *   brk_down PAGES
 *   stack PAGES         touched at touch_stack; answers "stack=START-END"
 *   unmap R [FIRST COUNT]
 *   advise R HOW [FIRST COUNT]
 *                       HOW: dontneed free remove pageout collapse
 *                       unmergeable mergeable huge nohuge soft_offline cold
 *   truncate PAGES      the memfd has that many from now on
 *   punch FIRST COUNT   pages of the memfd
 *   protect R ro|rw
 *   remap R PAGES [move|fixed|shifted|dontunmap] [FIRST COUNT]
 *                       answers "R=START-END" and, if old pages stay mapped,
 *                       "old=START-END"
 *   contend R           touches one page in each huge page of R, while a thread changes
 *                       another mapping without a pause; "changes=N"
 *   fork                a child that stands still; "child=PID"
 *   fork_write R        a child that writes to all of R, at child_write
 *   gone                ends the child
 *   exec                starts itself anew
 */
#include "victim.h"

#include <fcntl.h>
#include <linux/futex.h>
#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/uio.h>
#include <sys/wait.h>

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif
#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25
#endif
#ifndef MADV_SOFT_OFFLINE
#define MADV_SOFT_OFFLINE 101
#endif
#ifndef MREMAP_DONTUNMAP
#define MREMAP_DONTUNMAP 4
#endif

#define PAGE 4096L
#define HUGE (2L << 20)

static struct range {
	char *start;
	long pages;
} ranges[26];

static int *shared;
static int memfd;
static pid_t child;

/* --- roads in --- */

NAMED void touch_write(char *p, long n)
{
	for (; n--; p += PAGE)
		*(volatile char *)p = 1;
}

NAMED void touch_read(char *p, long n)
{
	for (; n--; p += PAGE)
		(void)*(volatile char *)p;
}

static int zero_fd;

NAMED void touch_syscall(char *p, long n)
{
	long ret = sys(SYS_read, zero_fd, p, n * PAGE);

	if (ret != n * PAGE)
		fail("read: %ld", ret);
}

NAMED void touch_mlock(char *p, long n)
{
	long ret = sys(SYS_mlock, p, n * PAGE);

	if (ret)
		fail("mlock: %s", strerror(-ret));
}

NAMED void touch_madvise(char *p, long n)
{
	long ret = sys(SYS_madvise, p, n * PAGE, MADV_POPULATE_WRITE);

	if (ret)
		fail("madvise: %s", strerror(-ret));
}

/* the kernel touches it with page faults off, then tries again with them on */
NAMED void touch_futex(char *p, long n)
{
	for (; n--; p += PAGE)
		sys(SYS_futex, p, FUTEX_WAKE_OP | FUTEX_PRIVATE_FLAG, 1, 1, p,
		    FUTEX_OP(FUTEX_OP_SET, 0, FUTEX_OP_CMP_EQ, 1));
}

NAMED char *touch_populate(char *want, long n, int flags)
{
	return (char *)sys(SYS_mmap, want, n * PAGE, PROT_READ | PROT_WRITE,
			   flags | MAP_POPULATE, -1, 0);
}

NAMED void touch_brk(char *p, long n)
{
	for (; n--; p += PAGE)
		*(volatile char *)p = 1;
}

/* Goes down one page at a time, as a growing stack does. */
NAMED char *touch_stack(long n)
{
	char *here = (char *)((uintptr_t)__builtin_frame_address(0) & ~(PAGE - 1));

	here -= 8 * PAGE;
	for (long i = 1; i <= n; i++)
		*(volatile char *)(here - i * PAGE) = 1;
	return here;
}

NAMED void write_again(char *p, long n)
{
	for (; n--; p += PAGE)
		*(volatile char *)p += 1;
}

NAMED void write_same(char *p, long n)
{
	for (; n--; p += PAGE)
		*(volatile long *)(p + 64) = 0x1e4b;
}

NAMED void child_write(char *p, long n)
{
	for (; n--; p += PAGE)
		*(volatile char *)p += 1;
}

/* --- commands --- */

static struct range *range(int argc, char **argv)
{
	if (argc > 1 && argv[1][0] >= 'a' && argv[1][0] <= 'z' && !argv[1][1])
		return &ranges[argv[1][0] - 'a'];
	fail("which range?");
	return NULL;
}

static void part(int argc, char **argv, int i, const struct range *r, char **p, long *n)
{
	long first = number(argc, argv, i, 0);

	*p = r->start + first * PAGE;
	*n = number(argc, argv, i + 1, r->pages - first);
}

static void tell(const char *name, const char *start, long pages)
{
	say("%s=0x%lx-0x%lx", name, (long)start, (long)start + pages * PAGE);
}

static bool has(int argc, char **argv, const char *word)
{
	for (int i = 1; i < argc; i++)
		if (!strcmp(argv[i], word))
			return true;
	return false;
}

/* An address where nothing is, aligned for huge pages. */
static char *free_place(long pages)
{
	long size = (pages * PAGE + HUGE - 1) / HUGE * HUGE + 2 * HUGE;
	char *p = mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (p == MAP_FAILED)
		return NULL;
	munmap(p, size);
	return (char *)(((uintptr_t)p + HUGE - 1) / HUGE * HUGE);
}

static void map(int argc, char **argv)
{
	struct range *r = range(argc, argv);
	long n = number(argc, argv, 2, 1);
	bool file = has(argc, argv, "file");
	int flags = MAP_FIXED_NOREPLACE | (file ? 0 : MAP_ANONYMOUS);
	char *want = free_place(n), *p;

	if (!r || !want)
		return fail("no room");
	flags |= file || has(argc, argv, "shared") ? MAP_SHARED : MAP_PRIVATE;
	if (has(argc, argv, "populate"))
		p = touch_populate(want, n, flags);
	else
		p = (char *)sys(SYS_mmap, want, n * PAGE, PROT_READ | PROT_WRITE,
				flags, file ? memfd : -1, 0);
	if (p != want)
		return fail("mmap: %ld", (long)p);
	if (has(argc, argv, "huge") && madvise(p, n * PAGE, MADV_HUGEPAGE))
		return fail("no huge pages: %m");
	if (has(argc, argv, "nohuge"))
		madvise(p, n * PAGE, MADV_NOHUGEPAGE);
	if (has(argc, argv, "mergeable") && madvise(p, n * PAGE, MADV_MERGEABLE))
		return fail("no KSM: %m");
	r->start = p;
	r->pages = n;
	tell(argv[1], p, n);
}

static void touch(int argc, char **argv)
{
	static const struct {
		const char *how;
		void (*touch)(char *p, long n);
	} ways[] = {
		{ "write", touch_write }, { "read", touch_read },
		{ "syscall", touch_syscall }, { "mlock", touch_mlock },
		{ "madvise", touch_madvise }, { "futex", touch_futex },
	};
	struct range *r = range(argc, argv);
	char *p;
	long n;

	if (!r || argc < 3)
		return;
	part(argc, argv, 3, r, &p, &n);
	for (size_t i = 0; i < ARRAY_SIZE(ways); i++)
		if (!strcmp(argv[2], ways[i].how))
			return ways[i].touch(p, n);
	fail("no way '%s'", argv[2]);
}

static char sleeper_stack[16384] __attribute__((aligned(16)));

static void sleep_there(void *word)
{
	sys(SYS_futex, word, FUTEX_WAIT_PRIVATE, 0, NULL);
}

static void sleep_in(int argc, char **argv)
{
	struct range *r = range(argc, argv);

	if (r && spawn(SPAWN_FLAGS_THREAD, sleeper_stack + sizeof(sleeper_stack), sleep_there,
		       r->start, NULL, NULL) < 0)
		fail("clone");
}

static void again(int argc, char **argv)
{
	struct range *r = range(argc, argv);

	if (r)
		write_again(r->start, r->pages);
}

static void same(int argc, char **argv)
{
	struct range *r = range(argc, argv);

	if (r)
		write_same(r->start, r->pages);
}

static char *brk_start, *brk_now;

static void brk_up(int argc, char **argv)
{
	long n = number(argc, argv, 1, 1);
	char *want = brk_now + n * PAGE;

	if ((char *)sys(SYS_brk, want) != want)
		return fail("brk");
	touch_brk(brk_now, n);
	brk_now = want;
	tell("brk", brk_start, (brk_now - brk_start) / PAGE);
}

static void brk_down(int argc, char **argv)
{
	char *want = brk_now - number(argc, argv, 1, 1) * PAGE;

	if ((char *)sys(SYS_brk, want) != want)
		return fail("brk");
	brk_now = want;
	tell("brk", brk_start, (brk_now - brk_start) / PAGE);
}

static void stack(int argc, char **argv)
{
	long n = number(argc, argv, 1, 16);
	char *top = touch_stack(n);

	tell("stack", top - n * PAGE, n);
}

static void unmap(int argc, char **argv)
{
	struct range *r = range(argc, argv);
	char *p;
	long n;

	if (!r)
		return;
	part(argc, argv, 2, r, &p, &n);
	if (sys(SYS_munmap, p, n * PAGE))
		fail("munmap");
}

static void advise(int argc, char **argv)
{
	static const struct {
		const char *how;
		int advice;
	} ways[] = {
		{ "dontneed", MADV_DONTNEED }, { "free", MADV_FREE },
		{ "remove", MADV_REMOVE }, { "pageout", MADV_PAGEOUT },
		{ "collapse", MADV_COLLAPSE }, { "unmergeable", MADV_UNMERGEABLE },
		{ "mergeable", MADV_MERGEABLE }, { "huge", MADV_HUGEPAGE },
		{ "nohuge", MADV_NOHUGEPAGE }, { "soft_offline", MADV_SOFT_OFFLINE },
		{ "cold", MADV_COLD },
	};
	struct range *r = range(argc, argv);
	char *p;
	long n, ret;

	if (!r || argc < 3)
		return;
	part(argc, argv, 3, r, &p, &n);
	for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
		if (strcmp(argv[2], ways[i].how))
			continue;
		ret = sys(SYS_madvise, p, n * PAGE, ways[i].advice);
		if (ret)
			fail("%s: %s", argv[2], strerror(-ret));
		return;
	}
	fail("no advice '%s'", argv[2]);
}

NAMED void make_short(long n)
{
	if (sys(SYS_ftruncate, memfd, n * PAGE))
		fail("ftruncate");
}

NAMED void make_hole(long first, long n)
{
	if (sys(SYS_fallocate, memfd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
		first * PAGE, n * PAGE))
		fail("fallocate");
}

static void truncate_file(int argc, char **argv)
{
	make_short(number(argc, argv, 1, 0));
}

static void punch(int argc, char **argv)
{
	make_hole(number(argc, argv, 1, 0), number(argc, argv, 2, 1));
}

static void protect(int argc, char **argv)
{
	struct range *r = range(argc, argv);
	int prot = PROT_READ;

	if (!r)
		return;
	if (has(argc, argv, "rw"))
		prot |= PROT_WRITE;
	if (sys(SYS_mprotect, r->start, r->pages * PAGE, prot))
		fail("mprotect");
}

static void remap(int argc, char **argv)
{
	struct range *r = range(argc, argv);
	long n = number(argc, argv, 2, 1), old_n, flags = 0;
	char *want = NULL, *old, *p;

	if (!r)
		return;
	part(argc, argv, 4, r, &old, &old_n);
	if (argc > 3) {
		flags = MREMAP_MAYMOVE;
		want = free_place(n);
		if (!strcmp(argv[3], "fixed"))
			flags |= MREMAP_FIXED;
		else if (!strcmp(argv[3], "shifted"))	/* to another place within 2 MiB */
			flags |= MREMAP_FIXED, want += 37 * PAGE;
		else if (!strcmp(argv[3], "dontunmap"))
			flags |= MREMAP_DONTUNMAP;
	}
	p = (char *)sys(SYS_mremap, old, old_n * PAGE, n * PAGE, flags, want);
	if ((unsigned long)p > -4096UL)
		return fail("mremap: %s", strerror(-(long)p));
	if (old != r->start || old_n != r->pages || (flags & MREMAP_DONTUNMAP))
		tell("old", r->start, r->pages);
	r->start = p;
	r->pages = n;
	tell(argv[1], p, n);
}

static bool contending;
static long changes;

/* mprotect() has mmap_lock for writing. */
static void *contender(void *mapping)
{
	while (__atomic_load_n(&contending, __ATOMIC_ACQUIRE)) {
		sys(SYS_mprotect, mapping, PAGE, ++changes % 2 ? PROT_NONE : PROT_READ);
		if (changes == 1)
			wake_word(shared, 1);
	}
	return NULL;
}

static void contend(int argc, char **argv)
{
	struct range *r = range(argc, argv);
	char *other = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	pthread_t thread;

	if (!r || other == MAP_FAILED)
		return fail("no range");
	changes = 0;
	contending = true;
	__atomic_store_n(shared, 0, __ATOMIC_RELEASE);
	if (pthread_create(&thread, NULL, contender, other))
		return fail("no thread");
	wait_word(shared, 0);
	for (long first = 0; first < r->pages; first += HUGE / PAGE)
		touch_write(r->start + first * PAGE, 1);
	__atomic_store_n(&contending, false, __ATOMIC_RELEASE);
	pthread_join(thread, NULL);
	munmap(other, PAGE);
	say("changes=%ld", changes);
}

static void make_child(const struct range *r)
{
	__atomic_store_n(shared, 0, __ATOMIC_RELEASE);
	child = fork();
	if (!child) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (r)
			child_write(r->start, r->pages);
		wake_word(shared, 1);
		for (;;)
			sys(SYS_pause);
	}
	if (child < 0)
		return fail("fork: %m");
	wait_word(shared, 0);
	say("child=%d", child);
}

static void fork_child(int argc, char **argv)
{
	make_child(NULL);
}

static void fork_write(int argc, char **argv)
{
	struct range *r = range(argc, argv);

	if (r)
		make_child(r);
}

static void gone(int argc, char **argv)
{
	end_child(&child);
}

static const struct command commands[] = {
	{ "map", map }, { "touch", touch }, { "sleep", sleep_in }, { "again", again }, { "same", same },
	{ "brk", brk_up }, { "brk_down", brk_down }, { "stack", stack },
	{ "unmap", unmap }, { "advise", advise }, { "protect", protect },
	{ "truncate", truncate_file }, { "punch", punch },
	{ "remap", remap }, { "contend", contend }, { "fork", fork_child }, { "fork_write", fork_write },
	{ "gone", gone }, { "exec", exec_self },
};

int main(int argc, char **argv)
{
	zero_fd = syscall(SYS_open, "/dev/zero", 0);
	shared = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	memfd = syscall(SYS_memfd_create, "shared", 0);
	if (ftruncate(memfd, 4096 * PAGE))
		fail("memfd: %m");
	brk_now = (char *)sys(SYS_brk, 0);
	brk_now = (char *)(((uintptr_t)brk_now + PAGE - 1) & ~(PAGE - 1));
	brk_start = brk_now;
	return serve(commands, ARRAY_SIZE(commands));
}
