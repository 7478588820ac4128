// SPDX-License-Identifier: GPL-2.0
/*
 * What limits are the same for many processes: those of the host, of a cgroup, of a user. A
 * look at all processes of a host reads each of them once.
 */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "model/limits_host.h"
#include "model/workload.h"
#include "util/array.h"
#include "util/kernel_file.h"

struct group_limits {
	char *text;			/* of /proc/PID/cgroup */
	struct limit limit[LIMITS];
};

struct user_threads {
	unsigned int uid;
	uint64_t threads;
};

struct limits_host {
	struct limit limit[LIMITS];
	uint64_t files_max, files_open, threads;
	struct group_limits *groups;
	struct user_threads *users;	/* all; NULL: not read yet */
	size_t ngroups, groups_room, nusers, users_room;
};

void limit_tighten(struct limit *l, uint64_t max, uint64_t now, const char *name)
{
	uint64_t left = max > now ? max - now : 0;

	if (!max || (l->max && left >= (l->max > l->now ? l->max - l->now : 0)))
		return;
	l->max = max;
	l->now = now;
	snprintf(l->name, sizeof(l->name), "%s", name);
}

/* Version 1 writes a number near 2^63 where there is no limit. */
static uint64_t unlimited_as_0(uint64_t n)
{
	return n < 1ULL << 60 ? n : 0;
}

/* The limits of a cgroup and its ancestors. */
static void read_group(struct limit *l, char *dir, size_t root_len)
{
	for (;;) {
		limit_tighten(&l[LIMIT_THREADS], kernel_file_number_under(dir, "pids.max"),
			kernel_file_number_under(dir, "pids.current"), "pids.max of its cgroup");
		limit_tighten(&l[LIMIT_MEMORY], kernel_file_number_under(dir, "memory.max"),
			kernel_file_number_under(dir, "memory.current"), "memory.max of its cgroup");
		limit_tighten(&l[LIMIT_MEMORY], unlimited_as_0(kernel_file_number_under(dir, "memory.limit_in_bytes")),
			kernel_file_number_under(dir, "memory.usage_in_bytes"), "memory.limit of its cgroup");
		if (strlen(dir) <= root_len)
			return;
		*strrchr(dir, '/') = '\0';
	}
}

/* Version 1 has the limits of memory and of processes in hierarchies of their own. */
static void read_groups(struct group_limits *g)
{
	char dir[PATH_MAX + 64];
	const char *at = g->text, *mount;
	struct cgroup_line line;

	while (workload_next_line(&at, &line)) {
		if (workload_line_is_of(&line, ""))
			mount = "/sys/fs/cgroup";
		else if (workload_line_is_of(&line, "memory"))
			mount = "/sys/fs/cgroup/memory";
		else if (workload_line_is_of(&line, "pids"))
			mount = "/sys/fs/cgroup/pids";
		else
			continue;
		if (line.path_len >= PATH_MAX)
			continue;
		snprintf(dir, sizeof(dir), "%s%.*s", mount, line.path_len > 1 ? (int)line.path_len : 0, line.path);
		read_group(g->limit, dir, strlen(mount));
	}
}

/* Takes the text. NULL: no memory */
static const struct limit *limits_of_group(struct limits_host *h, char *text)
{
	struct group_limits *g;

	for (size_t i = 0; i < h->ngroups; i++)
		if (!strcmp(h->groups[i].text, text)) {
			free(text);
			return h->groups[i].limit;
		}
	if (!array_reserve(h->groups, h->groups_room, h->ngroups, 1)) {
		free(text);
		return NULL;
	}
	g = &h->groups[h->ngroups++];
	*g = (struct group_limits){ .text = text };
	read_groups(g);
	return g->limit;
}

static void read_memory(struct limit *l)
{
	unsigned long long kib, total = 0, available = 0;
	FILE *f = fopen("/proc/meminfo", "re");
	char line[128];

	while (f && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "MemTotal: %llu", &kib) == 1)
			total = kib << 10;
		if (sscanf(line, "MemAvailable: %llu", &kib) == 1)
			available = kib << 10;
	}
	if (f)
		fclose(f);
	if (total && available && available <= total)
		limit_tighten(&l[LIMIT_MEMORY], total, total - available, "memory of the host");
}

static void read_threads(struct limits_host *h)
{
	FILE *f = fopen("/proc/loadavg", "re");
	unsigned long long threads = 0;

	if (f && fscanf(f, "%*s %*s %*s %*u/%llu", &threads) != 1)
		threads = 0;
	if (f)
		fclose(f);
	h->threads = threads;
	if (!threads)
		return;
	limit_tighten(&h->limit[LIMIT_THREADS], kernel_file_number("/proc/sys/kernel/threads-max"), threads,
		      "threads-max");
	limit_tighten(&h->limit[LIMIT_THREADS], kernel_file_number("/proc/sys/kernel/pid_max"), threads, "pid_max");
}

static void read_files(struct limits_host *h)
{
	unsigned long long open = 0, max = 0;
	FILE *f = fopen("/proc/sys/fs/file-nr", "re");

	if (f && fscanf(f, "%llu %*u %llu", &open, &max) != 2)
		max = 0;
	if (f)
		fclose(f);
	h->files_max = unlimited_as_0(max);
	h->files_open = open;
}

struct limits_host *limits_host_read(void)
{
	struct limits_host *h = calloc(1, sizeof(*h));
	struct limit *l = h ? h->limit : NULL;

	if (!h)
		return NULL;
	limit_tighten(&l[LIMIT_FDS], kernel_file_number("/proc/sys/fs/nr_open"), 0, "fs.nr_open");
	limit_tighten(&l[LIMIT_MAPS], kernel_file_number("/proc/sys/vm/max_map_count"), 0, "vm.max_map_count");
	limit_tighten(&l[LIMIT_INOTIFY], kernel_file_number("/proc/sys/fs/inotify/max_user_instances"), 0,
		      "fs.inotify.max_user_instances");
	limit_tighten(&l[LIMIT_INOTIFY_WATCHES], kernel_file_number("/proc/sys/fs/inotify/max_user_watches"), 0,
		      "fs.inotify.max_user_watches");
	limit_tighten(&l[LIMIT_EPOLL_WATCHES], kernel_file_number("/proc/sys/fs/epoll/max_user_watches"), 0,
		      "fs.epoll.max_user_watches");
	read_memory(l);
	read_threads(h);
	read_files(h);
	return h;
}

void limits_host_free(struct limits_host *h)
{
	if (!h)
		return;
	for (size_t i = 0; i < h->ngroups; i++)
		free(h->groups[i].text);
	free(h->groups);
	free(h->users);
	free(h);
}

static void tighten_all(struct limit *l, const struct limit *by)
{
	for (int i = 0; i < LIMITS; i++)
		limit_tighten(&l[i], by[i].max, by[i].now, by[i].name);
}

void limits_host_apply(struct limits_host *h, char *cgroups, bool privileged, struct limit l[LIMITS])
{
	const struct limit *group = cgroups ? limits_of_group(h, cgroups) : NULL;

	if (group)
		tighten_all(l, group);
	tighten_all(l, h->limit);
	if (!privileged)
		limit_tighten(&l[LIMIT_FILES], h->files_max, h->files_open, "fs.file-max");
}

uint64_t limits_host_threads(const struct limits_host *h)
{
	return h->threads;
}

static unsigned int threads_of(const char *pid)
{
	char path[280], line[256];
	unsigned int n = 1;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%s/status", pid);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "Threads: %u", &n) == 1)
			break;
	if (f)
		fclose(f);
	return n;
}

static void count_threads(struct limits_host *h, unsigned int uid, unsigned int threads)
{
	size_t i = 0;

	while (i < h->nusers && h->users[i].uid != uid)
		i++;
	if (i == h->nusers) {
		if (!array_reserve(h->users, h->users_room, h->nusers, 1))
			return;
		h->users[h->nusers++] = (struct user_threads){ .uid = uid };
	}
	h->users[i].threads += threads;
}

uint64_t limits_host_threads_of_user(struct limits_host *h, unsigned int uid)
{
	DIR *d = h->users ? NULL : opendir("/proc");
	struct dirent *e;
	struct stat st;

	while (d && (e = readdir(d)))
		if (e->d_name[0] >= '1' && e->d_name[0] <= '9' && !fstatat(dirfd(d), e->d_name, &st, 0))
			count_threads(h, st.st_uid, threads_of(e->d_name));
	if (d)
		closedir(d);
	for (size_t i = 0; i < h->nusers; i++)
		if (h->users[i].uid == uid)
			return h->users[i].threads;
	return 0;
}
