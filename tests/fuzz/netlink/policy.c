// SPDX-License-Identifier: GPL-2.0
/*
 * The family as the running kernel describes it: commands, groups, and which
 * attributes each command takes. So there is no second specification that could
 * be another one.
 */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/genetlink.h>
#include <linux/netlink.h>

#include "netlink.h"

enum { ROOM = 1 << 16 };

/* Numbers since v5.7 and v5.10, in case the headers are older. */
enum { GET_POLICY = 10, OPS = 6, GROUPS = 7, POLICY = 8, OP_POLICY = 9, OP_DO = 1, OP_DUMP = 2 };
enum { ATTR_TYPE = 1, MIN_U = 4, MAX_U = 5, MASK = 12 };
enum { TYPE_U8 = 2, TYPE_U64 = 5 };

/* How often each comes; others seldom. What costs much is rare, and common enough. */
static const unsigned int weights[COMMANDS] = {
	[LEAKTRACE_CMD_TARGET_ADD] = 2, [LEAKTRACE_CMD_TARGET_DEL] = 1,
	[LEAKTRACE_CMD_TARGET_GET] = 24, [LEAKTRACE_CMD_STATUS_GET] = 6,
	[LEAKTRACE_CMD_PROBE_GET] = 2, [LEAKTRACE_CMD_SITE_GET] = 4,
	[LEAKTRACE_CMD_OBJECT_GET] = 4, [LEAKTRACE_CMD_STACK_GET] = 4,
	[LEAKTRACE_CMD_RECONCILE] = 1, [LEAKTRACE_CMD_UNWIND_ADD] = 8,
	[LEAKTRACE_CMD_UNWIND_GET] = 24, [LEAKTRACE_CMD_MAPS_SET] = 10,
	[LEAKTRACE_CMD_GATE_OPEN] = 4, [LEAKTRACE_CMD_GATE_CLOSE] = 2, [LEAKTRACE_CMD_GATE_GET] = 4,
	[LEAKTRACE_CMD_PAIR_OPEN] = 4,
};

/* A socket has one dump at a time: more would be refused, for the most part. */
static unsigned int weight(unsigned int command, bool dumps)
{
	unsigned int n = weights[command] ? weights[command] : 1;

	return dumps && n > 4 ? 4 : n;
}

static const struct nlattr *next(const struct nlattr *a, const uint8_t *end)
{
	const uint8_t *at = (const uint8_t *)a;

	if (end - at < (ptrdiff_t)sizeof(*a) || a->nla_len < sizeof(*a) || a->nla_len > end - at)
		return NULL;
	return a;
}

/* for each attribute within [from, end); within another one */
#define FOR_EACH(a, from, end)							\
	for (const struct nlattr *a = next((const void *)(from), end); a;	\
	     a = next((const void *)((const uint8_t *)a + NLA_ALIGN(a->nla_len)), end))
#define FOR_EACH_IN(a, nest)							\
	FOR_EACH(a, (const uint8_t *)(nest) + NLA_HDRLEN,			\
		 (const uint8_t *)(nest) + (nest)->nla_len)
#define TYPE(a) ((a)->nla_type & NLA_TYPE_MASK)

static uint64_t number(const struct nlattr *a)
{
	uint64_t n = 0;
	size_t bytes = a->nla_len - NLA_HDRLEN;

	memcpy(&n, (const uint8_t *)a + NLA_HDRLEN, bytes < 8 ? bytes : 8);
	return n;
}

static void take_ops(struct family *f, const struct nlattr *ops)
{
	FOR_EACH_IN(op, ops) {
		uint64_t id = 0, flags = 0;

		FOR_EACH_IN(a, op) {
			if (TYPE(a) == CTRL_ATTR_OP_ID)
				id = number(a);
			else if (TYPE(a) == CTRL_ATTR_OP_FLAGS)
				flags = number(a);
		}
		for (int dump = 0; dump < 2 && f->ncommands < COMMANDS; dump++)
			if (id < COMMANDS && flags & (dump ? GENL_CMD_CAP_DUMP : GENL_CMD_CAP_DO))
				f->command[f->ncommands++] = (struct command){
					.number = id, .dumps = dump, .policy = -1,
					.weight = weight(id, dump),
				};
	}
}

static void take_groups(struct family *f, const struct nlattr *groups)
{
	FOR_EACH_IN(group, groups)
		FOR_EACH_IN(a, group)
			if (TYPE(a) == CTRL_ATTR_MCAST_GRP_ID && f->ngroups < 2)
				f->group[f->ngroups++] = number(a);
}

/* Since v6.2 a command that only dumps is listed as number 0. */
static void take_op_policies(struct family *f, const struct nlattr *policies)
{
	FOR_EACH_IN(op, policies)
		FOR_EACH_IN(a, op)
			for (unsigned int i = 0; i < f->ncommands; i++) {
				struct command *c = &f->command[i];

				if (c->dumps == (TYPE(a) == OP_DUMP) &&
				    (TYPE(op) == c->number || (!TYPE(op) && c->dumps && c->policy < 0)))
					c->policy = number(a) % POLICIES;
			}
}

static void take_fields(struct family *f, const struct nlattr *policies)
{
	FOR_EACH_IN(policy, policies)
		FOR_EACH_IN(attribute, policy) {
			struct field *field = &f->policy[TYPE(policy) % POLICIES]
							[TYPE(attribute) % FIELDS];

			field->max = UINT64_MAX;
			FOR_EACH_IN(a, attribute) {
				if (TYPE(a) == ATTR_TYPE)
					field->type = number(a);
				else if (TYPE(a) == MIN_U)
					field->min = number(a);
				else if (TYPE(a) == MAX_U || TYPE(a) == MASK)
					field->max = number(a);
			}
		}
}

static void take(struct family *f, const struct nlattr *a)
{
	switch (TYPE(a)) {
	case CTRL_ATTR_FAMILY_ID:
		f->id = number(a);
		break;
	case OPS:
		take_ops(f, a);
		break;
	case GROUPS:
		take_groups(f, a);
		break;
	case OP_POLICY:
		take_op_policies(f, a);
		break;
	case POLICY:
		take_fields(f, a);
		break;
	}
}

/* Asks the controller, and takes all that it answers. */
static int ask(struct family *f, int fd, uint8_t cmd, uint16_t flags)
{
	struct {
		struct nlmsghdr h;
		struct genlmsghdr g;
		struct nlattr a;
		char name[NLA_ALIGN(sizeof(LEAKTRACE_FAMILY_NAME))];
	} request = {
		{ sizeof(request), GENL_ID_CTRL, NLM_F_REQUEST | flags, 1, 0 }, { cmd, 1, 0 },
		{ NLA_HDRLEN + sizeof(LEAKTRACE_FAMILY_NAME), CTRL_ATTR_FAMILY_NAME },
		LEAKTRACE_FAMILY_NAME,
	};
	static uint8_t answer[ROOM];
	bool more = true;

	if (send(fd, &request, sizeof(request), 0) < 0)
		return -1;
	while (more) {
		ssize_t n = recv(fd, answer, sizeof(answer), 0);
		struct nlmsghdr *h = (struct nlmsghdr *)answer;

		if (n <= 0)
			return -1;
		for (; NLMSG_OK(h, n); h = NLMSG_NEXT(h, n)) {
			more = h->nlmsg_flags & NLM_F_MULTI && h->nlmsg_type != NLMSG_DONE;
			if (h->nlmsg_type == NLMSG_ERROR)
				return -1;
			if (h->nlmsg_type != GENL_ID_CTRL)
				continue;
			FOR_EACH(a, (uint8_t *)NLMSG_DATA(h) + GENL_HDRLEN,
				 (uint8_t *)h + h->nlmsg_len)
				take(f, a);
		}
	}
	return 0;
}

int family_ask(struct family *f)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC), err;

	memset(f, 0, sizeof(*f));
	err = ask(f, fd, CTRL_CMD_GETFAMILY, 0) || ask(f, fd, GET_POLICY, NLM_F_DUMP);
	close(fd);
	for (unsigned int i = 0; i < f->ncommands; i++)
		f->weights += f->command[i].weight;
	if (err || !f->weights) {
		fprintf(stderr, "the kernel does not tell of the family: is the module loaded?\n");
		return -1;
	}
	return 0;
}
