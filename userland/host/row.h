/* SPDX-License-Identifier: GPL-2.0 */
/* A process or a cgroup: what it holds now, how that grows, and which limit comes first. */
#ifndef LEAKTRACE_HOST_ROW_H
#define LEAKTRACE_HOST_ROW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "model/limits_host.h"
#include "model/workload.h"

enum host_resource {
	HOST_FDS, HOST_THREADS, HOST_TIMERS, HOST_MAPS,
	HOST_MEMORY,			/* bytes: anonymous, shared anonymous and swapped out */
	HOST_RESOURCES
};

enum { HOST_POINTS = 60 };

/*
 * What was counted over time, oldest first. Of looks less than 5 s apart not
 * every one stays; 5 to 10 minutes are kept, or 60 looks.
 */
struct host_series {
	unsigned int n;
	uint64_t step_ns;		/* least distance of two points */
	uint64_t t_ns[HOST_POINTS];	/* CLOCK_MONOTONIC */
	uint64_t count[HOST_POINTS][HOST_RESOURCES];
};

struct host_row {
	pid_t pid;			/* 0: a cgroup */
	uint64_t started;		/* clock ticks since boot: tells two processes of one number apart */
	char comm[64];			/* printable; of a cgroup its path's end */
	struct workload workload;
	unsigned int processes;		/* of a cgroup; else 1 */
	bool seen;			/* by the last look */
	bool known[HOST_RESOURCES];	/* false: not to be read, or not read yet */
	uint64_t now[HOST_RESOURCES];
	struct limit limit[HOST_RESOURCES];
	double per_min[HOST_RESOURCES];
	double in_s[HOST_RESOURCES];	/* until the limit is reached; 0: never, or unknown */
	struct host_series series;
};

const char *host_resource_name(enum host_resource which);	/* "fds" */

unsigned int host_limit_of(enum host_resource which);	/* LIMIT_FDS, … */
bool host_is_shared(enum host_resource which);	/* of a limit of the host or a cgroup, not of the process */

/*
 * Counts from /proc. all: also what takes long (mappings, timers, limits). The process may
 * end meanwhile: false, and the row is as it was or partly new.
 */
bool host_row_read(struct host_row *row, bool all);
void host_row_read_limits(struct host_row *row, struct limits_host *host);
void host_row_free(struct host_row *row);

/* Adds what is counted now; then growth and time to the limits are up to date. */
void host_row_note(struct host_row *row, uint64_t t_ns);

/* What counts against a limit of this resource, and the share of the limit that it is: 0 to 1, 0 without a limit. */
double host_row_share(const struct host_row *row, enum host_resource which);
/* The resource whose limit is reached first; without growth the one whose share is largest. */
enum host_resource host_row_nearest(const struct host_row *row);

#endif
