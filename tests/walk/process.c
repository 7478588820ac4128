// SPDX-License-Identifier: GPL-2.0
/*
 * What is known of each traced process: its code, to both sides, read again when
 * it has changed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include "process.h"
#include "util/hash.h"

enum { MAX_PROCESSES = 4096 };

static struct process *process[MAX_PROCESSES];
static unsigned int nprocesses;

static void clear(struct process *p)
{
	door_drop(p->code);
	truth_close(p->truth);
	p->code = NULL;
	p->truth = NULL;
}

void process_forget(pid_t pid)
{
	for (unsigned int i = 0; i < nprocesses; i++) {
		if (process[i]->pid != pid)
			continue;
		clear(process[i]);
		free(process[i]);
		process[i] = process[--nprocesses];
		return;
	}
}

/* Of all lines that name a file or code. */
static uint64_t hash_of_maps(pid_t pid)
{
	uint64_t hash = HASH_START;
	char path[64], line[4096], prot[5];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/maps", pid);
	f = fopen(path, "r");
	if (!f)
		return 0;
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%*s %4s", prot) != 1 || (prot[2] != 'x' && !strchr(line, '/')))
			continue;
		hash = hash_bytes(hash, line, strlen(line));
	}
	fclose(f);
	return hash;
}

static struct process *find(pid_t pid)
{
	for (unsigned int i = 0; i < nprocesses; i++)
		if (process[i]->pid == pid)
			return process[i];
	if (nprocesses == MAX_PROCESSES)
		return NULL;
	process[nprocesses] = calloc(1, sizeof(*process[0]));
	process[nprocesses]->pid = pid;
	return process[nprocesses++];
}

struct process *process_get(pid_t pid)
{
	struct process *p = find(pid);
	uint64_t hash = hash_of_maps(pid);

	if (!p || !hash)
		return NULL;
	if (p->hash != hash) {
		clear(p);
		p->hash = hash;
		p->code = door_read(pid);
		p->truth = truth_open(pid);
	}
	return p->code && p->truth ? p : NULL;
}

void process_print_pc(pid_t pid, uint64_t pc)
{
	unsigned long start, end, offset;
	char path[64], line[4096], name[256] = "";
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/maps", pid);
	f = fopen(path, "r");
	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "%lx-%lx %*s %lx %*s %*s %255s", &start, &end, &offset, name) >= 3 &&
		    pc >= start && pc < end) {
			fprintf(stderr, " %s+%#lx", name, (unsigned long)pc - start + offset);
			break;
		}
	if (f)
		fclose(f);
}
