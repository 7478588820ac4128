// SPDX-License-Identifier: GPL-2.0
/*
 * Describes an object for a reader who has to find it in the source: the file
 * behind a descriptor, the peer of a socket, the mapping of a page. Read from
 * /proc while the target lives, and kept for when it has exited.
 */
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "model/address_range.h"
#include "model/model.h"
#include "model/object.h"
#include "model/object_describe.h"
#include "model/object_notes.h"
#include "model/site.h"
#include "model/socket_describe.h"
#include "util/format.h"
#include "util/macros.h"
#include "util/proc_maps.h"
#include "util/sanitize.h"
#include "util/units.h"

/* Fields of a descriptor's fdinfo, joined: "eventfd-count: 3, …". */
static char *fdinfo(pid_t tid, uint64_t fd, const char *const *keys)
{
	char path[80], line[256], out[200] = "";
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/fdinfo/%" PRIu64, tid, fd);
	f = fopen(path, "re");
	if (!f)
		return NULL;
	while (fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = '\0';
		for (char *c = line; *c; c++)
			if (*c == '\t')
				*c = ' ';
		for (const char *const *k = keys; *k; k++) {
			size_t used = strlen(out);

			if (!strncmp(line, *k, strlen(*k)))
				snprintf(out + used, sizeof(out) - used, "%s%.60s",
					 used ? ", " : "", line);
		}
	}
	fclose(f);
	return *out ? strdup(out) : NULL;
}

/* The number of descriptors that an epoll instance watches. */
static unsigned int epoll_watched(pid_t tid, uint64_t fd)
{
	char path[80], line[256];
	unsigned int n = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/fdinfo/%" PRIu64, tid, fd);
	f = fopen(path, "re");
	if (!f)
		return 0;
	while (fgets(line, sizeof(line), f))
		n += !strncmp(line, "tfd:", 4);
	fclose(f);
	return n;
}

static char *detail(pid_t tid, const struct object *o)
{
	static const char *const eventfd[] = { "eventfd-count:", NULL };
	static const char *const timerfd[] = { "clockid:", "ticks:", "it_value:", "it_interval:", NULL };
	static const char *const pidfd[] = { "Pid:", NULL };
	unsigned int n;

	switch (o->type) {
	case LEAKTRACE_TYPE_EPOLL:
		n = epoll_watched(tid, o->id);
		return strdup_printf("watches %u descriptor%s", n, n == 1 ? "" : "s");
	case LEAKTRACE_TYPE_EVENTFD:
		return fdinfo(tid, o->id, eventfd);
	case LEAKTRACE_TYPE_TIMERFD:
		return fdinfo(tid, o->id, timerfd);
	case LEAKTRACE_TYPE_PIDFD:
		return fdinfo(tid, o->id, pidfd);
	}
	return NULL;
}

static char *describe_fd(const struct model *m, const struct object *o)
{
	char path[80], link[PATH_MAX];
	/* the main thread may have exited before the others */
	pid_t tid = m->maps && m->maps->tid ? m->maps->tid : (pid_t)m->target.pid;
	char *more, *what;
	uint64_t inode;
	ssize_t n;

	if (o->space)
		return NULL;	/* in a private descriptor table of some thread */
	snprintf(path, sizeof(path), "/proc/%d/fd/%" PRIu64, tid, o->id);
	n = readlink(path, link, sizeof(link) - 1);
	if (n < 0)
		return NULL;
	link[n] = '\0';
	if (sscanf(link, "socket:[%" SCNu64 "]", &inode) == 1)
		return socket_describe(tid, inode);
	more = detail(tid, o);
	what = more ? strdup_printf("%s (%s)", link, more) : strdup(link);
	free(more);
	return what;
}

static char *describe_page(const struct model *m, const struct object *o)
{
	const char *where = range_name(m, o->id);
	uint64_t end = o->id + (uint64_t)o->count * PAGE_BYTES;
	char bytes[32];

	format_bytes((uint64_t)o->count * PAGE_BYTES, bytes);
	/* which of its pages they are is not known */
	if (m->outside)
		return strdup_printf("%s %s", bytes, where ?: "?");
	return strdup_printf("%#" PRIx64 "-%#" PRIx64 " %s%s%s", o->id, end, bytes, where ? " " : "",
			     where ?: "");
}

/* Like a line of /proc/PID/maps; after exit, what is known without it. */
static char *describe_map(const struct model *m, const struct object *o)
{
	const struct map *map = m->maps ? maps_find(m->maps, o->id) : NULL;
	const char *split = o->flags & LEAKTRACE_OBJECT_F_SPLIT ? ", split off another mapping" : "";
	char bytes[32], permissions[MAP_PERMISSIONS_SIZE];

	format_bytes(o->bytes, bytes);
	if (!map || map->start != o->id)
		return strdup_printf("%#" PRIx64 "-%#" PRIx64 " %s%s", o->id, o->id + o->bytes, bytes, split);
	return strdup_printf("%#" PRIx64 "-%#" PRIx64 " %s %s%s%s%s", o->id, o->id + o->bytes, bytes,
			     map_permissions(map, permissions), *map->path ? " " : "", map->path, split);
}

const char *clock_name(unsigned int clock)
{
	static const char *const clocks[] = {
		[CLOCK_REALTIME] = "CLOCK_REALTIME",
		[CLOCK_MONOTONIC] = "CLOCK_MONOTONIC",
		[CLOCK_PROCESS_CPUTIME_ID] = "CLOCK_PROCESS_CPUTIME_ID",
		[CLOCK_THREAD_CPUTIME_ID] = "CLOCK_THREAD_CPUTIME_ID",
		[CLOCK_BOOTTIME] = "CLOCK_BOOTTIME",
		[CLOCK_REALTIME_ALARM] = "CLOCK_REALTIME_ALARM",
		[CLOCK_BOOTTIME_ALARM] = "CLOCK_BOOTTIME_ALARM",
		[CLOCK_TAI] = "CLOCK_TAI",
	};

	return clock < ARRAY_SIZE(clocks) && clocks[clock] ? clocks[clock] : "a CPU clock";
}

static char *describe_timer(const struct model *m, const struct object *o)
{
	const char *clock = clock_name(o->clock);
	char every[32], interval[48] = "";

	if (o->interval_ns)
		snprintf(interval, sizeof(interval), ", every %s",
			 format_seconds(o->interval_ns / 1e9, every));
	/* /proc does not say whether it is armed */
	if (m->outside)
		return strdup(clock);
	return strdup_printf("%s, %s%s, %" PRIu64 " expirations, %" PRIu64 " overruns", clock,
			     o->flags & LEAKTRACE_OBJECT_F_ARMED ? "armed" : "not armed", interval,
			     o->expirations, o->overruns);
}

/* A field of a status file: the rest of its line. */
static bool status_field(const char *path, const char *key, char *buf, size_t len)
{
	FILE *f = fopen(path, "re");
	bool found = false;
	char line[256];

	if (!f)
		return false;
	while (!found && fgets(line, sizeof(line), f)) {
		size_t k = strlen(key);

		if (strncmp(line, key, k))
			continue;
		line[strcspn(line, "\n")] = '\0';
		snprintf(buf, len, "%s", line + k + strspn(line + k, " \t"));
		found = true;
	}
	fclose(f);
	return found;
}

static char *describe_thread(const struct model *m, const struct object *o)
{
	char path[80], name[64] = "?", state[64] = "?";

	if (o->unjoined)
		return strdup(THREAD_UNJOINED);
	if (o->flags & LEAKTRACE_OBJECT_F_EXITED)
		return strdup_printf("exited");
	if (o->type == LEAKTRACE_TYPE_PROCESS)
		snprintf(path, sizeof(path), "/proc/%" PRIu64 "/status", o->id);
	else
		snprintf(path, sizeof(path), "/proc/%u/task/%" PRIu64 "/status", m->target.pid, o->id);
	if (!status_field(path, "Name:", name, sizeof(name)))
		return NULL;
	status_field(path, "State:", state, sizeof(state));
	if (o->flags & LEAKTRACE_OBJECT_F_ZOMBIE)
		return strdup_printf("%s, exited, never reaped", name);
	return strdup_printf("%s, %s", name, state);
}

/* A description of one object, malloced. NULL: unknown. */
char *object_describe(struct model *m, const struct object *o)
{
	bool alive = !m->offline && !(m->target.flags & LEAKTRACE_TARGET_F_EXITED);
	const char *before;
	char *what = NULL;

	if (o->kind == LEAKTRACE_KIND_FD && alive)
		what = describe_fd(m, o);
	else if (o->kind == LEAKTRACE_KIND_PAGE)
		what = describe_page(m, o);
	else if (o->kind == LEAKTRACE_KIND_TIMER)
		what = describe_timer(m, o);
	else if (o->kind == LEAKTRACE_KIND_HEAP)
		what = strdup_printf("block of %" PRIu64 " bytes at %#" PRIx64, o->bytes, o->id);
	else if (o->kind == LEAKTRACE_KIND_PAIR)
		what = strdup_printf("%s: %#" PRIx64, type_name(o->type), o->id);
	else if (o->kind == LEAKTRACE_KIND_MAP && (alive || !object_notes_find(&m->seen, o)))
		what = describe_map(m, o);
	else if (o->kind == LEAKTRACE_KIND_THREAD && (alive || o->unjoined))
		what = describe_thread(m, o);
	sanitize(what);
	if (what && alive && o->kind != LEAKTRACE_KIND_PAGE && o->kind != LEAKTRACE_KIND_HEAP &&
	    o->kind != LEAKTRACE_KIND_PAIR)
		object_notes_add(&m->seen, o, what);
	if (what)
		return what;
	before = object_notes_find(&m->seen, o);
	return before ? strdup(before) : NULL;
}

/* Whether an object is worth showing: an unjoined thread, or a live object. */
static bool fits(const struct model *m, const struct object *o, bool unjoined, bool seen)
{
	if (unjoined)
		return o->unjoined;
	if (o->flags & LEAKTRACE_OBJECT_F_EXITED)
		return false;
	return !seen || object_notes_find(&m->seen, o);
}

/* Picks up to max of the objects that fit, evenly spread over their ages. */
static int pick(const struct model *m, struct object *o, size_t n, bool unjoined, bool seen,
		struct object **list, int max)
{
	size_t all = 0, nth = 0;
	int got = 0;

	for (int pass = 0; pass < 2; pass++)
		for (size_t i = 0; i < n; i++) {
			if (!fits(m, &o[i], unjoined, seen))
				continue;
			if (!pass)
				all++;
			else if (got < max && nth++ * max >= got * all)
				list[got++] = &o[i];
		}
	return got;
}

/* Some objects of a site, oldest first; unjoined threads before others. */
int object_examples(struct model *m, const struct site *s, struct object **list, int max)
{
	size_t n;
	struct object *o = model_objects(m, s->id, &n);
	bool gone = m->offline || m->target.flags & LEAKTRACE_TARGET_F_EXITED;
	int got = pick(m, o, n, true, false, list, max);

	if (got)
		return got;
	/* after exit, only objects that were described while the target lived */
	if (gone && s->kind != LEAKTRACE_KIND_PAGE && s->kind != LEAKTRACE_KIND_TIMER)
		got = pick(m, o, n, false, true, list, max);
	return got ?: pick(m, o, n, false, false, list, max);
}
