/* SPDX-License-Identifier: GPL-2.0 */
/* Limits that a leak may reach: of a process and of its cgroup, from /proc and cgroupfs. */
#ifndef LEAKTRACE_MODEL_LIMITS_H
#define LEAKTRACE_MODEL_LIMITS_H

#include <stdint.h>
#include <sys/types.h>

struct model;
struct nl_msg;
struct nlattr;

enum { LIMIT_FDS, LIMIT_THREADS, LIMIT_MEMORY, LIMIT_MAPS, LIMITS };

struct limit {				/* descriptors, threads, bytes */
	uint64_t max, now;		/* max 0: unknown or none */
	char name[40];
};

void limits_read(pid_t pid, struct limit l[LIMITS]);	/* zeroes for what cannot be read */
int limit_of_kind(unsigned int kind);		/* LIMIT_…; -1: none */

/* Seconds until the limit is reached at per_min more objects per minute. 0: never. */
double limit_in_s(const struct model *m, unsigned int kind, double per_min);

/* Limits as attributes of a trace file; limits_take(): 0 or -EINVAL. */
void limits_put(struct nl_msg *msg, int attr, const struct limit l[LIMITS]);
int limits_take(struct nlattr *nest, struct limit l[LIMITS]);

#endif
