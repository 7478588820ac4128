// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <netlink/attr.h>
#include <netlink/msg.h>

#include <linux/leaktrace.h>

#include "netlink/client.h"
#include "netlink/gates.h"
#include "util/array.h"

#define A(set, name) LEAKTRACE_A_##set##_##name

static uint64_t u64_of(struct nlattr *a)
{
	return a && nla_len(a) >= 8 ? nla_get_u64(a) : 0;
}

static uint32_t u32_of(struct nlattr *a)
{
	return a && nla_len(a) >= 4 ? nla_get_u32(a) : 0;
}

static uint8_t u8_of(struct nlattr *a)
{
	return a && nla_len(a) >= 1 ? nla_get_u8(a) : 0;
}

static int take_door(struct gate_list *list, struct nlattr **gate)
{
	struct nlattr *tb[A(DOOR, MAX) + 1];
	struct door_state *d;

	if (nla_parse_nested(tb, A(DOOR, MAX), gate[A(GATE, DOOR)], NULL))
		return -EPROTO;
	if (!array_reserve(list->door, list->doors_capacity, list->ndoors, 1))
		return -ENOMEM;
	d = &list->door[list->ndoors++];
	*d = (struct door_state){
		.target = u32_of(gate[A(GATE, TARGET)]), .gate = u64_of(gate[A(GATE, ADDRESS)]),
		.address = u64_of(tb[A(DOOR, ADDRESS)]), .type = u8_of(tb[A(DOOR, TYPE)]),
		.state = u8_of(tb[A(DOOR, STATE)]), .error = (int32_t)u32_of(tb[A(DOOR, ERROR)]),
		.traps = u64_of(tb[A(DOOR, TRAPS)]),
	};
	if (tb[A(DOOR, NAME)])
		nla_strlcpy(d->name, tb[A(DOOR, NAME)], sizeof(d->name));
	return 0;
}

static int take(int cmd, struct nlattr *attrs, int len, void *arg)
{
	struct nlattr *tb[A(GATE, MAX) + 1];
	struct gate_list *list = arg;

	(void)cmd;
	if (nla_parse(tb, A(GATE, MAX), attrs, len, NULL))
		return -EPROTO;
	if (tb[A(GATE, DOOR)])
		return take_door(list, tb);
	if (!array_reserve(list->gate, list->gates_capacity, list->ngates, 1))
		return -ENOMEM;
	list->gate[list->ngates++] = (struct gate_state){
		.target = u32_of(tb[A(GATE, TARGET)]), .pid = u32_of(tb[A(GATE, PID)]),
		.open = u8_of(tb[A(GATE, STATE)]) == LEAKTRACE_GATE_OPEN,
		.address = u64_of(tb[A(GATE, ADDRESS)]), .bytes = u64_of(tb[A(GATE, BYTES)]),
		.mean_bytes = u64_of(tb[A(GATE, MEAN_BYTES)]),
		.births = u64_of(tb[A(GATE, BIRTHS)]), .deaths = u64_of(tb[A(GATE, DEATHS)]),
		.lost = u64_of(tb[A(GATE, LOST_TAGS)]) + u64_of(tb[A(GATE, LOST_OBJECTS)]) +
			u64_of(tb[A(GATE, LOST_FAULTS)]) + u64_of(tb[A(GATE, LOST_UNDOS)]) +
			u64_of(tb[A(GATE, LOST_CHILDREN)]),
		.children = u64_of(tb[A(GATE, CHILDREN)]),
	};
	return 0;
}

int client_gates(struct client *c, struct gate_list *list)
{
	*list = (struct gate_list){ 0 };
	return client_run(c, client_request(c, LEAKTRACE_CMD_GATE_GET, NLM_F_DUMP, 0),
			  "cannot list gates", take, list);
}

void gate_list_free(struct gate_list *list)
{
	free(list->gate);
	free(list->door);
	*list = (struct gate_list){ 0 };
}

static int ignore(int cmd, struct nlattr *attrs, int len, void *arg)
{
	(void)cmd;
	(void)attrs;
	(void)len;
	(void)arg;
	return 0;
}

int client_gate_open(struct client *c, uint32_t target, int fd)
{
	struct nl_msg *msg = client_request(c, LEAKTRACE_CMD_GATE_OPEN, NLM_F_ACK, 0);

	if (msg && (nla_put_u32(msg, LEAKTRACE_A_GATE_TARGET, target) ||
		    nla_put_u32(msg, LEAKTRACE_A_GATE_FD, fd))) {
		nlmsg_free(msg);
		msg = NULL;
	}
	return client_run(c, msg, "cannot open a gate", ignore, NULL);
}
