// SPDX-License-Identifier: GPL-2.0
/* What /proc says of a process: how many of each resource it holds. */
#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/row.h"
#include "util/process.h"

static void set(struct host_row *row, enum host_resource which, uint64_t n)
{
	row->now[which] = n;
	row->known[which] = true;
}

/* false: there is none any more */
static bool read_status(struct host_row *row)
{
	unsigned long long kib, memory = 0, threads = 0;
	char path[40], line[256];
	bool has_memory = false;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/status", row->pid);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f)) {
		sscanf(line, "Threads: %llu", &threads);
		if (sscanf(line, "RssAnon: %llu", &kib) == 1 || sscanf(line, "RssShmem: %llu", &kib) == 1 ||
		    sscanf(line, "VmSwap: %llu", &kib) == 1) {
			memory += kib << 10;
			has_memory = true;
		}
	}
	if (f)
		fclose(f);
	if (threads)
		set(row, HOST_THREADS, threads);
	/* a zombie has no memory, a kernel thread never had any */
	row->known[HOST_MEMORY] = has_memory;
	row->now[HOST_MEMORY] = memory;
	return threads;
}

static unsigned int count_entries(const char *path)
{
	unsigned int n = 0;
	DIR *d = opendir(path);
	struct dirent *e;

	while (d && (e = readdir(d)))
		n += !!isdigit((unsigned char)*e->d_name);
	if (d)
		closedir(d);
	return n;
}

/* Since 6.2 the folder's size is the number; before, it is 0. */
static void read_fds(struct host_row *row)
{
	char path[40];
	struct stat st;

	snprintf(path, sizeof(path), "/proc/%d/fd", row->pid);
	row->known[HOST_FDS] = !access(path, R_OK | X_OK) && !stat(path, &st);
	if (row->known[HOST_FDS])
		row->now[HOST_FDS] = st.st_size ? (uint64_t)st.st_size : count_entries(path);
}

/* The number of lines that begin with what; -1: it cannot be read. */
static int64_t count_lines(pid_t pid, const char *file, const char *what)
{
	int64_t n = 0;
	char path[64], line[4096];
	size_t len = strlen(what);
	bool begin = true;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, file);
	f = fopen(path, "re");
	if (!f)
		return -1;
	while (fgets(line, sizeof(line), f)) {
		n += begin && !strncmp(line, what, len);
		begin = strchr(line, '\n');	/* a path may be longer than a line */
	}
	if (ferror(f))
		n = -1;
	fclose(f);
	return n;
}

static void read_lines(struct host_row *row, enum host_resource which, const char *file, const char *what)
{
	int64_t n = count_lines(row->pid, file, what);

	row->known[which] = n >= 0;
	row->now[which] = n > 0 ? n : 0;
}

bool host_row_read(struct host_row *row, bool all)
{
	if (!read_status(row))
		return false;
	read_fds(row);
	/* timers are few: where there are some, all of them are looked at each time */
	if (all || row->now[HOST_TIMERS])
		read_lines(row, HOST_TIMERS, "timers", "ID:");
	if (all)
		read_lines(row, HOST_MAPS, "maps", "");
	return true;
}

unsigned int host_limit_of(enum host_resource which)
{
	static const unsigned int of[HOST_RESOURCES] = {
		[HOST_FDS] = LIMIT_FDS, [HOST_THREADS] = LIMIT_THREADS, [HOST_TIMERS] = LIMIT_TIMERS,
		[HOST_MAPS] = LIMIT_MAPS, [HOST_MEMORY] = LIMIT_MEMORY,
	};

	return of[which];
}

void host_row_read_limits(struct host_row *row, struct limits_host *host)
{
	struct limit l[LIMITS] = { 0 };

	limits_read_on(host, row->pid, l);
	for (int i = 0; i < HOST_RESOURCES; i++)
		row->limit[i] = l[host_limit_of(i)];
	process_comm(row->pid, row->comm, sizeof(row->comm));
	workload_read(&row->workload, "", row->pid);
}

void host_row_free(struct host_row *row)
{
	workload_free(&row->workload);
}
