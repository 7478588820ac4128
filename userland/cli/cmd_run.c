// SPDX-License-Identifier: GPL-2.0
/*
 * leaktrace run: runs a command, traced from its first instruction to its last.
 *
 * The child waits before exec until it is a target. It is also traced by
 * ptrace, for two stops: after exec and before its exit its main thread stops
 * and is sampled, because a program that lives for milliseconds would otherwise
 * take its mappings with it, and with them the names of its code. All other
 * stops are passed on at once. Where ptrace is forbidden, everything else
 * works.
 *
 * The exit status is the command's, so that a test suite that fails still fails
 * under leaktrace. Only a command that succeeded can fail for its leaks.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/options.h"
#include "report/output.h"
#include "session/selection.h"
#include "session/session.h"
#include "session/suppressions.h"
#include "util/error.h"
#include "util/format.h"
#include "util/parse.h"

enum {
	POLL_MS = 20,		/* poll interval until the tracee has called exec */
	/* of a shell, env(1), timeout(1) */
	STATUS_NOT_EXECUTABLE = 126, STATUS_NOT_FOUND = 127, STATUS_SIGNAL = 128,
};

static struct {
	pid_t pid;		/* 0: reaped */
	int go, failed;		/* pipes: permission to exec; errno of a failed exec */
	unsigned int signals;	/* received signals that ask us to exit */
	int status;		/* of the command, as a shell tells it; 0 while it runs */
	struct traced *traced;
} child;

static void become(struct options *o, int go, int failed)
{
	sigset_t none;
	char word;
	int err;

	/* named like the command even before exec */
	prctl(PR_SET_NAME, path_base(o->argv[0]));
	sigemptyset(&none);
	if (read(go, &word, 1) != 1)
		_exit(STATUS_NOT_FOUND);	/* we are not to call exec */
	sigprocmask(SIG_SETMASK, &none, NULL);
	execvp(o->argv[0], o->argv);
	err = errno;
	if (write(failed, &err, sizeof(err)) < 0)
		_exit(STATUS_NOT_EXECUTABLE);
	_exit(STATUS_NOT_FOUND);
}

/* Called before anything else is opened, so that the child inherits no descriptors of ours. */
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

/* Handles a stop of the tracee: samples it at our two stops, and continues it. */
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
			/* stay stopped, as it would without us */
			ptrace(PTRACE_LISTEN, child.pid, NULL, NULL);
			return;
		}
		signal = 0;
		break;
	}
	ptrace(PTRACE_CONT, child.pid, NULL, signal);
}

static void wait_for_child(struct session *s, int flags)
{
	int status;

	while (child.pid && waitpid(child.pid, &status, flags | __WALL) == child.pid) {
		if (WIFSTOPPED(status)) {
			stopped(s, status);
		} else if (WIFEXITED(status) || WIFSIGNALED(status)) {
			child.pid = 0;
			child.status = WIFEXITED(status) ? WEXITSTATUS(status) :
				STATUS_SIGNAL + WTERMSIG(status);
		}
	}
}

static void on_child(struct session *s)
{
	wait_for_child(s, WNOHANG);
}

/* The terminal's Ctrl-C also reaches the child; a second one stops us. */
static void on_signal(struct session *s, int signal)
{
	if (child.signals++)
		s->stop = true;
	else if (signal != SIGINT && child.pid)
		kill(child.pid, signal);
}

/* The kernel reports the exit of the process shortly before it can be waited for. */
static void reap(struct session *s)
{
	if (child.pid && child.traced->done && !child.traced->detached)
		wait_for_child(s, 0);
}

/* 0: the command is running. */
static int start(struct session *s, struct options *o)
{
	struct pollfd failed = { .fd = child.failed, .events = POLLIN };
	int err;

	s->quiet = true;
	child.traced = session_add(s, child.pid);
	s->quiet = false;
	if (!child.traced)
		return EXIT_TROUBLE;
	/* not earlier: a signal would stop it while nobody waits for it */
	ptrace(PTRACE_SEIZE, child.pid, NULL, PTRACE_O_TRACEEXEC | PTRACE_O_TRACEEXIT);
	if (write(child.go, "", 1) != 1)
		return fail("cannot start %s: %s", o->argv[0], strerror(errno));
	while (!poll(&failed, 1, POLL_MS))
		on_child(s);
	if (read(child.failed, &err, sizeof(err)) == sizeof(err)) {
		child.traced->done = true;
		fail("cannot run %s: %s", o->argv[0], strerror(err));
		return err == ENOENT ? STATUS_NOT_FOUND : STATUS_NOT_EXECUTABLE;
	}
	session_announce(s, child.traced);
	return 0;
}

/* A command that still runs when we stop has neither failed nor succeeded. */
static int exit_status(const struct options *o, bool leaks)
{
	return child.status ?: leaks && o->fail_on_leak ? o->leak_exit_code : EXIT_CLEAN;
}

/* Processes besides the command: a server that it is to test, or its workers. */
static int add_others(struct session *s, const struct options *o)
{
	pid_t pid;

	for (unsigned int i = 0; i < o->npids; i++) {
		struct traced *t = parse_pid(o->pids[i], &pid) ? NULL : session_add(s, pid);

		if (!t)
			return EXIT_TROUBLE;
		t->root = false;
	}
	return selection_begin(s);
}

int cmd_run(struct options *o)
{
	struct session s = {
		/* events go to stderr, apart from the command's own output */
		.tail = o->json ? stdout : stderr, .json = o->json,
		.hooks = { .on_child = on_child, .on_signal = on_signal },
		.selection = { .selector = o->selector, .aside = true },
		.suppressions = o->suppressions,
	};
	bool leaks = false;
	int status;

	if (!o->argc)
		return fail("run: no command given (see 'leaktrace run --help')");
	status = output_check(&o->output, false) ?: spawn(o);
	if (status)
		return status;
	s.output = &o->output;
	status = session_open(&s, &o->session);
	if (!status)
		status = session_listen(&s);
	if (!status)
		status = add_others(&s, o);
	if (!status)
		status = start(&s, o);
	if (!status)
		status = session_loop(&s);
	if (!status)
		reap(&s);
	if (!status)
		status = session_report(&s, &o->output, &leaks);
	suppressions_report(o->suppressions);
	if (child.pid && o->session.duration_s > 0)
		kill(child.pid, SIGTERM);
	close(child.go);
	session_close(&s);
	return status ?: exit_status(o, leaks);
}
