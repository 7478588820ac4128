// SPDX-License-Identifier: GPL-2.0
/*
 * A task, instruction by instruction, until one touches memory for the first time.
 * One task at a time, and only of processes with one thread: what else is touched in
 * between would be taken for its.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/types.h>
#include <sys/user.h>
#include <time.h>

#include "touch.h"

enum {
	STEPS = 200,
	SYSCALL = 0x050f,		/* the instruction: not one of those that touch */
	SIGNAL_BYTES = 256,		/* a signal's frame moves the stack by more */
};

static struct {
	pid_t tid;			/* 0: nobody */
	unsigned int left;
	unsigned long faults;
	uint64_t from_ns;
	struct user_regs_struct before, after;
} step;

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ull + t.tv_nsec;
}

/* The 10th and 20th field of stat, of which the 2nd may hold spaces. */
static bool read_faults(const struct task *t, unsigned long *faults)
{
	char path[64], line[1024], *from;
	unsigned long threads = 0;
	size_t n;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/stat", t->pid);
	f = fopen(path, "r");
	if (!f)
		return false;
	n = fread(line, 1, sizeof(line) - 1, f);
	fclose(f);
	line[n] = '\0';
	from = strrchr(line, ')');
	return from && sscanf(from, ") %*c %*d %*d %*d %*d %*d %*u %lu %*u %*u %*u %*u %*u %*d "
			      "%*d %*d %*d %lu", faults, &threads) == 2 && threads == 1;
}

static bool remember(struct task *t)
{
	step.from_ns = now_ns();
	t->steps = 1;
	return !ptrace(PTRACE_GETREGS, t->tid, 0, &step.before);
}

void touch_watch(struct task *t)
{
	if (step.tid || !read_faults(t, &step.faults) || !remember(t))
		return;
	step.tid = t->tid;
	step.left = STEPS;
}

void touch_forget(const struct task *t)
{
	if (step.tid == t->tid)
		step.tid = 0;
}

static bool ran_plainly(const struct task *t)
{
	unsigned long long moved = step.after.rsp - step.before.rsp + SIGNAL_BYTES;
	long code;

	errno = 0;
	code = ptrace(PTRACE_PEEKTEXT, t->tid, step.before.rip, 0);
	return !errno && (code & 0xffff) != SYSCALL && moved <= 2 * SIGNAL_BYTES;
}

bool touch_look(struct task *t, struct touch *touch)
{
	unsigned long faults;

	if (t->tid != step.tid)
		return false;
	touch->from_ns = step.from_ns;
	touch->to_ns = now_ns();
	if (!read_faults(t, &faults) || ptrace(PTRACE_GETREGS, t->tid, 0, &step.after)) {
		step.tid = 0;
		return false;
	}
	if (faults != step.faults && ran_plainly(t))
		return !ptrace(PTRACE_SETREGS, t->tid, 0, &step.before);
	step.faults = faults;
	if (!--step.left || !remember(t))
		step.tid = 0;
	t->steps = step.tid ? 1 : 0;
	return false;
}

void touch_done(struct task *t)
{
	ptrace(PTRACE_SETREGS, t->tid, 0, &step.after);
	step.tid = 0;
}
