// SPDX-License-Identifier: GPL-2.0
/* Which messages are the answer to a request. The kernel is played, below libnl. */
#include <stdlib.h>
#include <string.h>

#include <linux/genetlink.h>
#include <linux/leaktrace.h>
#include <netlink/genl/genl.h>
#include <netlink/netlink.h>

#include "model/target.h"
#include "netlink/client.h"
#include "netlink/requests.h"
#include "check.h"

enum { FAMILY = 0x1f, TARGET_PID = 4242 };

static uint32_t asked;		/* the number of the last request */
/* f: our family, t: a target, n: NLMSG_NOOP, d: the end; before one o: of an older request */
static const char *script;

static int on_send(struct nl_sock *sk, struct nl_msg *msg)
{
	(void)sk;
	asked = nlmsg_hdr(msg)->nlmsg_seq;
	return nlmsg_hdr(msg)->nlmsg_len;
}

static void put_body(struct nl_msg *msg, char what)
{
	struct genlmsghdr g = { .cmd = LEAKTRACE_CMD_TARGET_GET };
	int zero = 0;

	if (what == 'f') {
		nlmsg_append(msg, &g, sizeof(g), NLMSG_ALIGNTO);
		nla_put_u16(msg, CTRL_ATTR_FAMILY_ID, FAMILY);
		nla_put_u32(msg, CTRL_ATTR_VERSION, LEAKTRACE_FAMILY_VERSION);
	} else if (what == 't') {
		nlmsg_append(msg, &g, sizeof(g), NLMSG_ALIGNTO);
		nla_put_u32(msg, LEAKTRACE_A_TARGET_ID, 1);
		nla_put_u32(msg, LEAKTRACE_A_TARGET_PID, TARGET_PID);
	} else {
		nlmsg_append(msg, &zero, sizeof(zero), NLMSG_ALIGNTO);
	}
}

/* One message at a time. */
static int on_receive(struct nl_sock *sk, struct sockaddr_nl *from, unsigned char **buf, struct ucred **creds)
{
	bool old = *script == 'o';
	char what = *(script += old);
	int type = what == 'n' ? NLMSG_NOOP : what == 'd' ? NLMSG_DONE : FAMILY, n;
	struct nl_msg *msg = nlmsg_alloc();

	(void)sk;
	*creds = NULL;
	*from = (struct sockaddr_nl){ .nl_family = AF_NETLINK };
	if (!what) {
		nlmsg_free(msg);
		return -NLE_BAD_SOCK;
	}
	script++;
	nlmsg_put(msg, 0, asked - old, type, 0, NLM_F_MULTI);
	put_body(msg, what);
	n = nlmsg_hdr(msg)->nlmsg_len;
	*buf = malloc(n);
	memcpy(*buf, nlmsg_hdr(msg), n);
	nlmsg_free(msg);
	return n;
}

int __wrap_genl_connect(struct nl_sock *sk);

int __wrap_genl_connect(struct nl_sock *sk)
{
	struct nl_cb *cb = nl_socket_get_cb(sk);

	nl_cb_overwrite_send(cb, on_send);
	nl_cb_overwrite_recv(cb, on_receive);
	nl_cb_put(cb);
	return 0;
}

static void lists(struct client *c, const char *answer, size_t want)
{
	struct target *targets = NULL;
	size_t n = 0;
	int err;

	script = answer;
	err = client_targets(c, &targets, &n);
	CHECK(!err && n == want && !*script, "%s: %d (%s), %zu targets, not read: %s", answer, err, client_error(c), n, script);
	for (size_t i = 0; i < n; i++)
		CHECK(targets[i].pid == TARGET_PID);
	free(targets);
}

int main(void)
{
	char error[512];
	struct client *c;

	script = "fd";
	c = client_open(error, sizeof(error));
	if (!c) {
		fprintf(stderr, "%s\n", error);
		return 1;
	}
	lists(c, "d", 0);
	lists(c, "ttd", 2);
	/* the module's tables were locked when the dump began */
	lists(c, "nttd", 2);
	lists(c, "ntd", 1);
	lists(c, "td", 1);
	/* what is left of a dump that was given up */
	lists(c, "otodttd", 2);
	lists(c, "td", 1);
	client_close(c);
	return verdict("answer");
}
