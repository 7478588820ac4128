// SPDX-License-Identifier: GPL-2.0
/* The limits of this process, as it sets them itself. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "model/limits.h"
#include "model/model.h"
#include "model/object.h"
#include "check.h"

enum { TIMERS = 7, WATCHED = 3, SOFT = 3000 };

/* More than the shadow memory of sanitizers. */
#define ADDRESS_SPACE	(1UL << 46)

static void set(int which, rlim_t soft)
{
	struct rlimit r;

	getrlimit(which, &r);
	r.rlim_cur = soft;
	CHECK(!setrlimit(which, &r));
}

static void check_rlimits(void)
{
	struct sigevent e = { .sigev_notify = SIGEV_NONE };
	struct limit before[LIMITS], l[LIMITS];
	timer_t t;

	set(RLIMIT_NOFILE, 77);
	set(RLIMIT_SIGPENDING, SOFT);
	set(RLIMIT_AS, ADDRESS_SPACE);
	limits_read(getpid(), before);
	for (int i = 0; i < TIMERS; i++)
		CHECK(!timer_create(CLOCK_MONOTONIC, &e, &t));
	limits_read(getpid(), l);
	CHECK(l[LIMIT_FDS].max == 77 && !strcmp(l[LIMIT_FDS].name, "RLIMIT_NOFILE"));
	CHECK(l[LIMIT_TIMERS].max == SOFT && !strcmp(l[LIMIT_TIMERS].name, "RLIMIT_SIGPENDING"));
	CHECK(l[LIMIT_TIMERS].now >= before[LIMIT_TIMERS].now + TIMERS, "%lu timers",
	      (unsigned long)l[LIMIT_TIMERS].now);
	CHECK(l[LIMIT_ADDRESS_SPACE].max == ADDRESS_SPACE && l[LIMIT_ADDRESS_SPACE].now > 1 << 20);
	CHECK(!strcmp(l[LIMIT_ADDRESS_SPACE].name, "RLIMIT_AS"));
	CHECK(l[LIMIT_MAPS].max && l[LIMIT_THREADS].max && l[LIMIT_INOTIFY].max);
}

/* Root may exceed RLIMIT_NPROC, others may not. */
static void check_nproc(void)
{
	struct limit l[LIMITS];

	set(RLIMIT_NPROC, 50);
	limits_read(getpid(), l);
	CHECK(!strcmp(l[LIMIT_THREADS].name, "RLIMIT_NPROC") == !!getuid(), "%s", l[LIMIT_THREADS].name);
}

/* Two epoll instances with WATCHED pipes each, an inotify instance with one watch. */
static void check_watches(void)
{
	struct object objects[3] = { 0 };
	struct model m;
	int fds[2];

	model_init(&m);
	m.target.pid = getpid();
	m.objects = objects;
	m.nobjects = 3;
	for (int i = 0; i < 2; i++) {
		objects[i] = (struct object){ .kind = LEAKTRACE_KIND_FD, .type = LEAKTRACE_TYPE_EPOLL,
					      .id = epoll_create1(0), .count = 1 };
		for (int k = 0; k < WATCHED && !pipe(fds); k++)
			epoll_ctl(objects[i].id, EPOLL_CTL_ADD, fds[0], &(struct epoll_event){ 0 });
	}
	objects[2] = (struct object){ .kind = LEAKTRACE_KIND_FD, .type = LEAKTRACE_TYPE_INOTIFY,
				      .id = inotify_init(), .count = 1 };
	CHECK(inotify_add_watch(objects[2].id, "/", IN_CREATE) >= 0);
	limits_read_watches(&m);
	CHECK(m.limits[LIMIT_EPOLL_WATCHES].now == 2 * WATCHED, "%lu watches",
	      (unsigned long)m.limits[LIMIT_EPOLL_WATCHES].now);
	CHECK(m.limits[LIMIT_INOTIFY_WATCHES].now == 1);
	m.objects = NULL;
	m.nobjects = 0;
	model_free(&m);
}

int main(void)
{
	check_rlimits();
	check_nproc();
	check_watches();
	return verdict("limits");
}
