// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "util/process.h"
#include "util/sanitize.h"

void process_comm(pid_t pid, char *comm, size_t size)
{
	char path[40];
	FILE *f;

	*comm = '\0';
	snprintf(path, sizeof(path), "/proc/%d/comm", pid);
	f = fopen(path, "re");
	if (f && fgets(comm, size, f))
		comm[strcspn(comm, "\n")] = '\0';
	sanitize(comm);
	if (f)
		fclose(f);
}

uint64_t process_rss_bytes(pid_t pid)
{
	unsigned long long pages = 0;
	char path[40];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/statm", pid);
	f = fopen(path, "re");
	if (f && fscanf(f, "%*u %llu", &pages) != 1)
		pages = 0;
	if (f)
		fclose(f);
	return pages * sysconf(_SC_PAGESIZE);
}

void process_explain_maps(pid_t pid, int error, char *err, size_t errlen)
{
	snprintf(err, errlen, error == -ESRCH ? "no process %d, or one without memory (a zombie or a kernel thread)" :
		 "cannot read the memory map of process %d: run as root, or as its owner", pid);
}

void process_explain_memory(pid_t pid, int error, char *err, size_t errlen)
{
	snprintf(err, errlen, "cannot read the memory of process %d: %s%s", pid, strerror(-error),
		 error == -EPERM ? ": run as root, or as its owner" : "");
}
