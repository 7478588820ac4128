// SPDX-License-Identifier: GPL-2.0
/* Requests that hand unwind tables and mappings over. Errors are for the caller
 * to bear: a stack without a table ends early, and says so.
 */
#include <errno.h>

#include <netlink/attr.h>
#include <netlink/msg.h>

#include "client.h"
#include "code.h"

static int take_unwind_id(int cmd, struct nlattr *attrs, int len, void *arg)
{
	struct nlattr *tb[LEAKTRACE_A_UNWIND_MAX + 1];

	(void)cmd;
	if (nla_parse(tb, LEAKTRACE_A_UNWIND_MAX, attrs, len, NULL) ||
	    !tb[LEAKTRACE_A_UNWIND_ID] || nla_len(tb[LEAKTRACE_A_UNWIND_ID]) < 4)
		return -EPROTO;
	*(uint32_t *)arg = nla_get_u32(tb[LEAKTRACE_A_UNWIND_ID]);
	return 0;
}

static int send_or_free(struct client *c, struct nl_msg *msg, bool fits, const char *what,
			uint32_t *id)
{
	if (msg && !fits) {
		nlmsg_free(msg);
		msg = NULL;
	}
	return client_run(c, msg, what, id ? take_unwind_id : NULL, id);
}

int client_unwind_get(struct client *c, const uint8_t *key, uint32_t *id)
{
	struct nl_msg *msg = client_request(c, LEAKTRACE_CMD_UNWIND_GET, NLM_F_ACK, 0);
	bool fits = msg && !nla_put(msg, LEAKTRACE_A_UNWIND_KEY, LEAKTRACE_UNWIND_KEY_BYTES, key);

	return send_or_free(c, msg, fits, "cannot look an unwind table up", id);
}

int client_unwind_add(struct client *c, int fd, uint32_t *id)
{
	struct nl_msg *msg = client_request(c, LEAKTRACE_CMD_UNWIND_ADD, NLM_F_ACK, 0);
	bool fits = msg && !nla_put_u32(msg, LEAKTRACE_A_UNWIND_FD, fd);

	return send_or_free(c, msg, fits, "cannot load an unwind table", id);
}

int client_maps_set(struct client *c, uint32_t target, uint32_t generation,
		    const struct code *code)
{
	struct nl_msg *msg = client_request(c, LEAKTRACE_CMD_MAPS_SET, NLM_F_ACK, 0);
	bool fits = msg && !nla_put_u32(msg, LEAKTRACE_A_UNWIND_TARGET, target) &&
		!nla_put_u32(msg, LEAKTRACE_A_UNWIND_GENERATION, generation) &&
		!code_put(code, msg, LEAKTRACE_A_UNWIND_MAP);

	return send_or_free(c, msg, fits, "cannot set a target's code", NULL);
}
