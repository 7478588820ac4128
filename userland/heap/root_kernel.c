// SPDX-License-Identifier: GPL-2.0
/*
 * Words that the kernel keeps for a process, and that may be addresses of blocks:
 * arguments of system calls that wait, data of what epoll watches, values of timers.
 */
#include <ctype.h>
#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "heap/root.h"

/* Calls take with the path of each numbered entry of /proc/PID/FOLDER. */
static bool each_entry(const struct heap_process *p, const char *folder,
		       bool (*take)(const struct heap_process *, const char *, struct roots *), struct roots *r)
{
	struct dirent *entry;
	char path[64];
	bool good = true;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/%s", p->tid, folder);
	dir = opendir(path);
	while (dir && good && (entry = readdir(dir)))
		if (isdigit((unsigned char)entry->d_name[0]) && strlen(entry->d_name) < 16)
			good = take(p, entry->d_name, r);
	if (dir)
		closedir(dir);
	return good;
}

/* "NUMBER ARGUMENT… STACK PROGRAM", "running", or "-1 STACK PROGRAM" */
static bool take_syscall(const struct heap_process *p, const char *tid, struct roots *r)
{
	char path[64], line[256];
	bool good = true;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/task/%s/syscall", p->tid, tid);
	f = fopen(path, "re");
	if (f && fgets(line, sizeof(line), f))
		for (char *at = strchr(line, ' '); at && good; at = strchr(at + 1, ' '))
			good = roots_add_word(r, strtoull(at, NULL, 16));
	if (f)
		fclose(f);
	return good;
}

static bool is_epoll(const struct heap_process *p, const char *fd)
{
	static const char epoll[] = "anon_inode:[eventpoll]";
	char path[64], to[sizeof(epoll)];
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/fd/%s", p->tid, fd);
	n = readlink(path, to, sizeof(to));
	return n == sizeof(epoll) - 1 && !memcmp(to, epoll, n);
}

/* "tfd:        8 events:       19 data: 55d3c1f2a2c0  pos:0 …" */
static bool take_epoll(const struct heap_process *p, const char *fd, struct roots *r)
{
	char path[64], line[256];
	bool good = true;
	const char *data;
	FILE *f;

	if (!is_epoll(p, fd))
		return true;
	snprintf(path, sizeof(path), "/proc/%d/fdinfo/%s", p->tid, fd);
	f = fopen(path, "re");
	while (f && good && fgets(line, sizeof(line), f)) {
		data = strstr(line, " data:");
		if (!strncmp(line, "tfd:", 4) && data)
			good = roots_add_word(r, strtoull(data + 6, NULL, 16));
	}
	if (f)
		fclose(f);
	return good;
}

/* "signal: 34/000055d3c1f2a2c0" */
static bool take_timers(const struct heap_process *p, struct roots *r)
{
	char path[64], line[256];
	bool good = true;
	uint64_t value;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/timers", p->tid);
	f = fopen(path, "re");
	while (f && good && fgets(line, sizeof(line), f))
		if (sscanf(line, "signal: %*d/%" SCNx64, &value) == 1)
			good = roots_add_word(r, value);
	if (f)
		fclose(f);
	return good;
}

/** roots_add_kernel() - add what the kernel keeps; false: no memory */
bool roots_add_kernel(const struct heap_process *p, struct roots *r)
{
	return each_entry(p, "task", take_syscall, r) && each_entry(p, "fd", take_epoll, r) && take_timers(p, r);
}
