// SPDX-License-Identifier: GPL-2.0
/* The dialogue with a test. */
#include "victim.h"

#include <linux/futex.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

static char input[4096];
static char output[65536];
static char why[256];

static void put(const char *fmt, va_list args)
{
	size_t done = 0, len;
	long n;

	vsnprintf(output, sizeof(output) - 1, fmt, args);
	len = strlen(output);
	output[len++] = '\n';
	while (done < len) {
		n = sys(SYS_write, 1, output + done, len - done);
		if (n <= 0 && n != -EINTR)
			sys(SYS_exit_group, 1);
		if (n > 0)
			done += n;
	}
}

void say(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	put(fmt, args);
	va_end(args);
}

void fail(const char *fmt, ...)
{
	va_list args;

	if (why[0])
		return;
	va_start(args, fmt);
	vsnprintf(why, sizeof(why), fmt, args);
	va_end(args);
}

long number(int argc, char **argv, int i, long otherwise)
{
	return i < argc ? strtol(argv[i], NULL, 0) : otherwise;
}

static bool read_line(void)
{
	size_t len = 0;
	long n;

	while (len < sizeof(input) - 1) {
		n = sys(SYS_read, 0, input + len, 1);
		if (n == -EINTR)
			continue;
		if (n <= 0)
			return false;
		if (input[len] == '\n')
			break;
		len++;
	}
	input[len] = 0;
	return true;
}

int serve(const struct command *commands, size_t n)
{
	char *argv[32];
	int argc;
	size_t i;

	signal(SIGPIPE, SIG_IGN);
	/* A test that was killed leaves no victim behind. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	say("ready %d", getpid());
	while (read_line()) {
		argc = 0;
		for (char *word = strtok(input, " "); word; word = strtok(NULL, " "))
			if (argc < (int)ARRAY_SIZE(argv))
				argv[argc++] = word;
		if (!argc)
			continue;
		if (!strcmp(argv[0], "exit"))
			return number(argc, argv, 1, 0);
		why[0] = 0;
		for (i = 0; i < n; i++)
			if (!strcmp(argv[0], commands[i].name))
				break;
		if (i < n)
			commands[i].run(argc, argv);
		else
			fail("no command '%s'", argv[0]);
		if (why[0])
			say("failed %s", why);
		else
			say("ok");
	}
	return 0;
}

void exec_self(int argc, char **argv)
{
	char *args[] = { program_invocation_name, NULL };
	char path[4096] = "";

	/*
	 * By its own path: that in /proc would call the process "exe". And of the
	 * thread: the first one may have exited, and have no program any more.
	 */
	if (readlink("/proc/thread-self/exe", path, sizeof(path) - 1) > 0)
		execv(path, args);
	fail("exec: %m");
}

void end_child(pid_t *child)
{
	if (*child > 0) {
		kill(*child, SIGKILL);
		waitpid(*child, NULL, 0);
	}
	*child = 0;
}

void wait_word(int *word, int value)
{
	while (__atomic_load_n(word, __ATOMIC_ACQUIRE) == value)
		sys(SYS_futex, word, FUTEX_WAIT, value, NULL);
}

void wake_word(int *word, int value)
{
	__atomic_store_n(word, value, __ATOMIC_RELEASE);
	sys(SYS_futex, word, FUTEX_WAKE, 0x7fffffff);
}

void sleep_until(long long ns)
{
	struct timespec t = {
		.tv_sec = ns / 1000000000LL,
		.tv_nsec = ns % 1000000000LL,
	};

	while (sys(SYS_clock_nanosleep, CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) == -EINTR)
		;
}
