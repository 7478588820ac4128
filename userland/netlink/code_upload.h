/* SPDX-License-Identifier: GPL-2.0 */
/* Sends a target's code mappings to the kernel, with the unwind tables that they need. */
#ifndef LEAKTRACE_NETLINK_CODE_UPLOAD_H
#define LEAKTRACE_NETLINK_CODE_UPLOAD_H

#include <sys/types.h>

struct client;
struct code_map;
struct model;

/*
 * Reads the executable mappings of pid, and loads an unwind table into the
 * kernel for each that can have one. NULL: the process has exited. Free with
 * code_map_free().
 */
struct code_map *code_map_read(struct client *c, pid_t pid);

/* What it knows of tables that the module has: after a reload of the module others have their numbers. */
void code_map_forget_tables(void);

/*
 * Reads the mappings and sends them: after exec, dlopen or fork. 0, or a
 * negative errno; -ESTALE: they changed during every attempt.
 */
int code_map_send(struct client *c, struct model *m);

#endif
