// SPDX-License-Identifier: GPL-2.0
/*
 * leaktrace run: a command, traced from its first instruction to its last.
 *
 * The child waits before exec until it is a target. It is also a tracee, for
 * two moments: after exec and before the end its first thread stops and we
 * look, because a program that lives for milliseconds would otherwise take its
 * mappings along, and with them the names of its code. What else stops a
 * tracee is let through at once. Where ptrace is forbidden, all works but that.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/cli.h"
#include "report/output.h"

enum { LOOK_MS = 20 };	/* at a tracee that is on its way to exec */

static struct {
	pid_t pid;		/* 0: reaped */
	int go, failed;		/* pipes: our word to go; errno of a failed exec */
	unsigned int signals;	/* that asked us to end */
	struct traced *traced;
} child;

static void become(struct options *o, int go, int failed)
{
	const char *slash = strrchr(o->argv[0], '/');
	sigset_t none;
	char word;
	int err;

	/* it is called so before it is what it is called */
	prctl(PR_SET_NAME, slash ? slash + 1 : o->argv[0]);
	sigemptyset(&none);
	if (read(go, &word, 1) != 1)
		_exit(127);		/* it came to nothing */
	sigprocmask(SIG_SETMASK, &none, NULL);
	execvp(o->argv[0], o->argv);
	err = errno;
	if (write(failed, &err, sizeof(err)) < 0)
		_exit(126);
	_exit(127);
}

/* Before anything else is opened: it is to inherit nothing of ours. */
static int spawn(struct options *o)
{
	int go[2], failed[2];

	if (pipe2(go, O_CLOEXEC) || pipe2(failed, O_CLOEXEC))
		return fail("cannot make a pipe: %s", strerror(errno));
	child.pid = fork();
	if (child.pid < 0) {
		child.pid = 0;
		return fail("cannot fork: %s", strerror(errno));
	}
	if (!child.pid) {
		close(go[1]);
		close(failed[0]);
		become(o, go[0], failed[1]);
	}
	close(go[0]);
	close(failed[1]);
	child.go = go[1];
	child.failed = failed[0];
	return 0;
}

static bool is_stop_signal(int signal)
{
	return signal == SIGSTOP || signal == SIGTSTP || signal == SIGTTIN || signal == SIGTTOU;
}

/* One stop of the tracee: look if it is one of ours, and let it go on. */
static void stopped(struct session *s, int status)
{
	int signal = WSTOPSIG(status), event = status >> 16;

	switch (event) {
	case PTRACE_EVENT_EXEC:
		if (child.traced)
			session_exec(s, child.traced);
		signal = 0;
		break;
	case PTRACE_EVENT_EXIT:
		if (child.traced)
			session_catch_up(s, child.traced);
		signal = 0;
		break;
	case PTRACE_EVENT_STOP:
		if (is_stop_signal(signal)) {
			/* stay stopped, as any process would */
			ptrace(PTRACE_LISTEN, child.pid, NULL, NULL);
			return;
		}
		signal = 0;
		break;
	}
	ptrace(PTRACE_CONT, child.pid, NULL, signal);
}

static void on_child(struct session *s)
{
	int status;
	pid_t pid;

	while (child.pid && (pid = waitpid(child.pid, &status, WNOHANG | __WALL)) == child.pid) {
		if (WIFSTOPPED(status))
			stopped(s, status);
		else if (WIFEXITED(status) || WIFSIGNALED(status))
			child.pid = 0;
	}
}

/* The terminal's Ctrl-C reaches the child by itself; a second one is for us. */
static void on_signal(struct session *s, int signal)
{
	if (child.signals++)
		s->stop = true;
	else if (signal != SIGINT && child.pid)
		kill(child.pid, signal);
}

/* 0: the child's new program runs. */
static int start(struct session *s, struct options *o)
{
	struct pollfd failed = { .fd = child.failed, .events = POLLIN };
	int err;

	child.traced = session_add(s, child.pid);
	if (!child.traced)
		return EXIT_TROUBLE;
	/* not before: a signal would stop it while nobody looks */
	ptrace(PTRACE_SEIZE, child.pid, NULL, PTRACE_O_TRACEEXEC | PTRACE_O_TRACEEXIT);
	if (write(child.go, "", 1) != 1)
		return fail("cannot start %s: %s", o->argv[0], strerror(errno));
	while (!poll(&failed, 1, LOOK_MS))
		on_child(s);
	if (read(child.failed, &err, sizeof(err)) == sizeof(err)) {
		child.traced->done = true;
		return fail("cannot run %s: %s", o->argv[0], strerror(err));
	}
	return 0;
}

int cmd_run(struct options *o)
{
	struct session s = {
		/* what is for people stays out of what the program says */
		.tail = o->json ? stdout : stderr, .json = o->json,
		.on_child = on_child, .on_signal = on_signal,
	};
	bool leaks = false;
	int status;

	if (!o->argc)
		return fail("run: no command given (see 'leaktrace run --help')");
	status = output_check(&o->output, false) ?: spawn(o);
	if (status)
		return status;
	status = session_open(&s, o);
	if (!status)
		status = session_listen(&s);
	if (!status)
		status = start(&s, o);
	if (!status)
		status = session_loop(&s);
	if (!status)
		status = session_report(&s, &leaks);
	if (child.pid && o->duration_s > 0)
		kill(child.pid, SIGTERM);
	close(child.go);
	session_close(&s);
	return status ?: leaks && o->fail_on_leak ? EXIT_LEAKS : EXIT_CLEAN;
}
