// SPDX-License-Identifier: GPL-2.0
/* The executable mappings of a target as netlink attributes. */
#include <errno.h>
#include <stdlib.h>

#include <netlink/attr.h>
#include <netlink/msg.h>

#include <linux/leaktrace.h>

#include "netlink/code_maps.h"

void code_map_free(struct code_map *code)
{
	if (!code)
		return;
	free(code->piece);
	free(code);
}

int code_map_put(const struct code_map *code, struct nl_msg *msg, int type, int chain_type)
{
	for (size_t i = 0; code && i < code->n; i++) {
		const struct code_mapping *p = &code->piece[i];
		struct nlattr *nest = nla_nest_start(msg, type);

		if (!nest || nla_put_u64(msg, LEAKTRACE_A_MAP_START, p->start) ||
		    nla_put_u64(msg, LEAKTRACE_A_MAP_END, p->end) ||
		    nla_put_u64(msg, LEAKTRACE_A_MAP_BIAS, p->bias) ||
		    nla_put_u32(msg, LEAKTRACE_A_MAP_TABLE, p->table) ||
		    nla_put_u32(msg, LEAKTRACE_A_MAP_FLAGS, p->flags))
			return -ENOMEM;
		nla_nest_end(msg, nest);
	}
	return code && code->has_chain ? nla_put(msg, chain_type, sizeof(code->chain), &code->chain) : 0;
}
