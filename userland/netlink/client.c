// SPDX-License-Identifier: GPL-2.0
/*
 * The netlink client. Requests use one socket, which owns the targets that were
 * added without the background flag; events arrive on another, so that a flood
 * of events cannot delay an answer.
 *
 * A dump that the kernel marks as interrupted is -EAGAIN. A full event buffer
 * (ENOBUFS) loses events and nothing else: they are counted. EINTR is never an
 * error.
 */
#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <linux/genetlink.h>
#include <linux/leaktrace.h>
#include <linux/netlink.h>
#include <netlink/errno.h>
#include <netlink/genl/genl.h>
#include <netlink/netlink.h>

#include "model/decode.h"
#include "model/event.h"
#include "netlink/client.h"
#include "netlink/module_absent.h"
#include "symbolize/stack.h"
#include "util/macros.h"

enum {
	MESSAGE_BYTES = 256 << 10,
	REQUEST_BYTES = 160 << 10,	/* 56 bytes per mapping */
	EVENT_BUFFER_BYTES = 8 << 20,
};

struct client {
	struct nl_sock *requests, *events;
	int family;
	unsigned int version, events_group, targets_group;
	char error[512];
	/* of the current request: */
	char ack[256];			/* the kernel's error message */
	int status;			/* 0, or the error of the answer */
	bool done;
	uint32_t seq;
	int cmd;
	int (*answer)(int cmd, struct nlattr *attrs, int len, void *arg);
	void *arg;
	/* of the events being received: */
	void (*batch)(const struct batch *b, void *arg);
	void (*event)(const struct event *e, void *arg);
	void (*copy)(const struct stack_copy *s, void *arg);
	void *event_arg;
};

static int PRINTF(3, 4) say(struct client *c, int err, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(c->error, sizeof(c->error), fmt, args);
	va_end(args);
	return err;
}

const char *client_error(const struct client *c)
{
	return c->error;
}

static void take_ack(struct client *c, struct nlattr *attrs, int len)
{
	struct nlattr *tb[NLMSGERR_ATTR_MAX + 1];

	c->ack[0] = '\0';
	if (len <= 0 || nla_parse(tb, NLMSGERR_ATTR_MAX, attrs, len, NULL) ||
	    !tb[NLMSGERR_ATTR_MSG])
		return;
	snprintf(c->ack, sizeof(c->ack), "%.*s", nla_len(tb[NLMSGERR_ATTR_MSG]),
		 (char *)nla_data(tb[NLMSGERR_ATTR_MSG]));
}

/* The answer is untrusted: it is used as an errno only if it is one. */
static int status_of(int error)
{
	return error <= 0 && error >= -4095 ? error : -EPROTO;
}

static int on_error(struct sockaddr_nl *from, struct nlmsgerr *e, void *arg)
{
	struct nlmsghdr *h = (void *)((char *)e - NLMSG_HDRLEN);
	size_t skip = sizeof(*e);
	struct client *c = arg;

	(void)from;
	c->status = status_of(e->error);
	c->done = true;
	if (!(h->nlmsg_flags & NLM_F_CAPPED))
		skip += e->msg.nlmsg_len - NLMSG_HDRLEN;
	skip = NLMSG_ALIGN(skip);
	if (h->nlmsg_flags & NLM_F_ACK_TLVS && h->nlmsg_len >= NLMSG_HDRLEN + skip)
		take_ack(c, (void *)((char *)e + skip), h->nlmsg_len - NLMSG_HDRLEN - skip);
	return NL_STOP;
}

static int on_ack(struct nl_msg *msg, void *arg)
{
	(void)msg;
	((struct client *)arg)->done = true;
	return NL_STOP;
}

/* The end of a dump has an error and a message, like an answer. */
static int on_finish(struct nl_msg *msg, void *arg)
{
	struct nlmsghdr *h = nlmsg_hdr(msg);
	struct client *c = arg;

	c->done = true;
	/* data that we failed to process is missing, even if the kernel reports success */
	if (!c->status && h->nlmsg_len >= NLMSG_HDRLEN + sizeof(int)) {
		c->status = status_of(*(int *)nlmsg_data(h));
		if (h->nlmsg_flags & NLM_F_ACK_TLVS)
			take_ack(c, (void *)((char *)nlmsg_data(h) + sizeof(int)),
				 h->nlmsg_len - NLMSG_HDRLEN - sizeof(int));
	}
	return NL_STOP;
}

static int on_answer(struct nl_msg *msg, void *arg)
{
	struct genlmsghdr *g = nlmsg_data(nlmsg_hdr(msg));
	struct client *c = arg;
	int err;

	if (!genlmsg_valid_hdr(nlmsg_hdr(msg), 0) || !c->answer || c->status)
		return NL_OK;
	err = c->answer(c->cmd, genlmsg_attrdata(g, 0), genlmsg_attrlen(g, 0), c->arg);
	if (err)
		c->status = err;
	return NL_OK;
}

static int on_event(struct nl_msg *msg, void *arg)
{
	struct genlmsghdr *g = nlmsg_data(nlmsg_hdr(msg));
	struct client *c = arg;
	struct stack_copy s;
	struct batch b;

	if (!genlmsg_valid_hdr(nlmsg_hdr(msg), 0))
		return NL_OK;
	if (g->cmd == LEAKTRACE_CMD_STACK_REST && c->copy &&
	    !decode_stack_copy(genlmsg_attrdata(g, 0), genlmsg_attrlen(g, 0), &s))
		c->copy(&s, c->event_arg);
	if (g->cmd != LEAKTRACE_CMD_EVENT)
		return NL_OK;
	if (!decode_batch(genlmsg_attrdata(g, 0), genlmsg_attrlen(g, 0), &b,
			  c->event, c->event_arg) && c->batch)
		c->batch(&b, c->event_arg);
	return NL_OK;
}

/*
 * Instead of libnl's own check, which expects another number after NLMSG_NOOP: that is how
 * a dump begins while what it reads is being changed.
 */
static int on_number(struct nl_msg *msg, void *arg)
{
	struct client *c = arg;

	return nlmsg_hdr(msg)->nlmsg_seq == c->seq ? NL_OK : NL_SKIP;
}

/* Sends msg, frees it, and receives answers up to the last. */
static int exchange(struct client *c, struct nl_msg *msg)
{
	bool torn = false;
	int err;

	c->ack[0] = '\0';
	c->status = 0;
	c->done = false;
	err = nl_send_auto(c->requests, msg);
	c->seq = nlmsg_hdr(msg)->nlmsg_seq;
	nlmsg_free(msg);
	if (err < 0)
		return say(c, -EIO, "cannot talk to the kernel: %s", nl_geterror(err));
	while (!c->done) {
		err = nl_recvmsgs_default(c->requests);
		torn |= err == -NLE_DUMP_INTR;
		/* an error answer also makes this call fail */
		if (err < 0 && !c->done && err != -NLE_INTR && err != -NLE_AGAIN &&
		    err != -NLE_DUMP_INTR)
			return say(c, -EIO, "cannot read the kernel's answer: %s", nl_geterror(err));
	}
	return c->status ? c->status : torn ? -EAGAIN : 0;
}

struct nl_msg *client_request(struct client *c, int cmd, int flags, uint32_t target)
{
	struct nl_msg *msg = nlmsg_alloc_size(REQUEST_BYTES);

	if (!msg)
		return NULL;
	if (!genlmsg_put(msg, NL_AUTO_PORT, NL_AUTO_SEQ, c->family, 0, flags, cmd,
			 LEAKTRACE_FAMILY_VERSION) ||
	    (target && nla_put_u32(msg, LEAKTRACE_A_TARGET_ID, target))) {
		nlmsg_free(msg);
		return NULL;
	}
	c->cmd = cmd;
	return msg;
}

/* The error message for a failed request. The kernel's own message takes precedence. */
static int explain(struct client *c, const char *what, int err)
{
	if (!err || err == -EIO)
		return err;
	if (err == -EPERM || err == -EACCES)
		return say(c, err, "no permission: run as root, or with CAP_PERFMON or CAP_SYS_ADMIN");
	if (c->ack[0])
		return say(c, err, "%s: %s", what, c->ack);
	if (err == -EOPNOTSUPP)
		return say(c, err, "%s: the loaded module does not support this request: install the same version of both", what);
	return say(c, err, "%s: %s", what, strerror(-err));
}

int client_run(struct client *c, struct nl_msg *msg, const char *what,
	       int (*answer)(int cmd, struct nlattr *attrs, int len, void *arg), void *arg)
{
	if (!msg)
		return say(c, -ENOMEM, "%s: out of memory", what);
	c->answer = answer;
	c->arg = arg;
	return explain(c, what, exchange(c, msg));
}

static void take_group(struct client *c, const struct nlattr *name, uint32_t id)
{
	if (!nla_strcmp(name, LEAKTRACE_MCGRP_EVENTS))
		c->events_group = id;
	else if (!nla_strcmp(name, LEAKTRACE_MCGRP_TARGETS))
		c->targets_group = id;
}

/* Reads the controller's description of our family. */
static int take_family(int cmd, struct nlattr *attrs, int len, void *arg)
{
	struct nlattr *tb[CTRL_ATTR_MAX + 1], *group[CTRL_ATTR_MCAST_GRP_MAX + 1], *a;
	struct client *c = arg;
	int rest;

	(void)cmd;
	if (nla_parse(tb, CTRL_ATTR_MAX, attrs, len, NULL) || !tb[CTRL_ATTR_FAMILY_ID])
		return -EPROTO;
	c->family = nla_get_u16(tb[CTRL_ATTR_FAMILY_ID]);
	c->version = tb[CTRL_ATTR_VERSION] ? nla_get_u32(tb[CTRL_ATTR_VERSION]) : 0;
	if (!tb[CTRL_ATTR_MCAST_GROUPS])
		return 0;
	nla_for_each_nested(a, tb[CTRL_ATTR_MCAST_GROUPS], rest)
		if (!nla_parse_nested(group, CTRL_ATTR_MCAST_GRP_MAX, a, NULL) &&
		    group[CTRL_ATTR_MCAST_GRP_NAME] && group[CTRL_ATTR_MCAST_GRP_ID])
			take_group(c, group[CTRL_ATTR_MCAST_GRP_NAME],
				   nla_get_u32(group[CTRL_ATTR_MCAST_GRP_ID]));
	return 0;
}

static int not_loaded(struct client *c)
{
	struct module_host host;
	char why[384];

	module_host_read(&host);
	module_absent(&host, why, sizeof(why));
	return say(c, -ENOENT, "%s; 'leaktrace look PID' looks without it", why);
}

static int resolve(struct client *c)
{
	struct nl_msg *msg = nlmsg_alloc();
	int err;

	if (msg && (!genlmsg_put(msg, NL_AUTO_PORT, NL_AUTO_SEQ, GENL_ID_CTRL, 0, 0,
				 CTRL_CMD_GETFAMILY, 1) ||
		    nla_put_string(msg, CTRL_ATTR_FAMILY_NAME, LEAKTRACE_FAMILY_NAME))) {
		nlmsg_free(msg);
		msg = NULL;
	}
	err = client_run(c, msg, "cannot query the module", take_family, c);
	if (err == -ENOENT)
		return not_loaded(c);
	if (err)
		return err;
	if (c->version != LEAKTRACE_FAMILY_VERSION)
		return say(c, -EPROTO, "the module speaks protocol version %u, this program %u: install the same version of both",
			   c->version, LEAKTRACE_FAMILY_VERSION);
	return 0;
}

static void set_up_socket(struct client *c)
{
	struct nl_cb *cb = nl_socket_get_cb(c->requests);
	int on = 1;

	nl_socket_set_msg_buf_size(c->requests, MESSAGE_BYTES);
	setsockopt(nl_socket_get_fd(c->requests), SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof(on));
	setsockopt(nl_socket_get_fd(c->requests), SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof(on));
	nl_cb_set(cb, NL_CB_SEQ_CHECK, NL_CB_CUSTOM, on_number, c);
	nl_cb_set(cb, NL_CB_VALID, NL_CB_CUSTOM, on_answer, c);
	nl_cb_set(cb, NL_CB_ACK, NL_CB_CUSTOM, on_ack, c);
	nl_cb_set(cb, NL_CB_FINISH, NL_CB_CUSTOM, on_finish, c);
	nl_cb_err(cb, NL_CB_CUSTOM, on_error, c);
	nl_cb_put(cb);
}

struct client *client_open(char *err, size_t errlen)
{
	struct client *c = calloc(1, sizeof(*c));

	if (!c) {
		snprintf(err, errlen, "out of memory");
		return NULL;
	}
	c->requests = nl_socket_alloc();
	if (!c->requests || genl_connect(c->requests)) {
		say(c, -EIO, "cannot open a netlink socket");
	} else {
		set_up_socket(c);
		if (!resolve(c))
			return c;
	}
	snprintf(err, errlen, "%s", c->error);
	client_close(c);
	return NULL;
}

bool client_is_absent(char *why, size_t len)
{
	char ignored[512];
	struct client *c = client_open(ignored, sizeof(ignored));
	struct module_host host;

	client_close(c);
	if (c)
		return false;
	module_host_read(&host);
	module_absent(&host, why, len);
	return true;
}

void client_close(struct client *c)
{
	if (!c)
		return;
	if (c->events)
		nl_socket_free(c->events);
	if (c->requests)
		nl_socket_free(c->requests);
	free(c);
}

int client_subscribe(struct client *c, bool objects)
{
	unsigned int group = objects ? c->events_group : c->targets_group;
	int size = EVENT_BUFFER_BYTES, on = 1;

	if (!group)
		return say(c, -ENOENT, "the module has no event group: install the same version of both");
	c->events = nl_socket_alloc();
	if (!c->events || genl_connect(c->events))
		return say(c, -EIO, "cannot open a netlink socket");
	nl_socket_disable_seq_check(c->events);
	nl_socket_set_msg_buf_size(c->events, MESSAGE_BYTES);
	setsockopt(nl_socket_get_fd(c->events), SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	/* the module learns what did not fit, and counts it */
	setsockopt(nl_socket_get_fd(c->events), SOL_NETLINK, NETLINK_BROADCAST_ERROR, &on, sizeof(on));
	nl_socket_modify_cb(c->events, NL_CB_VALID, NL_CB_CUSTOM, on_event, c);
	if (nl_socket_add_membership(c->events, group))
		return say(c, -EPERM, "cannot listen to events: no permission: run as root, or with CAP_PERFMON or CAP_SYS_ADMIN");
	nl_socket_set_nonblocking(c->events);
	return nl_socket_get_fd(c->events);
}

void client_on_copy(struct client *c, void (*copy)(const struct stack_copy *s, void *arg))
{
	c->copy = copy;
}

/* Processes pending events. Returns 0 when there are none left. */
int client_events(struct client *c,
		  void (*batch)(const struct batch *b, void *arg),
		  void (*event)(const struct event *e, void *arg), void *arg)
{
	c->batch = batch;
	c->event = event;
	c->event_arg = arg;
	for (int i = 0; i < 256; i++) {
		int err = nl_recvmsgs_default(c->events);

		if (err == -NLE_AGAIN)
			return 0;
		/* libnl reports ENOBUFS as NOMEM: the module counts what was lost */
		if (err < 0 && err != -NLE_INTR && err != -NLE_NOMEM)
			return say(c, -EIO, "cannot read events: %s", nl_geterror(err));
	}
	return 0;
}
