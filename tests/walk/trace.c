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
#include <stdio.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <unistd.h>

#include "judge.h"
#include "loop.h"
#include "process.h"

static unsigned int every = 1, most_steps, most = 10000, stops;
static struct score score;

static bool enough(void)
{
	return score.samples >= most;
}

static void sample(struct task *t)
{
	static struct walked ours, truth;
	struct user_regs_struct regs;
	struct process *p;

	if (ptrace(PTRACE_GETREGS, t->tid, 0, &regs))
		return;
	p = process_get(t->pid);
	if (!p)
		return;
	walker_walk(t->tid, &regs, door_maps(p->code), &ours);
	truth_walk(p->truth, t->tid, &truth);
	judge_tell(&score, t->pid, score_add(&score, &ours, &truth), &ours, &truth);
}

static void at_syscall(struct task *t)
{
	if (stops++ % every)
		return;
	sample(t);
	if (most_steps)
		t->steps = 1 + rand() % most_steps;
}

int main(int argc, char **argv)
{
	struct loop loop = {
		.enough = enough, .at_syscall = at_syscall, .after_steps = sample,
	};
	char recalled[16];
	int c, status;

	while ((c = getopt(argc, argv, "+e:s:m:n:")) != -1)
		switch (c) {
		case 'e': every = atoi(optarg); break;
		case 's': most_steps = atoi(optarg); break;
		case 'm': most = atoi(optarg); break;
		case 'n': loop.only = optarg; break;
		default: return 2;
		}
	if (optind == argc || !every)
		return 2;
	status = loop_run(&loop, argv + optind);
	if (status)
		fprintf(stderr, "%s: exit status %d\n", loop_name(&loop, argv + optind), status);
	snprintf(recalled, sizeof(recalled), "%.0f %%",
		 score.samples ? 100.0 * score.recalled / score.samples : 0);
	judge_print(&score, loop_name(&loop, argv + optind), recalled);
	return !judge_passes(&score) || status;
}
