/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The connection to the kernel module over generic netlink.
 *
 * Single-threaded. Functions return 0 or a negative errno; client_error() is
 * the error message for the last failure.
 */
#ifndef LEAKTRACE_NETLINK_CLIENT_H
#define LEAKTRACE_NETLINK_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct batch;
struct client;
struct event;
struct nl_msg;
struct nlattr;
struct stack_copy;

/* NULL with one line in err: the module is not loaded, or it is another version. */
struct client *client_open(char *err, size_t errlen);
/* Why nothing can be asked of the module on this host; false: it can. */
bool client_is_absent(char *why, size_t len);
void client_close(struct client *c);		/* NULL is fine */
const char *client_error(const struct client *c);

/*
 * A descriptor to poll, or -errno; the client closes it. Delivers events about
 * targets; with objects also every creation and release, which slows the
 * targets more.
 */
int client_subscribe(struct client *c, bool objects);

/* Reads pending events, and calls one or both of these, which may be NULL. */
int client_events(struct client *c,
		  void (*batch)(const struct batch *b, void *arg),
		  void (*event)(const struct event *e, void *arg), void *arg);

/* Called for each copy of a stack among the events, with the same arg. */
void client_on_copy(struct client *c, void (*copy)(const struct stack_copy *s, void *arg));

/*
 * For requests.c: creates a request, and sends it, which frees it. what is the
 * prefix of the error message; answer is called for each message of the answer.
 */
struct nl_msg *client_request(struct client *c, int cmd, int flags, uint32_t target);
int client_run(struct client *c, struct nl_msg *msg, const char *what,
	       int (*answer)(int cmd, struct nlattr *attrs, int len, void *arg), void *arg);

#endif
