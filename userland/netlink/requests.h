/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Requests to the kernel module. All functions return 0 or a negative errno, and
 * client_error() is the error message. Lists are malloced.
 */
#ifndef LEAKTRACE_NETLINK_REQUESTS_H
#define LEAKTRACE_NETLINK_REQUESTS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct client;
struct code_map;
struct model;
struct nlattr;
struct probe;
struct status;
struct target;

/* kinds: bits, 1 << LEAKTRACE_KIND_…; max_objects 0: the module's default; code may be NULL. */
int client_target_add(struct client *c, pid_t pid, uint32_t kinds, uint32_t flags,
		      uint32_t max_objects, uint32_t parent, const struct code_map *code, uint32_t *id);
int client_target_del(struct client *c, uint32_t id);	/* 0: all */
/* With all its descendants; gone is called for each that was deleted. */
int client_target_del_family(struct client *c, uint32_t id, void (*gone)(uint32_t id));
int client_target_get(struct client *c, uint32_t id, struct model *m);
int client_reconcile(struct client *c, uint32_t id, struct model *m);
int client_targets(struct client *c, struct target **targets, size_t *n);
int client_status(struct client *c, struct status *s);
int client_probes(struct client *c, struct probe **probes, size_t *n);

/* A dump of one of m->target's tables into m; cmd: LEAKTRACE_CMD_…; kind -1: all kinds. */
int client_dump(struct client *c, int cmd, struct model *m, int kind);
int client_fill(struct client *c, struct model *m);	/* reconcile, then all dumps */

/* The same dumps as raw messages, for a trace file. */
int client_raw(struct client *c, int cmd, uint32_t target,
	       int (*fn)(int cmd, struct nlattr *attrs, int len, void *arg), void *arg);

/*
 * The kernel's unwind tables; key: LEAKTRACE_UNWIND_KEY_BYTES.
 */
int client_unwind_get(struct client *c, const uint8_t *key, uint32_t *id);
int client_unwind_add(struct client *c, int fd, uint32_t *id);
int client_maps_set(struct client *c, uint32_t target, uint32_t generation,
		    const struct code_map *code);

#endif
