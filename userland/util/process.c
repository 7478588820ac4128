// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "util/proc_maps.h"
#include "util/process.h"
#include "util/sanitize.h"

void process_comm_under(const char *root, pid_t pid, char *comm, size_t size)
{
	char path[PATH_MAX];
	FILE *f;

	*comm = '\0';
	snprintf(path, sizeof(path), "%s/proc/%d/comm", root, pid);
	f = fopen(path, "re");
	if (f && fgets(comm, size, f))
		comm[strcspn(comm, "\n")] = '\0';
	sanitize(comm);
	if (f)
		fclose(f);
}

void process_comm(pid_t pid, char *comm, size_t size)
{
	process_comm_under("", pid, comm, size);
}

struct statm {			/* pages */
	unsigned long long mapped, resident;
};

static struct statm read_statm(pid_t pid)
{
	struct statm m;
	char path[40];
	FILE *f;
	bool good;

	snprintf(path, sizeof(path), "/proc/%d/statm", pid);
	f = fopen(path, "re");
	good = f && fscanf(f, "%llu %llu", &m.mapped, &m.resident) == 2;
	if (f)
		fclose(f);
	return good ? m : (struct statm){ 0 };
}

uint64_t process_rss_bytes(pid_t pid)
{
	return read_statm(pid).resident * sysconf(_SC_PAGESIZE);
}

uint64_t process_mapped_bytes(pid_t pid)
{
	return read_statm(pid).mapped * sysconf(_SC_PAGESIZE);
}

const char *process_stat(pid_t pid, char *line, size_t size)
{
	char path[40], *end = NULL;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	f = fopen(path, "re");
	if (f && fgets(line, size, f))
		end = strrchr(line, ')');
	if (f)
		fclose(f);
	return end ? end + 1 : NULL;
}

uint64_t process_start_ticks(pid_t pid, char *state)
{
	unsigned long long ticks;
	char line[1024];
	const char *stat = process_stat(pid, line, sizeof(line));

	if (!stat || sscanf(stat, " %c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d %llu",
			    state, &ticks) != 2)
		return 0;
	return ticks;
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

int process_open_memory(pid_t pid, struct maps *maps, int *pagemap, char *err, size_t errlen)
{
	int error = maps_read(pid, maps);
	char path[40];

	*pagemap = -1;
	if (error) {
		process_explain_maps(pid, error, err, errlen);
		return error;
	}
	snprintf(path, sizeof(path), "/proc/%d/pagemap", maps->tid);
	*pagemap = open(path, O_RDONLY | O_CLOEXEC);
	return 0;
}

void process_raise_descriptor_limit(void)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files))
		return;
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
}
