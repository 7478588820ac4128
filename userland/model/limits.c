// SPDX-License-Identifier: GPL-2.0
/*
 * The limit that a leak runs into, and when: descriptors RLIMIT_NOFILE, threads
 * the cgroup's pids.max or the host's threads-max, memory the cgroup's
 * memory.max or the host's memory, mappings vm.max_map_count. Of several limits the one with the least
 * left counts.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <netlink/attr.h>
#include <netlink/msg.h>

#include "model/limits.h"
#include "model/model.h"
#include "util/sanitize.h"
#include "util/units.h"

enum { LIM_WHICH = 1, LIM_MAX, LIM_NOW, LIM_NAME, LIM_LAST = LIM_NAME };

static struct nla_policy policy[LIM_LAST + 1] = {
	[LIM_WHICH] = { .type = NLA_U8 }, [LIM_MAX] = { .type = NLA_U64 },
	[LIM_NOW] = { .type = NLA_U64 }, [LIM_NAME] = { .type = NLA_STRING },
};

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

/* Lines of /proc/PID/cgroup: number:controllers:path, no controllers in version 2. */
static void read_groups(pid_t pid, struct limit *l)
{
	char path[64], line[PATH_MAX], dir[PATH_MAX + 64];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/cgroup", pid);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f)) {
		char *controllers = strchr(line, ':'), *group;
		const char *mount = "/sys/fs/cgroup";

		group = controllers ? strchr(controllers + 1, ':') : NULL;
		if (!group || group[1] != '/')
			continue;
		*group++ = '\0';
		group[strcspn(group, "\n")] = '\0';
		if (!strcmp(controllers + 1, "memory"))
			mount = "/sys/fs/cgroup/memory";
		else if (!strcmp(controllers + 1, "pids"))
			mount = "/sys/fs/cgroup/pids";
		else if (controllers[1])
			continue;
		snprintf(dir, sizeof(dir), "%s%s", mount, strcmp(group, "/") ? group : "");
		read_group(l, dir, strlen(mount));
	}
	if (f)
		fclose(f);
}

static void read_host(struct limit *l)
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
}

static uint64_t read_fd_limit(pid_t pid)
{
	unsigned long long limit = 0;
	char path[64], line[256];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/limits", pid);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "Max open files %llu", &limit) == 1)
			break;
	if (f)
		fclose(f);
	return limit;
}

/* All limits of a live process; the model counts its descriptors and mappings. */
void limits_read(pid_t pid, struct limit l[LIMITS])
{
	memset(l, 0, LIMITS * sizeof(*l));
	tighten(&l[LIMIT_FDS], read_fd_limit(pid), 0, "RLIMIT_NOFILE");
	tighten(&l[LIMIT_MAPS], number_in("/proc/sys/vm/max_map_count"), 0, "vm.max_map_count");
	read_groups(pid, l);
	read_host(l);
}

/* The limit that applies to a kind; -1: none is known. */
int limit_of_kind(unsigned int kind)
{
	switch (kind) {
	case LEAKTRACE_KIND_FD:
		return LIMIT_FDS;
	case LEAKTRACE_KIND_THREAD:
		return LIMIT_THREADS;
	case LEAKTRACE_KIND_PAGE:
		return LIMIT_MEMORY;
	case LEAKTRACE_KIND_MAP:
		return LIMIT_MAPS;
	default:
		return -1;
	}
}

/* Seconds until the limit is reached at per_min more per minute; 0: never, or unknown. */
double limit_in_s(const struct model *m, unsigned int kind, double per_min)
{
	int which = limit_of_kind(kind);
	const struct limit *l = which < 0 ? NULL : &m->limits[which];
	double now, unit = kind == LEAKTRACE_KIND_PAGE ? PAGE_BYTES : 1;

	if (!l || !l->max || !(per_min > 0) || m->target.flags & LEAKTRACE_TARGET_F_EXITED)
		return 0;
	now = which == LIMIT_FDS || which == LIMIT_MAPS ? m->target.kind[kind].live : l->now;
	return now < l->max ? (l->max - now) / unit / per_min * 60 : 0;
}

/* For a trace file: one nested attribute per limit. */
void limits_put(struct nl_msg *msg, int attr, const struct limit l[LIMITS])
{
	for (int i = 0; i < LIMITS; i++) {
		struct nlattr *nest = l[i].max ? nla_nest_start(msg, attr) : NULL;

		if (!nest)
			continue;
		nla_put_u8(msg, LIM_WHICH, i);
		nla_put_u64(msg, LIM_MAX, l[i].max);
		nla_put_u64(msg, LIM_NOW, l[i].now);
		nla_put_string(msg, LIM_NAME, l[i].name);
		nla_nest_end(msg, nest);
	}
}

int limits_take(struct nlattr *nest, struct limit l[LIMITS])
{
	struct nlattr *tb[LIM_LAST + 1];
	unsigned int which;

	if (nla_parse_nested(tb, LIM_LAST, nest, policy))
		return -EBADMSG;
	which = tb[LIM_WHICH] ? nla_get_u8(tb[LIM_WHICH]) : LIMITS;
	if (which >= LIMITS)
		return 0;	/* of a newer version: ignored */
	l[which].max = tb[LIM_MAX] ? nla_get_u64(tb[LIM_MAX]) : 0;
	l[which].now = tb[LIM_NOW] ? nla_get_u64(tb[LIM_NOW]) : 0;
	snprintf(l[which].name, sizeof(l[which].name), "%s",
		 tb[LIM_NAME] ? nla_get_string(tb[LIM_NAME]) : "");
	sanitize(l[which].name);
	return 0;
}
