// SPDX-License-Identifier: GPL-2.0
/* Reads the limits of a live process from /proc: see limits.h. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "model/limits.h"
#include "model/limits_host.h"
#include "model/model.h"
#include "model/object.h"
#include "model/workload.h"

#define CAP_ADMIN		(1ULL << 21)	/* CAP_SYS_ADMIN */
#define CAPS_ABOVE_NPROC	(CAP_ADMIN | 1ULL << 24)	/* CAP_SYS_RESOURCE */

enum { WATCH_SAMPLE = 16 };	/* descriptors whose watches are counted */

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

/*
 * RLIMIT_NPROC counts all threads of a user, which takes a look at every
 * process: only if it can be nearer than the limits known so far.
 */
static void read_nproc(struct limits_host *h, struct limit *l, const struct process *p)
{
	const struct limit *known = &l[LIMIT_THREADS];
	uint64_t left = known->max > known->now ? known->max - known->now : 0;
	uint64_t threads = limits_host_threads(h);

	if (!p->processes || !p->uid || p->capabilities & CAPS_ABOVE_NPROC)
		return;
	if (known->max && p->processes > threads && p->processes - threads >= left)
		return;
	limit_tighten(&l[LIMIT_THREADS], p->processes, limits_host_threads_of_user(h, p->uid), "RLIMIT_NPROC");
}

void limits_read_on(struct limits_host *h, pid_t pid, struct limit l[LIMITS])
{
	struct process p = { 0 };

	for (int i = 0; i < LIMITS; i++)
		l[i] = (struct limit){ .growth = l[i].growth };
	read_process(pid, &p);
	limit_tighten(&l[LIMIT_FDS], p.files, 0, "RLIMIT_NOFILE");
	limit_tighten(&l[LIMIT_TIMERS], p.queued_max, p.queued, "RLIMIT_SIGPENDING");
	limit_tighten(&l[LIMIT_ADDRESS_SPACE], p.address_space, p.vm_kib << 10, "RLIMIT_AS");
	l[LIMIT_ADDRESS_SPACE].now = p.vm_kib << 10;
	/* the host's number of open files does not bind the privileged */
	limits_host_apply(h, workload_cgroups("", pid), p.capabilities & CAP_ADMIN, l);
	read_nproc(h, l, &p);
}

void limits_read(pid_t pid, struct limit l[LIMITS])
{
	struct limits_host *h = limits_host_read();

	if (h)
		limits_read_on(h, pid, l);
	limits_host_free(h);
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
