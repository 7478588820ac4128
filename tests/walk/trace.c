// SPDX-License-Identifier: GPL-2.0
/*
 * Runs a program, stops it, walks its stack twice: at every Nth beginning or end of
 * a system call, and up to STEPS instructions later. Prints a line of a table.
 *
 * usage: trace [-e N] [-s STEPS] [-m MAX] [-n NAME] COMMAND…
 *   -e N      at every Nth stop (1)
 *   -s STEPS  and some instructions later, up to so many (0: not)
 *   -m MAX    ends after so many stacks (10,000)
 *   -n NAME   only in processes whose program has this name
 *
 * Exit status 1: a stack was wrong, or fewer than 99.9 % of those that libdw found
 * complete were the same. Differences are told on stderr.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include "judge.h"
#include "process.h"

enum { MAX_TASKS = 4096, SHOWN = 5 };

struct task {
	pid_t tid, pid;
	unsigned int steps;		/* still to go, then a stack is walked */
	bool wanted;			/* its program is the one */
};

static unsigned int every = 1, most_steps, most = 10000, stops, shown;
static const char *only;
static struct score score;
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
	t->wanted = !only || (strrchr(line, '/') && !strcmp(strrchr(line, '/') + 1, only));
}

static struct task *find_task(pid_t tid)
{
	for (unsigned int i = 0; i < ntasks; i++)
		if (task[i].tid == tid)
			return &task[i];
	if (ntasks == MAX_TASKS)
		exit(2);
	task[ntasks] = (struct task){ .tid = tid };
	look_at(&task[ntasks]);
	return &task[ntasks++];
}

static void forget_task(pid_t tid)
{
	struct task *t = find_task(tid);

	if (t->pid == t->tid)
		process_forget(t->pid);
	*t = task[--ntasks];
}

static void show(const struct task *t, const char *who, const struct walked *s)
{
	fprintf(stderr, " %s: %s, %u guessed:", who, judge_status(s->status), s->guessed);
	for (unsigned int i = 0; i < s->n; i++)
		process_print_pc(t->pid, s->pc[i]);
	fputc('\n', stderr);
}

static void sample(struct task *t)
{
	static struct walked ours, truth;
	struct user_regs_struct regs;
	struct process *p;
	enum verdict v;

	if (ptrace(PTRACE_GETREGS, t->tid, 0, &regs))
		return;
	p = process_get(t->pid);
	if (!p)
		return;
	walker_walk(t->tid, &regs, door_maps(p->code), &ours);
	truth_walk(p->truth, t->tid, &truth);
	v = judge(&score, &ours, &truth);
	if (!judge_differs(v) || shown++ >= SHOWN)
		return;
	fprintf(stderr, "%s:\n", judge_verdict(v));
	show(t, "ours", &ours);
	show(t, "libdw", &truth);
}

static void resume(struct task *t, int signo)
{
	ptrace(t->steps ? PTRACE_SINGLESTEP : PTRACE_SYSCALL, t->tid, 0, signo);
}

static void on_syscall(struct task *t)
{
	if (t->wanted && stops++ % every == 0) {
		sample(t);
		if (most_steps)
			t->steps = 1 + rand() % most_steps;
	}
	resume(t, 0);
}

static void on_stop(pid_t tid, int status)
{
	int signo = WSTOPSIG(status), event = status >> 16;
	struct task *t = find_task(tid);

	if (signo == (SIGTRAP | 0x80)) {
		on_syscall(t);
	} else if (event == PTRACE_EVENT_STOP && signo != SIGTRAP) {
		ptrace(PTRACE_LISTEN, tid, 0, 0);
	} else if (event) {
		if (event == PTRACE_EVENT_EXEC) {
			process_forget(t->pid);
			look_at(t);
		}
		resume(t, 0);
	} else if (signo == SIGTRAP && t->steps) {
		if (!--t->steps)
			sample(t);
		resume(t, 0);
	} else {
		resume(t, signo);
	}
}

static pid_t start(char **argv)
{
	const long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK |
		PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL;
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

/* The exit status of the program; 0 if it was not waited for. */
static int run(pid_t first)
{
	int status, result = 0;
	pid_t tid;

	while (score.samples < most && (tid = waitpid(-1, &status, __WALL)) > 0) {
		if (WIFSTOPPED(status)) {
			on_stop(tid, status);
			continue;
		}
		if (tid == first)
			result = WIFEXITED(status) ? WEXITSTATUS(status) : 128;
		forget_task(tid);
	}
	return result;
}

int main(int argc, char **argv)
{
	const char *name;
	int c, status;

	while ((c = getopt(argc, argv, "+e:s:m:n:")) != -1)
		switch (c) {
		case 'e': every = atoi(optarg); break;
		case 's': most_steps = atoi(optarg); break;
		case 'm': most = atoi(optarg); break;
		case 'n': only = optarg; break;
		default: return 2;
		}
	if (optind == argc || !every)
		return 2;
	name = only ? only : strrchr(argv[optind], '/') ? strrchr(argv[optind], '/') + 1 :
		argv[optind];
	status = run(start(argv + optind));
	if (status)
		fprintf(stderr, "%s: exit status %d\n", name, status);
	judge_print(&score, name);
	return !judge_passes(&score) || status;
}
