// SPDX-License-Identifier: GPL-2.0
/*
 * The commands that hand unwind tables and mappings over. User space owns the
 * truth about code (which file is mapped where); the generation says which
 * program it was true of.
 */
#include <linux/file.h>
#include <net/genetlink.h>
#include <net/netlink.h>

#include "chain_check.h"
#include "code.h"
#include "mm.h"
#include "netlink.h"
#include "target.h"

static int reply_id(struct genl_info *info, u8 cmd, u32 id)
{
	struct sk_buff *skb = genlmsg_new(nla_total_size(sizeof(u32)), GFP_KERNEL);
	void *head;

	if (!skb)
		return -ENOMEM;
	head = genlmsg_put_reply(skb, info, &lt_family, 0, cmd);
	if (!head || nla_put_u32(skb, LEAKTRACE_A_UNWIND_ID, id)) {
		nlmsg_free(skb);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, head);
	return genlmsg_reply(skb, info);
}

struct add_args {
	struct file *file;
};

/* The file may be on a server that does not answer. */
static int add_run(struct genl_info *info, void *args)
{
	const struct add_args *a = args;
	u32 id;
	int err = a->file->f_mode & FMODE_READ ? lt_table_add(a->file, &id) : -EBADF;

	if (err == -EINVAL)
		NL_SET_ERR_MSG(info->extack, "not a valid unwind table");
	else if (err == -ENOSPC)
		NL_SET_ERR_MSG(info->extack, "no room (module parameter table_bytes)");
	return err ?: reply_id(info, LEAKTRACE_CMD_UNWIND_ADD, id);
}

static void add_release(void *args)
{
	const struct add_args *a = args;

	fput(a->file);
}

static const struct lt_command add_command = {
	.run = add_run,
	.release = add_release,
	.args_bytes = sizeof(struct add_args),
};

/**
 * lt_unwind_add() - UNWIND_ADD
 * @skb: request
 * @info: parsed
 *
 * Context: may sleep.
 * Return: 0 or negative errno, with a reason.
 */
int lt_unwind_add(struct sk_buff *skb, struct genl_info *info)
{
	struct add_args a;

	if (lt_netlink_permit(skb, info->extack))
		return -EPERM;
	if (!info->attrs[LEAKTRACE_A_UNWIND_FD]) {
		NL_SET_ERR_MSG(info->extack, "UNWIND_FD is missing");
		return -EINVAL;
	}
	a.file = fget(nla_get_u32(info->attrs[LEAKTRACE_A_UNWIND_FD]));
	if (!a.file) {
		NL_SET_ERR_MSG(info->extack, "UNWIND_FD is not open");
		return -EBADF;
	}
	return lt_netlink_defer(skb, info, &add_command, &a);
}

/**
 * lt_unwind_get() - UNWIND_GET
 * @skb: request
 * @info: parsed
 *
 * Context: may sleep.
 * Return: 0 or negative errno, with a reason.
 */
int lt_unwind_get(struct sk_buff *skb, struct genl_info *info)
{
	u32 id;

	if (lt_netlink_permit(skb, info->extack))
		return -EPERM;
	if (!info->attrs[LEAKTRACE_A_UNWIND_KEY]) {
		NL_SET_ERR_MSG(info->extack, "UNWIND_KEY is missing");
		return -EINVAL;
	}
	id = lt_table_find(nla_data(info->attrs[LEAKTRACE_A_UNWIND_KEY]));
	return id ? reply_id(info, LEAKTRACE_CMD_UNWIND_GET, id) : -ENOENT;
}

static const struct nla_policy map_policy[LEAKTRACE_A_MAP_MAX + 1] = {
	[LEAKTRACE_A_MAP_START] = { .type = NLA_U64 },
	[LEAKTRACE_A_MAP_END] = { .type = NLA_U64 },
	[LEAKTRACE_A_MAP_BIAS] = { .type = NLA_U64 },
	[LEAKTRACE_A_MAP_TABLE] = { .type = NLA_U32 },
	[LEAKTRACE_A_MAP_FLAGS] = NLA_POLICY_RANGE(NLA_U32, 0, LEAKTRACE_MAP_F_JIT |
							       LEAKTRACE_MAP_F_NO_CFI),
};

static u64 get_u64(struct nlattr **attrs, int type)
{
	return attrs[type] ? nla_get_u64(attrs[type]) : 0;
}

static int parse_map(struct lt_map *map, const struct nlattr *nest, u64 after,
		     struct netlink_ext_ack *extack)
{
	struct nlattr *attrs[LEAKTRACE_A_MAP_MAX + 1];
	int err = nla_parse_nested(attrs, LEAKTRACE_A_MAP_MAX, nest, map_policy, extack);
	u32 id;

	if (err)
		return err;
	map->start = get_u64(attrs, LEAKTRACE_A_MAP_START);
	map->end = get_u64(attrs, LEAKTRACE_A_MAP_END);
	map->bias = get_u64(attrs, LEAKTRACE_A_MAP_BIAS);
	if (attrs[LEAKTRACE_A_MAP_FLAGS])
		map->flags = nla_get_u32(attrs[LEAKTRACE_A_MAP_FLAGS]);
	if (map->start >= map->end || map->start < after) {
		NL_SET_ERR_MSG(extack, "UNWIND_MAPs must be sorted and not overlap");
		return -EINVAL;
	}
	id = attrs[LEAKTRACE_A_MAP_TABLE] ? nla_get_u32(attrs[LEAKTRACE_A_MAP_TABLE]) : 0;
	if (!id)
		return 0;
	map->table = lt_table_get(id);
	if (map->table)
		return 0;
	NL_SET_ERR_MSG(extack, "no such MAP_TABLE");
	return -ENOENT;
}

static int parse_chain(struct lt_maps *maps, const struct nlattr *attr,
		       struct netlink_ext_ack *extack)
{
	if (!attr)
		return 0;
	maps->chain = nla_memdup(attr, GFP_KERNEL);
	if (!maps->chain)
		return -ENOMEM;
	if (!leaktrace_chain_check(maps->chain))
		return 0;
	NL_SET_ERR_MSG(extack, "not a valid CHAIN");
	return -EINVAL;
}

/**
 * lt_unwind_parse_maps() - all nests of mappings in a request
 * @info: the request
 * @type: their attribute
 * @chain: that of the description of a script's frames
 *
 * Context: may sleep.
 * Return: the mappings, NULL if there are none, or ERR_PTR with a reason.
 */
struct lt_maps *lt_unwind_parse_maps(struct genl_info *info, int type, int chain)
{
	struct lt_maps *maps;
	struct nlattr *nest;
	int rem, err = 0;
	u64 after = 0;
	u32 n = 0;

	nla_for_each_attr(nest, genlmsg_data(info->genlhdr), genlmsg_len(info->genlhdr), rem)
		n += nla_type(nest) == type;
	if (!n && info->attrs[chain]) {
		NL_SET_ERR_MSG(info->extack, "a CHAIN without mappings");
		return ERR_PTR(-EINVAL);
	}
	if (!n)
		return NULL;
	maps = lt_maps_new(n);
	if (IS_ERR(maps))
		return maps;
	nla_for_each_attr(nest, genlmsg_data(info->genlhdr), genlmsg_len(info->genlhdr), rem) {
		if (nla_type(nest) != type)
			continue;
		err = parse_map(&maps->map[maps->n], nest, after, info->extack);
		if (err)
			break;
		after = maps->map[maps->n++].end;
	}
	if (!err)
		err = parse_chain(maps, info->attrs[chain], info->extack);
	if (!err)
		return maps;
	lt_maps_put(maps);
	return ERR_PTR(err);
}

struct set_args {
	struct lt_target *t;
	struct lt_maps *maps;	/* until the target has them */
	u32 generation;
};

/* Return: 0, the old maps in @s->maps; or negative errno, with a reason */
static int set_locked(struct set_args *s, struct netlink_ext_ack *extack)
{
	struct lt_target *t = s->t;
	struct lt_mm *m = lt_mm_get(t);
	int err = 0;

	if (t->dead || !m) {
		NL_SET_ERR_MSG(extack, "the target has no address space of its own");
		err = -ENOENT;
	} else if (s->generation != atomic_read(&t->code_changes)) {
		NL_SET_ERR_MSG(extack, "the target has new code: read its maps again");
		err = -ESTALE;
	} else {
		WRITE_ONCE(t->hold_timed_out, false);
		s->maps = lt_maps_set(m, s->maps);
	}
	lt_mm_put(m);
	return err;
}

static int set_run(struct genl_info *info, void *args)
{
	struct set_args *s = args;
	int err;

	if (down_write_killable(&s->t->rwsem))
		return -EINTR;
	err = set_locked(s, info->extack);
	up_write(&s->t->rwsem);
	/* Not under the rwsem: the target's threads may be waiting for it. */
	if (!err && s->maps)
		synchronize_rcu();
	return err;
}

static void set_release(void *args)
{
	struct set_args *s = args;

	lt_maps_put(s->maps);
	lt_target_put(s->t);
}

static const struct lt_command set_command = {
	.run = set_run,
	.release = set_release,
	.args_bytes = sizeof(struct set_args),
};

/**
 * lt_unwind_maps_set() - MAPS_SET
 * @skb: request
 * @info: parsed
 *
 * Context: may sleep.
 * Return: 0 or negative errno, with a reason.
 */
int lt_unwind_maps_set(struct sk_buff *skb, struct genl_info *info)
{
	struct set_args s;

	if (lt_netlink_permit(skb, info->extack))
		return -EPERM;
	if (!info->attrs[LEAKTRACE_A_UNWIND_TARGET] ||
	    !info->attrs[LEAKTRACE_A_UNWIND_GENERATION]) {
		NL_SET_ERR_MSG(info->extack, "UNWIND_TARGET or _GENERATION is missing");
		return -EINVAL;
	}
	s.generation = nla_get_u32(info->attrs[LEAKTRACE_A_UNWIND_GENERATION]);
	s.t = lt_target_by_id(nla_get_u32(info->attrs[LEAKTRACE_A_UNWIND_TARGET]));
	if (!s.t) {
		NL_SET_ERR_MSG(info->extack, "no such target");
		return -ENOENT;
	}
	s.maps = lt_unwind_parse_maps(info, LEAKTRACE_A_UNWIND_MAP, LEAKTRACE_A_UNWIND_CHAIN);
	if (IS_ERR(s.maps)) {
		lt_target_put(s.t);
		return PTR_ERR(s.maps);
	}
	return lt_netlink_defer(skb, info, &set_command, &s);
}
