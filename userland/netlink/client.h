/* SPDX-License-Identifier: GPL-2.0 */
/* Shared by client.c (the transport) and requests.c (the requests). */
#ifndef LEAKTRACE_CLIENT_H
#define LEAKTRACE_CLIENT_H

#include <linux/leaktrace_unwind.h>

#include "leaktrace.h"

struct nl_msg;

struct nl_msg *client_request(struct client *c, int cmd, int flags, uint32_t target);
int client_run(struct client *c, struct nl_msg *msg, const char *what,
	       int (*answer)(int cmd, struct nlattr *attrs, int len, void *arg), void *arg);

int client_unwind_get(struct client *c, const uint8_t *key, uint32_t *id);
int client_unwind_add(struct client *c, int fd, uint32_t *id);
int client_maps_set(struct client *c, uint32_t target, uint32_t generation,
		    const struct code_map *code);

#endif
