// SPDX-License-Identifier: GPL-2.0
/* Processes that are stopped at their system calls, and some instructions later. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include "loop.h"
#include "process.h"

enum { MAX_TASKS = 4096 };

static const struct loop *loop;
static struct task task[MAX_TASKS];
static unsigned int ntasks;

static void look_at(struct task *t)
{
	char path[64], line[256];
	ssize_t n;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/status", t->tid);
	f = fopen(path, "r");
	while (f && fgets(line, sizeof(line), f))
		sscanf(line, "Tgid: %d", &t->pid);
	if (f)
		fclose(f);
	snprintf(path, sizeof(path), "/proc/%d/exe", t->tid);
	n = readlink(path, line, sizeof(line) - 1);
	line[n > 0 ? n : 0] = '\0';
	t->wanted = !loop->only ||
		    (strrchr(line, '/') && !strcmp(strrchr(line, '/') + 1, loop->only));
}

static struct task *known_task(pid_t tid)
{
	for (unsigned int i = 0; i < ntasks; i++)
		if (task[i].tid == tid)
			return &task[i];
	return NULL;
}

static struct task *find_task(pid_t tid)
{
	struct task *t = known_task(tid);

	if (t)
		return t;
	if (ntasks == MAX_TASKS)
		exit(2);
	task[ntasks] = (struct task){ .tid = tid };
	look_at(&task[ntasks]);
	return &task[ntasks++];
}

static void forget_task(pid_t tid)
{
	struct task *t = known_task(tid);

	if (!t)
		return;		/* a child that is none of them */
	if (t->pid == t->tid)
		process_forget(t->pid);
	*t = task[--ntasks];
}

static void call(void (*fn)(struct task *t), struct task *t)
{
	if (fn && t->wanted)
		fn(t);
}

/* Others are stopped only where they may become one that is wanted. */
static void resume(struct task *t, int signo)
{
	int how = t->steps ? PTRACE_SINGLESTEP : t->wanted ? PTRACE_SYSCALL : PTRACE_CONT;

	ptrace(how, t->tid, 0, signo);
}

static void on_event(struct task *t, int event)
{
	if (event == PTRACE_EVENT_EXEC) {
		call(loop->at_end, t);
		process_forget(t->pid);
		look_at(t);
		call(loop->at_exec, t);
	} else if (event == PTRACE_EVENT_EXIT) {
		call(loop->at_end, t);
	}
	resume(t, 0);
}

static void on_stop(pid_t tid, int status)
{
	int signo = WSTOPSIG(status), event = status >> 16;
	struct task *t = find_task(tid);

	if (signo == (SIGTRAP | 0x80)) {
		call(loop->at_syscall, t);
		resume(t, 0);
	} else if (event == PTRACE_EVENT_STOP && signo != SIGTRAP) {
		ptrace(PTRACE_LISTEN, tid, 0, 0);
	} else if (event) {
		on_event(t, event);
	} else if (signo == SIGTRAP && t->steps) {
		if (!--t->steps)
			call(loop->after_steps, t);
		resume(t, 0);
	} else {
		resume(t, signo);
	}
}

static pid_t start(char **argv)
{
	const long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK |
		PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL |
		(loop->at_end ? PTRACE_O_TRACEEXIT : 0);
	pid_t pid = fork();
	int status;

	if (!pid) {
		raise(SIGSTOP);
		execvp(argv[0], argv);
		perror(argv[0]);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, WUNTRACED) != pid ||
	    ptrace(PTRACE_SEIZE, pid, 0, options)) {
		perror("trace");
		exit(2);
	}
	kill(pid, SIGCONT);
	return pid;
}

/* 0 if it was not waited for. */
int loop_run(const struct loop *l, char **argv)
{
	int status, result = 0;
	pid_t tid, first;

	loop = l;
	first = start(argv);
	while (!l->enough() && (tid = waitpid(-1, &status, __WALL)) > 0) {
		if (WIFSTOPPED(status)) {
			on_stop(tid, status);
			continue;
		}
		if (tid == first)
			result = WIFEXITED(status) ? WEXITSTATUS(status) : 128;
		forget_task(tid);
		if (!ntasks)
			break;
	}
	return result;
}

const char *loop_name(const struct loop *l, char **argv)
{
	const char *base = strrchr(argv[0], '/');

	return l->only ? l->only : base ? base + 1 : argv[0];
}
