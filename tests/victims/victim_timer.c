// SPDX-License-Identifier: GPL-2.0
/*
 * POSIX timers by every road in and out.
 *
 *   create CLOCK HOW [N]     CLOCK: realtime monotonic cputime boottime
 *                            HOW: none signal thread_id, at by_CLOCK; or
 *                            null: no sigevent, at by_null
 *   helper [N]               N timers with SIGEV_THREAD, made by libc
 *   arm FIRST COUNT MS [INTERVAL_MS]    sets them going, at arm_here
 *   disarm FIRST COUNT
 *   delete FIRST COUNT       at die_delete
 *   pairs N                  N times made and deleted at by_pair
 *   expired N                waits until N signals have come; "signals=K"
 *   overrun MS               keeps the signal blocked for that long
 *   fail N                   N creations and N deletions that fail
 *   fork                     a child that stands still (no timer is inherited)
 *   gone
 *   exec                     starts itself anew
 */
#include "victim.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#define LIMIT 4096

static int made[LIMIT]; /* kernel's ids, in the order of birth */
static timer_t helpers[64];
static int n_made, n_helpers;
static volatile int signals, helper_calls;
static pid_t child;

static void on_signal(int sig)
{
	__atomic_add_fetch(&signals, 1, __ATOMIC_RELAXED);
}

static void on_helper(union sigval value)
{
	__atomic_add_fetch(&helper_calls, 1, __ATOMIC_RELAXED);
}

#define CREATE(name, clock)                                                    \
	static NAMED long by_##name(struct sigevent *ev)                       \
	{                                                                      \
		int id = -1;                                                   \
		long ret = sys(SYS_timer_create, clock, ev, &id);              \
                                                                               \
		return ret < 0 ? ret : id;                                     \
	}

CREATE(realtime, CLOCK_REALTIME)
CREATE(monotonic, CLOCK_MONOTONIC)
CREATE(cputime, CLOCK_PROCESS_CPUTIME_ID)
CREATE(boottime, CLOCK_BOOTTIME)

static NAMED long by_null(void)
{
	int id = -1;
	long ret = sys(SYS_timer_create, CLOCK_MONOTONIC, NULL, &id);

	return ret < 0 ? ret : id;
}

static NAMED int by_helper(void)
{
	struct sigevent ev = {
		.sigev_notify = SIGEV_THREAD,
		.sigev_notify_function = on_helper,
	};

	return timer_create(CLOCK_MONOTONIC, &ev, &helpers[n_helpers]);
}

static NAMED long die_delete(int id)
{
	return sys(SYS_timer_delete, id);
}

static NAMED long arm_here(int id, long ms, long interval_ms)
{
	struct itimerspec t = {
		.it_value = { ms / 1000, ms % 1000 * 1000000 },
		.it_interval = { interval_ms / 1000, interval_ms % 1000 * 1000000 },
	};

	return sys(SYS_timer_settime, id, 0, &t, NULL);
}

static NAMED long by_pair(void)
{
	int id;
	long ret = sys(SYS_timer_create, CLOCK_MONOTONIC, NULL, &id);

	return ret < 0 ? ret : sys(SYS_timer_delete, id);
}

static void create(int argc, char **argv)
{
	static const struct {
		const char *name;
		long (*create)(struct sigevent *ev);
	} clocks[] = {
		{ "realtime", by_realtime }, { "monotonic", by_monotonic },
		{ "cputime", by_cputime }, { "boottime", by_boottime },
	};
	struct sigevent ev = { .sigev_notify = SIGEV_NONE, .sigev_signo = SIGUSR1 };
	long n = number(argc, argv, 3, 1), ret;
	size_t i;

	if (argc < 3)
		return fail("create CLOCK HOW");
	if (!strcmp(argv[2], "signal")) {
		ev.sigev_notify = SIGEV_SIGNAL;
	} else if (!strcmp(argv[2], "thread_id")) {
		ev.sigev_notify = SIGEV_THREAD_ID;
		ev._sigev_un._tid = sys(SYS_gettid);
	}
	for (i = 0; i < ARRAY_SIZE(clocks); i++)
		if (!strcmp(argv[1], clocks[i].name))
			break;
	for (; n-- && n_made < LIMIT; made[n_made++] = ret) {
		if (!strcmp(argv[2], "null"))
			ret = by_null();
		else if (i < ARRAY_SIZE(clocks))
			ret = clocks[i].create(&ev);
		else
			return fail("no clock '%s'", argv[1]);
		if (ret < 0)
			return fail("timer_create: %s", strerror(-ret));
	}
}

static void helper(int argc, char **argv)
{
	for (long n = number(argc, argv, 1, 1); n--; n_helpers++)
		if (n_helpers == (int)ARRAY_SIZE(helpers) || by_helper())
			return fail("timer_create: %m");
}

static void arm(int argc, char **argv)
{
	long first = number(argc, argv, 1, 0), n = number(argc, argv, 2, 1);
	bool off = !strcmp(argv[0], "disarm");

	for (; n-- && first < n_made; first++)
		if (arm_here(made[first], off ? 0 : number(argc, argv, 3, 1000),
			     off ? 0 : number(argc, argv, 4, 0)))
			return fail("timer_settime");
}

static void delete(int argc, char **argv)
{
	long first = number(argc, argv, 1, 0), n = number(argc, argv, 2, 1);

	for (; n-- && first < n_made; first++)
		if (die_delete(made[first]))
			return fail("timer_delete");
}

static void pairs(int argc, char **argv)
{
	for (long n = number(argc, argv, 1, 1); n--;)
		if (by_pair())
			return fail("pair");
}

static void expired(int argc, char **argv)
{
	long n = number(argc, argv, 1, 1);

	while (signals < n)
		sleep_until(now_ns() + 1000000);
	say("signals=%d", signals);
}

static void overrun(int argc, char **argv)
{
	unsigned long mask = 1UL << (SIGUSR1 - 1);

	sys(SYS_rt_sigprocmask, SIG_BLOCK, &mask, NULL, 8);
	sleep_until(now_ns() + number(argc, argv, 1, 100) * 1000000);
	sys(SYS_rt_sigprocmask, SIG_UNBLOCK, &mask, NULL, 8);
	say("signals=%d", signals);
}

static void failures(int argc, char **argv)
{
	for (long n = number(argc, argv, 1, 1); n--;) {
		struct sigevent ev = { .sigev_notify = 77 };
		int id;

		sys(SYS_timer_create, CLOCK_MONOTONIC, &ev, &id);
		sys(SYS_timer_create, 9999, NULL, &id);
		sys(SYS_timer_create, CLOCK_MONOTONIC, NULL, (void *)8);
		sys(SYS_timer_delete, 0x7ffffff0);
	}
}

static void fork_child(int argc, char **argv)
{
	child = fork();
	if (!child) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			sys(SYS_pause);
	}
	say("child=%d", child);
}

static void gone(int argc, char **argv)
{
	end_child(&child);
}

static void exec_unharmed(int argc, char **argv)
{
	signal(SIGUSR1, SIG_IGN);
	exec_self(argc, argv);
}

static const struct command commands[] = {
	{ "create", create }, { "helper", helper }, { "arm", arm },
	{ "disarm", arm }, { "delete", delete }, { "pairs", pairs },
	{ "expired", expired }, { "overrun", overrun }, { "fail", failures },
	{ "fork", fork_child }, { "gone", gone }, { "exec", exec_unharmed },
};

int main(int argc, char **argv)
{
	signal(SIGUSR1, on_signal);
	return serve(commands, ARRAY_SIZE(commands));
}
