/* SPDX-License-Identifier: GPL-2.0 */
/* One look at a target. */
#ifndef LEAKTRACE_SESSION_TARGET_SNAPSHOT_H
#define LEAKTRACE_SESSION_TARGET_SNAPSHOT_H

#include <stdint.h>
#include <sys/types.h>

struct client;
struct model;
struct target;

int target_read(struct client *c, struct model *m, uint32_t id);	/* 0 or -errno: client_error() */
void target_read_malloc(struct model *m);		/* how much of it is in use, if it has much memory */
void target_read_children(struct client *c, struct model *m);	/* if a look is due */
void target_open_symbolizer(struct model *m);		/* sets m->symbolizer */
void target_open_runtime(struct model *m);		/* sets m->runtime */

/* The target with that pid. 0, -ESRCH: none, or another negative errno. */
int target_find(struct client *c, pid_t pid, struct target *found);
int fail_no_process(pid_t pid);		/* EXIT_TROUBLE, and said so */

#endif
