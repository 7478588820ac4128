// SPDX-License-Identifier: GPL-2.0
/*
 * One process's sockets: many requests at a time, answers read or left lying,
 * sockets closed under both. And what an answer may be: a grant or a refusal with
 * an errno that is meant; never an address of the kernel; and for who may not ask,
 * nothing but refusals.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/genetlink.h>
#include <linux/netlink.h>

#include "netlink.h"

enum { BATCH_BYTES = 64 << 10, DATAGRAMS = 32, DATAGRAM_BYTES = 32 << 10, BUFFER_BYTES = 1 << 20 };

/* What a request may be refused with; anything else is a defect. */
static const int refusals[] = {
	0, EPERM, EINVAL, ERANGE, EOPNOTSUPP, ENOENT, ESRCH, EEXIST, ENOSPC, EBADF, ESTALE,
	EFBIG, E2BIG, EBUSY, EMSGSIZE, EIO, ENOMEM, ENOBUFS,
};

static uint8_t batch[BATCH_BYTES + MESSAGE_MAX];
static uint8_t heard[DATAGRAMS][DATAGRAM_BYTES];

const char *const role_names[ROLES] = {
	"root", "pid namespace", "CAP_PERFMON", "nobody", "user namespace", "network namespace",
};

bool role_may(enum role role)
{
	return role <= PERFMON;
}

static void wrong(const struct talker *t, const char *what, const void *bytes, size_t n)
{
	fprintf(stderr, "%s: %s:", role_names[t->role], what);
	for (size_t i = 0; i < n && i < 64; i++)
		fprintf(stderr, " %02x", ((const uint8_t *)bytes)[i]);
	fprintf(stderr, "\n");
	exit(1);
}

/* --- sockets --- */

static void join(struct talker *t)
{
	unsigned int group = t->family->group[below(&t->rng, t->family->ngroups)];

	if (setsockopt(t->fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group))) {
		if (errno != EPERM && t->role != NETNS)
			wrong(t, "a group cannot be joined", &errno, sizeof(errno));
		if (t->role <= PIDNS)
			wrong(t, "a group is closed to root", &group, sizeof(group));
	} else if (t->role > PIDNS && t->role != NETNS) {
		wrong(t, "joined a group without CAP_SYS_ADMIN", &group, sizeof(group));
	}
}

void talk_open(struct talker *t)
{
	int on = 1, bytes = below(&t->rng, 6) ? BUFFER_BYTES : 4096;

	if (t->fd >= 0)
		close(t->fd);
	t->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);
	/* A socket that was opened with privilege gives none away. */
	if (t->early_fd >= 0 && !below(&t->rng, 3)) {
		close(t->fd);
		t->fd = dup(t->early_fd);
	}
	if (t->fd < 0)
		wrong(t, "no socket", &errno, sizeof(errno));
	setsockopt(t->fd, SOL_SOCKET, role_may(t->role) ? SO_RCVBUFFORCE : SO_RCVBUF, &bytes,
		   sizeof(bytes));
	if (below(&t->rng, 2))
		setsockopt(t->fd, SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof(on));
	if (below(&t->rng, 4))
		setsockopt(t->fd, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof(on));
	if (!below(&t->rng, 8) && t->fd >= 0)
		join(t);
	t->tally->sockets++;
	t->tally->dumps_left += t->dumping;
	t->dumping = false;
}

/* --- answers --- */

static void no_kernel_address(const struct talker *t, uint8_t cmd, const uint8_t *at, size_t left)
{
	struct nlattr a;
	uint64_t n;

	for (; left >= sizeof(a); at += NLA_ALIGN(a.nla_len), left -= NLA_ALIGN(a.nla_len)) {
		memcpy(&a, at, sizeof(a));
		if (a.nla_len < sizeof(a) || a.nla_len > left)
			wrong(t, "an attribute that is none", at, left);
		if (a.nla_type & NLA_F_NESTED) {
			no_kernel_address(t, cmd, at + NLA_HDRLEN, a.nla_len - NLA_HDRLEN);
		} else if (a.nla_len == NLA_HDRLEN + sizeof(n)) {
			memcpy(&n, at + NLA_HDRLEN, sizeof(n));
			if (n >> 47 == 0x1ffff)
				wrong(t, "an address of the kernel", at, a.nla_len);
		}
		if (a.nla_len + 4U > left)
			return;
	}
}

static uint32_t number_of(const uint8_t *at, size_t left, unsigned int type)
{
	struct nlattr a;
	uint32_t n = 0;

	for (; left >= sizeof(a); at += NLA_ALIGN(a.nla_len), left -= NLA_ALIGN(a.nla_len)) {
		memcpy(&a, at, sizeof(a));
		if (a.nla_type == type && a.nla_len == NLA_HDRLEN + sizeof(n))
			memcpy(&n, at + NLA_HDRLEN, sizeof(n));
		if (a.nla_len + 4U > left)
			break;
	}
	return n;
}

/* Ids are for others to ask about, too. */
static void learn(struct talker *t, uint8_t cmd, const uint8_t *at, size_t left)
{
	struct world *w = t->world;
	uint32_t id;

	if (cmd == LEAKTRACE_CMD_TARGET_ADD || cmd == LEAKTRACE_CMD_TARGET_GET) {
		unsigned int i = w->ntargets++ % TARGETS;

		w->target[i] = number_of(at, left, LEAKTRACE_A_TARGET_ID);
		w->generation[i] = number_of(at, left, LEAKTRACE_A_TARGET_GENERATION);
	} else if (cmd == LEAKTRACE_CMD_UNWIND_ADD) {
		id = number_of(at, left, LEAKTRACE_A_UNWIND_ID);
		w->table[w->ntables++ % TABLES] = id;
	}
}

static void judge_answer(struct talker *t, const struct nlmsghdr *h)
{
	const struct genlmsghdr *g = NLMSG_DATA(h);
	size_t left = h->nlmsg_len - NLMSG_HDRLEN - GENL_HDRLEN;

	if (!role_may(t->role))
		wrong(t, "an answer without privilege", h, h->nlmsg_len);
	if (h->nlmsg_len < NLMSG_HDRLEN + GENL_HDRLEN)
		wrong(t, "a short answer", h, h->nlmsg_len);
	if (g->cmd == LEAKTRACE_CMD_EVENT) {
		t->tally->events++;
		return;
	}
	t->tally->answers++;
	/* Stacks are the target's own memory: whatever it has there. */
	if (g->cmd != LEAKTRACE_CMD_STACK_GET)
		no_kernel_address(t, g->cmd, (const uint8_t *)(g + 1), left);
	learn(t, g->cmd, (const uint8_t *)(g + 1), left);
}

static void judge_end(struct talker *t, const struct nlmsghdr *h)
{
	const struct nlmsgerr *e = NLMSG_DATA(h);
	int code = h->nlmsg_len >= NLMSG_HDRLEN + sizeof(int) ? -e->error : 0;
	bool ours = h->nlmsg_type == NLMSG_DONE ||
		(e->msg.nlmsg_type == t->family->id && e->msg.nlmsg_flags & NLM_F_REQUEST);
	size_t i;

	if (h->nlmsg_type == NLMSG_DONE)
		t->dumping = false;
	for (i = 0; i < COUNT(refusals) && refusals[i] != code; i++)
		;
	if (i == COUNT(refusals))
		wrong(t, strerror(code), h, h->nlmsg_len);
	if (!code && ours && !role_may(t->role))
		wrong(t, "granted without privilege", h, h->nlmsg_len);
	t->tally->refused[code]++;
	if (!code)
		t->tally->granted[t->command[h->nlmsg_seq % COUNT(t->command)]]++;
}

static void analysis_run(struct talker *t, const uint8_t *at, size_t left)
{
	const struct nlmsghdr *h = (const void *)at;

	while (left >= sizeof(*h)) {
		if (h->nlmsg_len < sizeof(*h) || h->nlmsg_len > left)
			wrong(t, "a message that is none", h, left);
		if (h->nlmsg_type == NLMSG_ERROR || h->nlmsg_type == NLMSG_DONE)
			judge_end(t, h);
		else if (h->nlmsg_type == t->family->id)
			judge_answer(t, h);
		if (NLMSG_ALIGN(h->nlmsg_len) >= left)
			return;
		left -= NLMSG_ALIGN(h->nlmsg_len);
		h = (const void *)((const uint8_t *)h + NLMSG_ALIGN(h->nlmsg_len));
	}
}

/* Up to @most datagrams of what is there. */
static void hear(struct talker *t, unsigned int most)
{
	struct mmsghdr m[DATAGRAMS];
	struct iovec v[DATAGRAMS];
	int n;

	for (unsigned int i = 0; i < DATAGRAMS; i++) {
		v[i] = (struct iovec){ heard[i], DATAGRAM_BYTES };
		m[i] = (struct mmsghdr){ .msg_hdr = { .msg_iov = &v[i], .msg_iovlen = 1 } };
	}
	while (most) {
		n = recvmmsg(t->fd, m, most < DATAGRAMS ? most : DATAGRAMS, MSG_DONTWAIT, NULL);
		if (n < 0 && errno == ENOBUFS) {
			t->tally->overruns++;
			most--;
			continue;
		}
		if (n <= 0)
			return;
		for (int i = 0; i < n; i++)
			if (!(m[i].msg_hdr.msg_flags & MSG_TRUNC))
				analysis_run(t, heard[i], m[i].msg_len);
		most -= n;
	}
}

/* --- all of it --- */

static unsigned int send_some(struct talker *t, unsigned int most)
{
	static const unsigned int sizes[] = { 1, 2, 8, 32, 64, 64 };
	unsigned int n = sizes[below(&t->rng, COUNT(sizes))], i;
	size_t bytes = 0;

	t->lied = false;
	for (i = 0; i < n && i < most && bytes < BATCH_BYTES && !t->lied; i++)
		bytes += make_message(t, batch + bytes);
	if (send(t->fd, batch, bytes, 0) < 0) {
		if (errno != ENOBUFS && errno != EAGAIN && errno != ECONNREFUSED)
			wrong(t, "cannot send", &errno, sizeof(errno));
		talk_open(t);
	}
	return i;
}

void talk(struct talker *t, uint64_t messages, bool coverage)
{
	static const unsigned int most[] = { 0, 2, 64, 1000, 1000 };
	bool may = role_may(t->role);

	while (t->tally->messages < messages && (!t->world->until || time(NULL) < t->world->until)) {
		t->tally->messages += send_some(t, messages - t->tally->messages);
		hear(t, most[below(&t->rng, COUNT(most))]);
		if (coverage)
			coverage_take(t->world);
		if (!below(&t->rng, 10))
			talk_open(t);
		if (may && !below(&t->rng, 16)) {
			unsigned int i = below(&t->rng, FILES - 1);

			table_refill(&t->rng, t->file[i], t->key[i]);
		}
	}
	hear(t, 1000);
}
