/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Limits that a leak may reach: of a process, its user, its cgroup and the host. Of several
 * for the same thing (RLIMIT_NOFILE and fs.nr_open; pids.max, threads-max, pid_max and
 * RLIMIT_NPROC; memory.max and the host's memory), the one with the least left counts.
 *
 * inotify instances and watches, and epoll watches, are limited for each user, but only the
 * target's own are counted: the limit may be reached earlier than computed.
 */
#ifndef LEAKTRACE_MODEL_LIMITS_H
#define LEAKTRACE_MODEL_LIMITS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct model;
struct nl_msg;
struct nlattr;

/* Trace files have these numbers: new ones are added at the end. */
enum {
	LIMIT_FDS, LIMIT_THREADS, LIMIT_MEMORY, LIMIT_MAPS,
	LIMIT_FILES,			/* open files of the host */
	LIMIT_TIMERS, LIMIT_ADDRESS_SPACE,
	LIMIT_INOTIFY, LIMIT_INOTIFY_WATCHES, LIMIT_EPOLL_WATCHES,
	LIMIT_SHARED_FILE,		/* bytes of the shared mapping that grew most, by its file; no limit */
	LIMIT_SHARED_MAPS,		/* number of shared mappings; no limit */
	LIMITS
};

/* Since the first look of those that are no objects of a kind; all 0 for others. */
struct limit_growth {
	uint64_t first, most, first_ns, last_ns;
	uint64_t step;			/* the most that it grew between two looks */
	uint32_t looks, grew;		/* to more than ever before */
};

struct limit {				/* descriptors, threads, bytes, … */
	uint64_t max, now;		/* max 0: unknown or none */
	char name[40];
	struct limit_growth growth;
};

void limits_read(pid_t pid, struct limit l[LIMITS]);	/* zeroes for what cannot be read; keeps growth */
void limits_read_watches(struct model *m);	/* after limits_read(), and a dump of objects */

void limits_look(struct model *m, unsigned int which, uint64_t now);	/* one more, at growth */
void limits_look_at_shared(struct model *m);	/* after maps were read */
void limits_forget_growth(struct model *m);	/* another program: the next look is the first */
/* 0: it does not, or not all the time. */
double limit_growth_per_min(const struct limit *l);

uint64_t limit_objects(const struct model *m, unsigned int type);	/* descriptors of a type */
/*
 * The share that n objects of a kind have of its limit, in billionths, so that descriptors and
 * pages can be compared and added. m NULL, or a limit that is not known: of a usual one.
 */
double limit_usual(unsigned int which);	/* of descriptors, threads, timers, mappings, bytes of memory */
uint64_t limit_weight(const struct model *m, unsigned int kind, uint64_t n);
bool limit_is_bytes(unsigned int which);

#define LIMIT_REACHED_S 0.001	/* instead of 0, which is never */

/* Seconds until limits[which] is reached at per_min more per minute. 0: never, or unknown. */
double limit_in_s(const struct model *m, unsigned int which, double per_min);

/* Limits as attributes of a trace file; limits_take(): 0 or -EINVAL. */
void limits_put(struct nl_msg *msg, int attr, const struct limit l[LIMITS]);
int limits_take(struct nlattr *nest, struct limit l[LIMITS]);

#endif
