// SPDX-License-Identifier: GPL-2.0
#include <netlink/attr.h>
#include <netlink/msg.h>

#include <linux/leaktrace.h>

#include "netlink/client.h"
#include "netlink/pairs.h"

int client_pair_open(struct client *c, uint32_t target, const struct leaktrace_pair_door *door,
		     size_t n)
{
	struct nl_msg *msg = client_request(c, LEAKTRACE_CMD_PAIR_OPEN, NLM_F_ACK, 0);

	if (msg && (nla_put_u32(msg, LEAKTRACE_A_PAIR_TARGET, target) ||
		    nla_put(msg, LEAKTRACE_A_PAIR_DOORS, n * sizeof(*door), door))) {
		nlmsg_free(msg);
		msg = NULL;
	}
	return client_run(c, msg, "cannot follow pairs", NULL, NULL);
}
