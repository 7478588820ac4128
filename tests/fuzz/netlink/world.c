// SPDX-License-Identifier: GPL-2.0
/*
 * Targets: programs that open, map and close without end, at a low priority, so
 * that the fuzzer has most of the processors. They are stopped, killed and
 * replaced meanwhile.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "netlink.h"

enum { NICE = 19 };

static const char *program;

static void read_spans(struct victim *v)
{
	char path[64], line[4352], file[4096], mode[8];
	unsigned long start, end, offset;
	FILE *f;

	v->nspans = 0;
	snprintf(path, sizeof(path), "/proc/%d/maps", v->pid);
	f = fopen(path, "re");
	while (f && v->nspans < SPANS && fgets(line, sizeof(line), f)) {
		*file = '\0';
		if (sscanf(line, "%lx-%lx %7s %lx %*s %*s %4095s", &start, &end, mode, &offset,
			   file) < 4 || mode[2] != 'x')
			continue;
		v->span[v->nspans++] = (struct span){
			start, end, offset, *file == '/' ? table_real(file) : -1 };
	}
	if (f)
		fclose(f);
}

bool victim_start(struct victim *v, const char *path)
{
	int out[2];
	pid_t pid;
	char byte;

	if (pipe(out))
		return false;
	pid = fork();
	if (!pid) {
		dup2(out[1], 1);
		close(out[0]);
		setpriority(PRIO_PROCESS, 0, NICE);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		execl(path, path, "churn", NULL);
		_exit(127);
	}
	close(out[1]);
	v->pid = pid;
	v->nspans = 0;
	if (read(out[0], &byte, 1) != 1)
		pid = -1;
	else if (getpid() != 1)		/* in its PID namespace it sees others' /proc */
		read_spans(v);
	close(out[0]);
	return pid > 0;
}

struct world *world_new(const char *path)
{
	struct world *w = mmap(NULL, sizeof(*w), PROT_READ | PROT_WRITE,
			       MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	program = path;
	for (int i = 0; i < VICTIMS; i++)
		if (!victim_start(&w->victim[i], path)) {
			fprintf(stderr, "cannot start %s\n", path);
			exit(2);
		}
	for (int i = 0; i < VICTIMS; i++)
		kill(w->victim[i].pid, SIGSTOP);
	return w;
}

static void end_victim(struct victim *v)
{
	kill(v->pid, SIGKILL);
	waitpid(v->pid, NULL, 0);
}

/*
 * One works now and then, the others stand still: much is learnt from little work,
 * and it costs. The first lives on: with a target at all times, probes stay.
 */
void world_stir(struct world *w, uint64_t *rng)
{
	static unsigned int working;
	struct victim *v = &w->victim[1 + below(rng, VICTIMS - 1)];

	if (!below(rng, 16)) {
		end_victim(v);
		if (!victim_start(v, program))
			exit(2);
		kill(v->pid, SIGSTOP);
	}
	kill(w->victim[working].pid, SIGSTOP);
	working = below(rng, VICTIMS);
	if (!below(rng, 4))
		kill(w->victim[working].pid, SIGCONT);
}

void world_end(struct world *w)
{
	for (int i = 0; i < VICTIMS; i++)
		end_victim(&w->victim[i]);
}
