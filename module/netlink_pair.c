// SPDX-License-Identifier: GPL-2.0
/* The command about pairs: doors that the tool has found (linux/leaktrace_pair.h). */
#include <linux/leaktrace_pair.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <net/genetlink.h>
#include <net/netlink.h>

#include "netlink.h"
#include "pair.h"
#include "target.h"

struct open_args {
	struct lt_target *t;
	struct leaktrace_pair_door *door;
	unsigned int n;
};

static int open_run(struct genl_info *info, void *args)
{
	const struct open_args *a = args;

	return lt_pair_open(a->t, a->door, a->n, info->extack);
}

static void open_release(void *args)
{
	const struct open_args *a = args;

	kvfree(a->door);
	lt_target_put(a->t);
}

static const struct lt_command open_command = {
	.run = open_run,
	.release = open_release,
	.args_bytes = sizeof(struct open_args),
};

static int take_doors(struct open_args *a, struct genl_info *info)
{
	struct nlattr *doors = info->attrs[LEAKTRACE_A_PAIR_DOORS];
	unsigned int bytes = doors ? nla_len(doors) : 0;

	if (!bytes || bytes % sizeof(*a->door)) {
		NL_SET_ERR_MSG(info->extack, "PAIR_DOORS is missing, or not whole");
		return -EINVAL;
	}
	a->n = bytes / sizeof(*a->door);
	a->door = kvmalloc(bytes, GFP_KERNEL_ACCOUNT);
	if (!a->door)
		return -ENOMEM;
	memcpy(a->door, nla_data(doors), bytes);
	if (lt_pair_check(a->door, a->n))
		return 0;
	kvfree(a->door);
	NL_SET_ERR_MSG(info->extack, "not valid doors of pairs");
	return -EINVAL;
}

/**
 * lt_pair_open_doit() - PAIR_OPEN
 * @skb: request
 * @info: parsed
 *
 * Context: may sleep.
 * Return: 0 or negative errno, with a reason.
 */
int lt_pair_open_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr *id = info->attrs[LEAKTRACE_A_PAIR_TARGET];
	struct open_args a;
	int err;

	if (lt_netlink_permit(skb, info->extack))
		return -EPERM;
	if (!id) {
		NL_SET_ERR_MSG(info->extack, "PAIR_TARGET is missing");
		return -EINVAL;
	}
	a.t = lt_target_by_id(nla_get_u32(id));
	if (!a.t) {
		NL_SET_ERR_MSG(info->extack, "no such target");
		return -ENOENT;
	}
	err = take_doors(&a, info);
	if (err) {
		lt_target_put(a.t);
		return err;
	}
	return lt_netlink_defer(skb, info, &open_command, &a);
}
