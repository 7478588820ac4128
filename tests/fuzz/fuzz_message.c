// SPDX-License-Identifier: GPL-2.0
/*
 * What a module can make the tool do that speaks to it: answers of any kind to
 * every request (client.c and decode.c, through libnl's own parser), and then a
 * judgement and reports of what the answers were.
 *
 * Input: a byte that says what is asked, then messages: struct heard, and its
 * bytes. Sequence numbers are put right, or libnl would drop all of it.
 */
#include "../../userland/netlink/client.c"
#include "fuzz_report.h"

#include <stdio.h>

#include <linux/leaktrace_unwind.h>

#include "analysis/analysis.h"
#include "model/event.h"
#include "model/model.h"
#include "model/status.h"
#include "model/target.h"
#include "netlink/client.h"
#include "netlink/requests.h"
#include "util/macros.h"


struct heard {
	uint8_t type;			/* of the message: an odd one is the family's */
	uint8_t flags;			/* HEARD_* */
	uint16_t bytes;
};

enum { HEARD_MORE = 1, HEARD_LIE = 2, HEARD_MULTI = 4, HEARD_INTR = 8, HEARD_TLVS = 16 };
enum { FAMILY = 0x1f };

static const uint8_t *left;
static size_t left_bytes;
static uint32_t sequence;
static FILE *nowhere;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int on_send(struct nl_sock *sk, struct nl_msg *msg)
{
	(void)sk;
	sequence = nlmsg_hdr(msg)->nlmsg_seq;
	return nlmsg_hdr(msg)->nlmsg_len;
}

/* The next message, behind those at @to. */
static size_t hear(uint8_t *to, bool *more)
{
	static const uint16_t types[] = { NLMSG_ERROR, NLMSG_DONE, NLMSG_NOOP, NLMSG_OVERRUN };
	struct nlmsghdr *h = (struct nlmsghdr *)to;
	struct heard heard;

	memcpy(&heard, left, sizeof(heard));
	left += sizeof(heard);
	left_bytes -= sizeof(heard);
	if (heard.bytes > left_bytes)
		heard.bytes = left_bytes;
	*h = (struct nlmsghdr){
		.nlmsg_len = sizeof(*h) + heard.bytes, .nlmsg_seq = sequence,
		.nlmsg_type = heard.type & 1 ? FAMILY : types[heard.type / 2 % ARRAY_SIZE(types)],
		.nlmsg_flags = (heard.flags & HEARD_MULTI ? NLM_F_MULTI : 0) |
			       (heard.flags & HEARD_INTR ? NLM_F_DUMP_INTR : 0) |
			       (heard.flags & HEARD_TLVS ? NLM_F_ACK_TLVS : 0),
	};
	memcpy(h + 1, left, heard.bytes);
	if (heard.flags & HEARD_LIE && heard.bytes)
		h->nlmsg_len = sizeof(*h) * (left[0] % 16) + left[0] / 16;
	left += heard.bytes;
	left_bytes -= heard.bytes;
	*more = heard.flags & HEARD_MORE;
	return NLMSG_ALIGN(sizeof(*h) + heard.bytes);
}

static int on_receive(struct nl_sock *sk, struct sockaddr_nl *from, unsigned char **buf,
		      struct ucred **creds)
{
	/* what the smallest messages come to */
	size_t room = sizeof(struct nlmsghdr) * (left_bytes / sizeof(struct heard)) + left_bytes, n = 0;
	bool more = true;

	(void)sk;
	*creds = NULL;
	*from = (struct sockaddr_nl){ .nl_family = AF_NETLINK };
	if (left_bytes < sizeof(struct heard))
		return -NLE_BAD_SOCK;
	*buf = calloc(1, room);
	while (more && left_bytes >= sizeof(struct heard))
		n += hear(*buf + n, &more);
	/* so that a sanitizer sees who reads on */
	*buf = realloc(*buf, n);
	return n;
}

static struct nl_sock *dumb_socket(void)
{
	struct nl_sock *sk = nl_socket_alloc();
	struct nl_cb *cb = nl_socket_get_cb(sk);

	nl_cb_overwrite_send(cb, on_send);
	nl_cb_overwrite_recv(cb, on_receive);
	nl_cb_put(cb);
	return sk;
}

static struct client *dumb_client(void)
{
	struct client *c = calloc(1, sizeof(*c));

	c->requests = dumb_socket();
	c->events = dumb_socket();
	nl_socket_disable_seq_check(c->events);
	nl_socket_modify_cb(c->events, NL_CB_VALID, NL_CB_CUSTOM, on_event, c);
	set_up_socket(c);
	c->family = FAMILY;
	return c;
}

static void take_event(const struct event *e, void *arg)
{
	*(uint64_t *)arg += e->id;
}

static void take_batch(const struct batch *b, void *arg)
{
	*(uint64_t *)arg += b->seq;
}

/* All of a target: answers to five requests, then what the tool makes of them. */
static void fill(struct client *c, const uint8_t *data, size_t size)
{
	struct analysis_options opts = { 0 };
	struct model m;

	model_init(&m);
	m.offline = true;
	m.target.id = 1;
	/* A report wants a whole answer; here any is good enough. */
	client_fill(c, &m);
	while (left_bytes >= sizeof(struct heard))
		client_dump(c, left[1] % 2 ? LEAKTRACE_CMD_SITE_GET : LEAKTRACE_CMD_OBJECT_GET, &m, -1);
	model_settle(&m);
	analysis_run(&m, &opts, NULL, NULL);
	fuzz_report(nowhere, &m, data, size);
	model_free(&m);
}

static void ask(struct client *c, const uint8_t *data, size_t size)
{
	static const uint8_t key[LEAKTRACE_UNWIND_KEY_BYTES];
	struct target *targets = NULL;
	struct probe *probes = NULL;
	struct status status = { 0 };
	uint64_t sum = 0;
	uint32_t id;
	size_t n;

	switch (*data % 9) {
	case 0:
		resolve(c);
		break;
	case 1:
		client_target_add(c, 1, 15, 0, 0, 0, NULL, &id);
		break;
	case 2:
		client_targets(c, &targets, &n);
		break;
	case 3:
		client_probes(c, &probes, &n);
		break;
	case 4:
		client_status(c, &status);
		break;
	case 5:
		client_unwind_get(c, key, &id);
		break;
	case 6:
		client_events(c, take_batch, take_event, &sum);
		break;
	default:
		fill(c, data, size);
	}
	free(targets);
	free(probes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct client *c;

	if (!nowhere) {
		nowhere = fopen("/dev/null", "w");
		if (!nowhere)
			abort();
	}
	if (!size)
		return 0;
	left = data + 1;
	left_bytes = size - 1;
	c = dumb_client();
	ask(c, data, size);
	client_close(c);
	return 0;
}
