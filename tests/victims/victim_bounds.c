// SPDX-License-Identifier: GPL-2.0
/*
 * As many of everything as one asks for.
 *
 *   fds N       N copies of one descriptor, at bounds_fd
 *   sites N     N more, each by a call path of its own: N sites, N stacks
 *   close N     closes the N newest, each by a call path of its own
 *   threads N   N threads that wait, at bounds_thread
 *   timers N    N timers, at bounds_timer
 *   pages N     touches N pages, at bounds_touch
 */
#include "victim.h"

#include <fcntl.h>
#include <linux/futex.h>
#include <signal.h>
#include <sys/resource.h>
#include <time.h>

enum { STACK_BYTES = 4096 };

static int newest = -1;

static NAMED long bounds_fd(void)
{
	return sys(SYS_dup, 0);
}

static NAMED long bounds_close(void)
{
	return sys(SYS_close, newest--);
}

static void open_one(void)
{
	long fd = bounds_fd();

	if (fd < 0)
		return fail("dup: %s", strerror(-fd));
	newest = fd;
}

static void close_one(void)
{
	long ret = bounds_close();

	if (ret < 0)
		fail("close: %s", strerror(-ret));
}

/* The path is the number: a call from one of two places for each bit. */
static NAMED void descend(long path, int bits, void (*act)(void))
{
	if (!bits) {
		act();
		asm volatile("# neither one place for all calls, nor a jump");
	} else if (path & 1) {
		descend(path >> 1, bits - 1, act);
		asm volatile("# odd");
	} else {
		descend(path >> 1, bits - 1, act);
		asm volatile("# even");
	}
}

static void by_paths(long n, void (*act)(void))
{
	static long path;

	for (long i = 0; i < n; i++)
		descend(path++, 20, act);
}

static void fds(int argc, char **argv)
{
	for (long i = number(argc, argv, 1, 1); i; i--)
		open_one();
}

static void sites(int argc, char **argv)
{
	by_paths(number(argc, argv, 1, 1), open_one);
}

static void close_some(int argc, char **argv)
{
	by_paths(number(argc, argv, 1, 1), close_one);
}

static int never;

static void stand_still(void *unused)
{
	for (;;)
		sys(SYS_futex, &never, FUTEX_WAIT, 0, NULL);
}

static NAMED long bounds_thread(void *stack)
{
	return spawn(SPAWN_FLAGS_THREAD, stack, stand_still, NULL, NULL, NULL);
}

static void threads(int argc, char **argv)
{
	long n = number(argc, argv, 1, 1);
	char *stacks = mmap(NULL, n * STACK_BYTES, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	for (long i = 1; i <= n; i++) {
		long ret = bounds_thread(stacks + i * STACK_BYTES);

		if (ret < 0)
			return fail("clone: %s", strerror(-ret));
	}
}

static NAMED long bounds_timer(void)
{
	struct sigevent silent = { .sigev_notify = SIGEV_NONE };
	int id;

	return sys(SYS_timer_create, CLOCK_MONOTONIC, &silent, &id);
}

static void timers(int argc, char **argv)
{
	for (long i = number(argc, argv, 1, 1); i; i--) {
		long ret = bounds_timer();

		if (ret < 0)
			return fail("timer_create: %s", strerror(-ret));
	}
}

static NAMED void bounds_touch(char *p, long n)
{
	for (long i = 0; i < n; i++)
		p[i * 4096] = 1;
}

static void pages(int argc, char **argv)
{
	long n = number(argc, argv, 1, 1);
	char *p = mmap(NULL, n * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		return fail("mmap: %s", strerror(errno));
	madvise(p, n * 4096, MADV_NOHUGEPAGE);
	bounds_touch(p, n);
}

static const struct command commands[] = {
	{ "fds", fds }, { "sites", sites }, { "close", close_some },
	{ "threads", threads }, { "timers", timers }, { "pages", pages },
};

int main(int argc, char **argv)
{
	struct rlimit most = { 1 << 21, 1 << 21 };

	setrlimit(RLIMIT_NOFILE, &most);
	setrlimit(RLIMIT_NPROC, &most);
	setrlimit(RLIMIT_SIGPENDING, &most);
	return serve(commands, ARRAY_SIZE(commands));
}
