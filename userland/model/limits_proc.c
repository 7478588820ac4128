// SPDX-License-Identifier: GPL-2.0
/* Reads the limits of a live process from /proc and cgroupfs: see limits.h. */
#include <dirent.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "model/limits.h"
#include "model/model.h"
#include "model/object.h"
#include "model/workload.h"

#define CAP_ADMIN		(1ULL << 21)	/* CAP_SYS_ADMIN */
#define CAPS_ABOVE_NPROC	(CAP_ADMIN | 1ULL << 24)	/* CAP_SYS_RESOURCE */

enum { WATCH_SAMPLE = 16 };	/* descriptors whose watches are counted */

static void tighten(struct limit *l, uint64_t max, uint64_t now, const char *name)
{
	uint64_t left = max > now ? max - now : 0;

	if (!max || (l->max && left >= (l->max > l->now ? l->max - l->now : 0)))
		return;
	l->max = max;
	l->now = now;
	snprintf(l->name, sizeof(l->name), "%s", name);
}

/* The number in a file; 0: no number, or "max". */
static uint64_t number_in(const char *path)
{
	FILE *f = fopen(path, "re");
	unsigned long long n = 0;

	if (f && fscanf(f, "%llu", &n) != 1)
		n = 0;
	if (f)
		fclose(f);
	return n;
}

static uint64_t number_under(const char *dir, const char *file)
{
	char path[PATH_MAX];

	if (snprintf(path, sizeof(path), "%s/%s", dir, file) >= (int)sizeof(path))
		return 0;
	return number_in(path);
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
		tighten(&l[LIMIT_THREADS], number_under(dir, "pids.max"),
			number_under(dir, "pids.current"), "pids.max of its cgroup");
		tighten(&l[LIMIT_MEMORY], number_under(dir, "memory.max"),
			number_under(dir, "memory.current"), "memory.max of its cgroup");
		tighten(&l[LIMIT_MEMORY], unlimited_as_0(number_under(dir, "memory.limit_in_bytes")),
			number_under(dir, "memory.usage_in_bytes"), "memory.limit of its cgroup");
		if (strlen(dir) <= root_len)
			return;
		*strrchr(dir, '/') = '\0';
	}
}

/* Version 1 has the limits of memory and of processes in hierarchies of their own. */
static void read_groups(pid_t pid, struct limit *l)
{
	char *text = workload_cgroups("", pid), dir[PATH_MAX + 64];
	const char *at = text ?: "", *mount;
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
		read_group(l, dir, strlen(mount));
	}
	free(text);
}

/* Returns the number of threads on the host. */
static uint64_t read_host(struct limit *l)
{
	unsigned long long kib, total = 0, available = 0, threads = 0;
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
		tighten(&l[LIMIT_MEMORY], total, total - available, "memory of the host");
	f = fopen("/proc/loadavg", "re");
	if (f && fscanf(f, "%*s %*s %*s %*u/%llu", &threads) != 1)
		threads = 0;
	if (f)
		fclose(f);
	if (threads) {
		tighten(&l[LIMIT_THREADS], number_in("/proc/sys/kernel/threads-max"), threads,
			"threads-max");
		tighten(&l[LIMIT_THREADS], number_in("/proc/sys/kernel/pid_max"), threads, "pid_max");
	}
	return threads;
}

/* What /proc/PID/limits and /proc/PID/status say; 0: no limit, or unknown. */
struct process {
	unsigned long long files, processes, address_space;	/* limits */
	unsigned long long vm_kib, queued, queued_max, capabilities;
	unsigned int uid;
};

static void read_process(pid_t pid, struct process *p)
{
	char path[64], line[256];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/limits", pid);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f)) {
		sscanf(line, "Max open files %llu", &p->files);
		sscanf(line, "Max processes %llu", &p->processes);
		sscanf(line, "Max address space %llu", &p->address_space);
	}
	if (f)
		fclose(f);
	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f)) {
		sscanf(line, "Uid: %u", &p->uid);
		sscanf(line, "VmSize: %llu", &p->vm_kib);
		sscanf(line, "SigQ: %llu/%llu", &p->queued, &p->queued_max);
		sscanf(line, "CapEff: %llx", &p->capabilities);
	}
	if (f)
		fclose(f);
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

static uint64_t threads_of_user(unsigned int uid)
{
	DIR *d = opendir("/proc");
	struct dirent *e;
	struct stat st;
	uint64_t n = 0;

	while (d && (e = readdir(d)))
		if (e->d_name[0] >= '1' && e->d_name[0] <= '9' &&
		    !fstatat(dirfd(d), e->d_name, &st, 0) && st.st_uid == uid)
			n += threads_of(e->d_name);
	if (d)
		closedir(d);
	return n;
}

/*
 * RLIMIT_NPROC counts all threads of a user, which takes a look at every
 * process: only if it can be nearer than the limits known so far.
 */
static void read_nproc(struct limit *l, const struct process *p, uint64_t host_threads)
{
	const struct limit *known = &l[LIMIT_THREADS];
	uint64_t left = known->max > known->now ? known->max - known->now : 0;

	if (!p->processes || !p->uid || p->capabilities & CAPS_ABOVE_NPROC)
		return;
	if (known->max && p->processes > host_threads && p->processes - host_threads >= left)
		return;
	tighten(&l[LIMIT_THREADS], p->processes, threads_of_user(p->uid), "RLIMIT_NPROC");
}

/* Does not apply to the privileged. */
static void read_files(struct limit *l, const struct process *p)
{
	unsigned long long open = 0, max = 0;
	FILE *f = fopen("/proc/sys/fs/file-nr", "re");

	if (f && fscanf(f, "%llu %*u %llu", &open, &max) != 2)
		max = 0;
	if (f)
		fclose(f);
	if (!(p->capabilities & CAP_ADMIN))
		tighten(&l[LIMIT_FILES], unlimited_as_0(max), open, "fs.file-max");
}

void limits_read(pid_t pid, struct limit l[LIMITS])
{
	struct process p = { 0 };
	uint64_t host_threads;

	for (int i = 0; i < LIMITS; i++)
		l[i] = (struct limit){ .growth = l[i].growth };
	read_process(pid, &p);
	tighten(&l[LIMIT_FDS], p.files, 0, "RLIMIT_NOFILE");
	tighten(&l[LIMIT_FDS], number_in("/proc/sys/fs/nr_open"), 0, "fs.nr_open");
	tighten(&l[LIMIT_TIMERS], p.queued_max, p.queued, "RLIMIT_SIGPENDING");
	tighten(&l[LIMIT_ADDRESS_SPACE], p.address_space, p.vm_kib << 10, "RLIMIT_AS");
	l[LIMIT_ADDRESS_SPACE].now = p.vm_kib << 10;
	tighten(&l[LIMIT_MAPS], number_in("/proc/sys/vm/max_map_count"), 0, "vm.max_map_count");
	tighten(&l[LIMIT_INOTIFY], number_in("/proc/sys/fs/inotify/max_user_instances"), 0,
		"fs.inotify.max_user_instances");
	tighten(&l[LIMIT_INOTIFY_WATCHES], number_in("/proc/sys/fs/inotify/max_user_watches"), 0,
		"fs.inotify.max_user_watches");
	tighten(&l[LIMIT_EPOLL_WATCHES], number_in("/proc/sys/fs/epoll/max_user_watches"), 0,
		"fs.epoll.max_user_watches");
	read_files(l, &p);
	read_groups(pid, l);
	host_threads = read_host(l);
	read_nproc(l, &p, host_threads);
}

/* The number of lines of a descriptor's fdinfo that begin with what. */
static unsigned int watches_of(pid_t pid, uint64_t fd, const char *what)
{
	char path[64], line[512];
	unsigned int n = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/fdinfo/%" PRIu64, pid, fd);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f))
		n += !strncmp(line, what, strlen(what));
	if (f)
		fclose(f);
	return n;
}

/* The last descriptors of a type are looked at: those that a leak left. */
static void count_watches(struct model *m, unsigned int which, unsigned int type, const char *what)
{
	uint64_t all = limit_objects(m, type), watches = 0;
	unsigned int looked = 0;

	for (size_t i = m->nobjects; i-- > 0 && looked < WATCH_SAMPLE;) {
		const struct object *o = &m->objects[i];

		if (o->kind != LEAKTRACE_KIND_FD || o->type != type || o->space)
			continue;
		watches += watches_of(m->target.pid, o->id, what);
		looked++;
	}
	m->limits[which].now = looked ? watches * all / looked : 0;
	/* the growth of more instances is that of descriptors */
	if (looked && looked == all)
		limits_look(m, which, watches);
}

void limits_read_watches(struct model *m)
{
	count_watches(m, LIMIT_INOTIFY_WATCHES, LEAKTRACE_TYPE_INOTIFY, "inotify wd:");
	count_watches(m, LIMIT_EPOLL_WATCHES, LEAKTRACE_TYPE_EPOLL, "tfd:");
}
