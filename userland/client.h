/* SPDX-License-Identifier: GPL-2.0 */
/* Between client.c, which knows how to talk, and requests.c, which knows what to say. */
#ifndef LEAKTRACE_CLIENT_H
#define LEAKTRACE_CLIENT_H

#include "leaktrace.h"

struct nl_msg;

struct nl_msg *client_request(struct client *c, int cmd, int flags, uint32_t target);
int client_run(struct client *c, struct nl_msg *msg, const char *what,
	       int (*answer)(int cmd, struct nlattr *attrs, int len, void *arg), void *arg);

#endif
