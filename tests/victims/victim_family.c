// SPDX-License-Identifier: GPL-2.0
/*
 * A process and its children; it is a subreaper, as the first process of a container is.
 *
 *   zombies N MS     N children, spread over MS, that exit at once; nobody waits for them
 *   reaped N MS      the same, each waited for
 *   lazy N MS        the same, waited for five at a time
 *   orphans N MS     N children whose own child outlives them, and becomes this process's;
 *                    only the children are waited for
 *   workers N MS     N children that run, by the name of worker; each opens 40 files at
 *                    worker_opens, spread over MS, which stay open; "worker=PID" of each
 *   idle N MS        the same without leaks: each file is closed again
 *   jobs N MS        N children, one after the other, that touch 64 pages at job_touches
 *                    and exit
 *   end              ends all children and waits for them
 */
#include "victim.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

enum { FILES = 40, JOB_BYTES = 64 * 4096 };

static pid_t children[4096];
static size_t nchildren;

/* fork(); the child ends with this process. */
static NAMED pid_t child_make(void)
{
	pid_t pid = fork();

	if (!pid)
		prctl(PR_SET_PDEATHSIG, SIGKILL);
	return pid;
}

static bool keep(pid_t pid)
{
	if (pid > 0 && nchildren < ARRAY_SIZE(children)) {
		children[nchildren++] = pid;
		return true;
	}
	fail("fork: %m");
	return false;
}

/* A child that exits at once, or leaves one behind that exits a little later. */
static pid_t short_child(bool with_orphan)
{
	pid_t pid = child_make();

	if (pid)
		return pid;
	if (with_orphan && !fork()) {
		usleep(20000);
		_exit(0);
	}
	_exit(0);
}

static void exiting(int argc, char **argv)
{
	long n = number(argc, argv, 1, 30), ms = number(argc, argv, 2, 6000);
	bool orphans = !strcmp(argv[0], "orphans"), lazy = !strcmp(argv[0], "lazy");
	bool wait_for = orphans || !strcmp(argv[0], "reaped");
	long long start = now_ns();

	for (long i = 0; i < n; i++) {
		pid_t pid;

		sleep_until(start + ms * 1000000LL * i / n);
		pid = short_child(orphans);
		if (pid < 0)
			return fail("fork: %m");
		if (wait_for)
			waitpid(pid, NULL, 0);
		for (int k = 0; lazy && i % 5 == 4 && k < 5; k++)
			waitpid(-1, NULL, 0);
	}
}

static NAMED int worker_opens(void)
{
	return sys(SYS_openat, AT_FDCWD, "/dev/null", O_RDONLY | O_CLOEXEC);
}

static void work(long ms, bool leaks)
{
	long long start = now_ns();

	for (long i = 0; i < FILES; i++) {
		int fd;

		sleep_until(start + ms * 1000000LL * i / FILES);
		fd = worker_opens();
		if (!leaks)
			close(fd);
	}
	for (;;)
		pause();
}

static void workers(int argc, char **argv)
{
	long n = number(argc, argv, 1, 3), ms = number(argc, argv, 2, 6000);
	bool leaks = !strcmp(argv[0], "workers");
	char name[16];

	prctl(PR_GET_NAME, name);
	/* who attaches to a child finds its name there from the beginning */
	prctl(PR_SET_NAME, leaks ? "worker" : "idle");
	for (long i = 0; i < n; i++) {
		pid_t pid = child_make();

		if (!pid)
			work(ms, leaks);
		if (!keep(pid))
			break;
		say("worker=%d", pid);
	}
	prctl(PR_SET_NAME, name);
}

static NAMED void job_touches(void)
{
	char *p = mmap(NULL, JOB_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p != MAP_FAILED)
		memset(p, 1, JOB_BYTES);
}

static void jobs(int argc, char **argv)
{
	long n = number(argc, argv, 1, 30), ms = number(argc, argv, 2, 6000);
	long long start = now_ns();

	for (long i = 0; i < n; i++) {
		pid_t pid;

		sleep_until(start + ms * 1000000LL * i / n);
		pid = child_make();
		if (!pid) {
			job_touches();
			_exit(0);
		}
		waitpid(pid, NULL, 0);
	}
}

static void end(int argc, char **argv)
{
	for (size_t i = 0; i < nchildren; i++)
		kill(children[i], SIGKILL);
	while (waitpid(-1, NULL, 0) > 0)
		;
	nchildren = 0;
}

static const struct command commands[] = {
	{ "zombies", exiting }, { "reaped", exiting }, { "lazy", exiting }, { "orphans", exiting },
	{ "workers", workers }, { "idle", workers }, { "jobs", jobs }, { "end", end },
};

int main(void)
{
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	return serve(commands, ARRAY_SIZE(commands));
}
