/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The limits of a host, its cgroups and its users, for a look at many of its processes: each
 * is read once, when it is first asked for, and stays so.
 */
#ifndef LEAKTRACE_MODEL_LIMITS_HOST_H
#define LEAKTRACE_MODEL_LIMITS_HOST_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "model/limits.h"

struct limits_host;

struct limits_host *limits_host_read(void);	/* NULL: no memory */
void limits_host_free(struct limits_host *h);	/* NULL is fine */

/* Zeroes for what cannot be read. Source: /proc and cgroupfs. */
void limits_read_on(struct limits_host *h, pid_t pid, struct limit l[LIMITS]);

/* Makes l the given limit, if that leaves less. */
void limit_tighten(struct limit *l, uint64_t max, uint64_t now, const char *name);
/* Those of the host, and of the cgroups in this text of /proc/PID/cgroup, which is taken; or NULL. */
void limits_host_apply(struct limits_host *h, char *cgroups, bool privileged, struct limit l[LIMITS]);
uint64_t limits_host_threads(const struct limits_host *h);
uint64_t limits_host_threads_of_user(struct limits_host *h, unsigned int uid);

#endif
