// SPDX-License-Identifier: GPL-2.0
/*
 * Descriptors by every road in and out.
 *
 *   hold N                  N of /dev/null at by_hold
 *   road NAME [N]           N births at by_NAME; answers "born=K"
 *   death NAME [N]          N births at for_NAME, N deaths at die_NAME
 *   drop [N]                closes the N oldest that hold opened, at die_drop
 *   pairs N                 N times opened and closed at by_pair
 *   cloexec N               the N newest of hold get the CLOEXEC flag
 *   range_cloexec           CLOSE_RANGE_CLOEXEC over all that hold opened
 *   fork CLOSES OPENS       a child closes copies, opens its own at by_child
 *   share OPENS CLOSES      the same in a process that shares the table
 *   unshare OPENS CLOSES    the same in a thread with a table of its own
 *   unshare_range           a thread leaves the table and closes all that hold opened
 *   leave                   the first thread leaves the table to another one
 *   gone                    ends what the five above have started
 *   fail N                  N failed closes and N failed opens
 *   emfile                  opens until EMFILE at by_emfile; answers "born=K"
 *   uring_open N            N opens by io_uring
 *   uring_accept N          N accepts by io_uring
 *   uring_close N           closes N of hold's by io_uring
 *   exec                    starts itself anew and says "ready" again
 */
#include "victim_fd.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>

int held[HELD];
int held_first, held_last;

/* What other tasks share with this one; touched before "ready". */
static struct shared {
	int state;
	int opened, closed;
} *shared;

static void hold(int argc, char **argv)
{
	long n = number(argc, argv, 1, 1), ret;

	while (n--) {
		ret = by_hold();
		if (ret < 0)
			return fail("hold: %s", strerror(-ret));
	}
}

/* --- roads out --- */

static int doomed[256];

#define BIRTH(name)                                                            \
	static NAMED long for_##name(void)                                     \
	{                                                                      \
		return sys(SYS_openat, AT_FDCWD, NULL_DEVICE, O_RDONLY);       \
	}

BIRTH(close)
static NAMED long die_close(int n)
{
	for (int i = 0; i < n; i++)
		if (sys(SYS_close, doomed[i]))
			return -EIO;
	return 0;
}

/* an unbroken run of numbers */
#define RUN_BIRTH(name)                                                        \
	static NAMED long for_##name(void)                                     \
	{                                                                      \
		return sys(SYS_fcntl, plain_fd, F_DUPFD, 700);                 \
	}

RUN_BIRTH(close_range)
static NAMED long die_close_range(int n)
{
	return sys(SYS_close_range, doomed[0], doomed[n - 1], 0);
}

RUN_BIRTH(close_range_unshare)
static NAMED long die_close_range_unshare(int n)
{
	return sys(SYS_close_range, doomed[0], doomed[n - 1], CLOSE_RANGE_UNSHARE);
}

BIRTH(dup2)
static NAMED long die_dup2(int n)
{
	long ret = 0;

	for (int i = 0; i < n && ret >= 0; i++)
		ret = sys(SYS_dup2, plain_fd, doomed[i]);
	return ret < 0 ? ret : 0;
}

BIRTH(dup3)
static NAMED long die_dup3(int n)
{
	long ret = 0;

	for (int i = 0; i < n && ret >= 0; i++)
		ret = sys(SYS_dup3, plain_fd, doomed[i], 0);
	return ret < 0 ? ret : 0;
}

/* onto itself: nothing is born, nothing dies */
BIRTH(dup2_self)
static NAMED long die_dup2_self(int n)
{
	long ret = 0;

	for (int i = 0; i < n && ret >= 0; i++)
		ret = sys(SYS_dup2, doomed[i], doomed[i]);
	return ret < 0 ? ret : 0;
}

static const struct death {
	const char *name;
	long (*birth)(void);
	long (*die)(int n);
} deaths[] = {
#define D(name) { #name, for_##name, die_##name }
	D(close), D(close_range), D(close_range_unshare), D(dup2), D(dup3), D(dup2_self),
#undef D
};

static void death(int argc, char **argv)
{
	long n = number(argc, argv, 2, 3), ret;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(deaths); i++)
		if (argc > 1 && !strcmp(argv[1], deaths[i].name))
			break;
	if (i == ARRAY_SIZE(deaths) || n < 1 || n > (long)ARRAY_SIZE(doomed))
		return fail("no death '%s'", argc > 1 ? argv[1] : "");
	for (long k = 0; k < n; k++) {
		ret = deaths[i].birth();
		if (ret < 0)
			return fail("open: %s", strerror(-ret));
		doomed[k] = ret;
	}
	ret = deaths[i].die(n);
	if (ret < 0)
		return fail("%s: %s", argv[1], strerror(-ret));
}

static NAMED void die_drop(int fd)
{
	sys(SYS_close, fd);
}

static void drop(int argc, char **argv)
{
	long n = number(argc, argv, 1, 1);

	while (n-- && held_first < held_last)
		die_drop(held[held_first++ % ARRAY_SIZE(held)]);
}

static NAMED long by_pair(void)
{
	long fd = sys(SYS_openat, AT_FDCWD, NULL_DEVICE, O_RDONLY);

	return fd < 0 ? fd : sys(SYS_close, fd);
}

static void pairs(int argc, char **argv)
{
	long n = number(argc, argv, 1, 1), ret;

	while (n--) {
		ret = by_pair();
		if (ret < 0)
			return fail("pair: %s", strerror(-ret));
	}
}

static void cloexec(int argc, char **argv)
{
	long n = number(argc, argv, 1, 1);

	for (int i = held_last - 1; n-- && i >= held_first; i--)
		sys(SYS_fcntl, held[i % ARRAY_SIZE(held)], F_SETFD, FD_CLOEXEC);
}

static void range_cloexec(int argc, char **argv)
{
	int low = held[held_first % ARRAY_SIZE(held)];
	int high = held[(held_last - 1) % ARRAY_SIZE(held)];
	long ret = sys(SYS_close_range, low, high, CLOSE_RANGE_CLOEXEC);

	if (ret < 0)
		fail("close_range: %s", strerror(-ret));
}

/* --- traps --- */

static pid_t child;
static pthread_t thread;
static bool thread_runs;

#define BIRTH_BY_OPEN(name) \
	static NAMED long name(void) { return sys(SYS_openat, AT_FDCWD, NULL_DEVICE, O_RDONLY); }

BIRTH_BY_OPEN(by_child)
BIRTH_BY_OPEN(by_sharer)
BIRTH_BY_OPEN(by_unshared)
BIRTH_BY_OPEN(by_emfile)

static NAMED void die_elsewhere(int fd)
{
	sys(SYS_close, fd);
}

static void act(long (*birth)(void), long opens, long closes)
{
	int first = held_first;

	for (; closes && first < held_last; closes--)
		die_elsewhere(held[first++ % ARRAY_SIZE(held)]);
	while (opens--)
		birth();
}

static void forget(long n)
{
	held_first += n;
}

static void fork_child(int argc, char **argv)
{
	long closes = number(argc, argv, 1, 0), opens = number(argc, argv, 2, 0);

	shared->state = 0;
	child = fork();
	if (!child) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		act(by_child, opens, closes);
		wake_word(&shared->state, 1);
		for (;;)
			pause();
	}
	if (child < 0)
		return fail("fork: %m");
	wait_word(&shared->state, 0);
	say("child=%d", child);
}

static long sharer_opens, sharer_closes;

static int sharer(void *arg)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	act(by_sharer, sharer_opens, sharer_closes);
	wake_word(&shared->state, 1);
	for (;;)
		pause();
	return 0;
}

static void share(int argc, char **argv)
{
	static char stack[65536] __attribute__((aligned(16)));

	sharer_opens = number(argc, argv, 1, 0);
	sharer_closes = number(argc, argv, 2, 0);
	shared->state = 0;
	/* memory is its own, the table of descriptors is not */
	child = clone(sharer, stack + sizeof(stack), CLONE_FILES | SIGCHLD, NULL);
	if (child < 0)
		return fail("clone: %m");
	wait_word(&shared->state, 0);
	forget(sharer_closes);
	say("child=%d", child);
}

/* Until "gone". */
static void *stay(long ret)
{
	wake_word(&shared->state, ret ? 3 : 1);
	wait_word(&shared->state, 1);
	return NULL;
}

static void *stayer(void *arg)
{
	return stay(0);
}

static void *unsharer(void *arg)
{
	long ret = sys(SYS_unshare, CLONE_FILES);

	if (!ret)
		act(by_unshared, sharer_opens, sharer_closes);
	say("tid=%ld", sys(SYS_gettid));
	return stay(ret);
}

static void *range_unsharer(void *arg)
{
	int first = held[held_first % HELD], last = held[(held_last - 1) % HELD];

	return stay(sys(SYS_close_range, first, last, CLOSE_RANGE_UNSHARE));
}

static void start(void *(*fn)(void *))
{
	shared->state = 0;
	if (pthread_create(&thread, NULL, fn, NULL))
		return fail("no thread");
	thread_runs = true;
	wait_word(&shared->state, 0);
	if (shared->state == 3)
		fail("unshare");
}

static void unshare_files(int argc, char **argv)
{
	sharer_opens = number(argc, argv, 1, 0);
	sharer_closes = number(argc, argv, 2, 0);
	start(unsharer);
}

static void unshare_range(int argc, char **argv)
{
	start(range_unsharer);
}

static void leave(int argc, char **argv)
{
	start(stayer);
	if (sys(SYS_unshare, CLONE_FILES))
		fail("unshare");
}

static void gone(int argc, char **argv)
{
	end_child(&child);
	if (thread_runs) {
		wake_word(&shared->state, 2);
		pthread_join(thread, NULL);
		thread_runs = false;
	}
}

static NAMED void fail_close(void)
{
	sys(SYS_close, 900);
}

static NAMED void fail_open(void)
{
	sys(SYS_openat, AT_FDCWD, "/nonexistent", O_RDONLY);
}

static NAMED void fail_others(void)
{
	sys(SYS_dup2, 900, 901);
	sys(SYS_dup, 900);
	sys(SYS_pipe, (void *)8);
	sys(SYS_socketpair, AF_UNIX, SOCK_STREAM, 0, (void *)8);
	sys(SYS_socket, 9999, 0, 0);
	sys(SYS_accept, plain_fd, NULL, NULL);
	sys(SYS_close_range, 910, 905, 0);
}

static void failures(int argc, char **argv)
{
	for (long n = number(argc, argv, 1, 1); n > 0; n--) {
		fail_close();
		fail_open();
		fail_others();
	}
}

static void emfile(int argc, char **argv)
{
	struct rlimit limit = { 64, 64 }, old;
	long ret, born = 0;
	int pair[2];

	getrlimit(RLIMIT_NOFILE, &old);
	limit.rlim_max = old.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	while ((ret = by_emfile()) >= 0)
		born++;
	/* fails after the first of the two was reserved */
	sys(SYS_socketpair, AF_UNIX, SOCK_STREAM, 0, pair);
	sys(SYS_pipe, pair);
	sys(SYS_dup, plain_fd);
	setrlimit(RLIMIT_NOFILE, &old);
	if (ret != -EMFILE)
		return fail("%s", strerror(-ret));
	say("born=%ld", born);
}

static const struct command commands[] = {
	{ "hold", hold }, { "road", walk_road }, { "death", death }, { "drop", drop },
	{ "pairs", pairs }, { "cloexec", cloexec }, { "range_cloexec", range_cloexec },
	{ "fork", fork_child }, { "share", share }, { "unshare", unshare_files },
	{ "unshare_range", unshare_range }, { "leave", leave },
	{ "gone", gone }, { "fail", failures }, { "emfile", emfile },
	{ "uring_open", uring_open }, { "uring_accept", uring_accept },
	{ "uring_close", uring_close }, { "exec", exec_self },
};

int main(int argc, char **argv)
{
	roads_open();
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	ring_up();
	argc = serve(commands, ARRAY_SIZE(commands));
	roads_close();
	return argc;
}
