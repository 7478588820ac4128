/* SPDX-License-Identifier: GPL-2.0 */
/* The generic netlink family, and what passes through it: netlink*.c. */
#ifndef _LT_NETLINK_H
#define _LT_NETLINK_H

#include <linux/types.h>
#include <net/genetlink.h>
#include <net/netlink.h>
#include <linux/leaktrace.h>

struct lt_event;
struct lt_maps;
struct lt_object;
struct lt_site;
struct lt_target;

/* Multicast groups. */
enum lt_group {
	LT_GROUP_EVENTS,	/* all events */
	LT_GROUP_TARGETS,	/* all but births and deaths */
	__LT_GROUPS
};

/* netlink.c: the family */
int lt_netlink_init(void);
void lt_netlink_exit(void);
int lt_netlink_send_batch(enum lt_group group, u32 cpu, u64 seq, u64 lost,
			  const struct lt_event *e, unsigned int n);
int lt_netlink_permit(struct sk_buff *skb, struct netlink_ext_ack *extack);
void lt_netlink_find_listeners(void);
bool lt_netlink_has_listeners(enum lt_group group);
extern struct genl_family lt_family;

static inline struct nlattr **lt_netlink_dump_attrs(struct netlink_callback *cb)
{
#ifdef LT_HAVE_INFO_IN_DUMPIT
	return genl_dumpit_info(cb)->info.attrs;	/* v6.6, 7288dd2fd488 */
#else
	return genl_dumpit_info(cb)->attrs;
#endif
}

/* netlink_dump.c: the dumps */
int lt_target_dump(struct sk_buff *skb, struct netlink_callback *cb);
int lt_probe_dump(struct sk_buff *skb, struct netlink_callback *cb);
int lt_site_dump(struct sk_buff *skb, struct netlink_callback *cb);
int lt_stack_dump_start(struct netlink_callback *cb);
int lt_stack_dump(struct sk_buff *skb, struct netlink_callback *cb);
int lt_object_dump(struct sk_buff *skb, struct netlink_callback *cb);
int lt_object_dump_done(struct netlink_callback *cb);

/* A dump of a kind's own table: what lt_kind.dump() is given at each call. */
struct lt_dump {
	struct sk_buff *skb;
	struct netlink_callback *cb;
	unsigned long at;	/* where to go on; 0 at first, else as the last call left it */
	void *walk;		/* likewise; freed by lt_kind.dump_end() */
};

int lt_dump_one(struct lt_dump *dump, int (*fill)(struct sk_buff *skb, const void *arg),
		const void *arg);

/**
 * struct lt_command - a command that takes long
 * @run: does it, in the sender's context, no lock held. @info has no attributes any more.
 *	0 or negative errno, with a reason in @info
 * @release: gives back what @args hold; called once, whether it ran or not. Or NULL
 * @args_bytes: size of its arguments
 */
struct lt_command {
	int (*run)(struct genl_info *info, void *args);
	void (*release)(void *args);
	size_t args_bytes;
};

/* netlink_request.c: commands that run when netlink's lock is released */
int lt_netlink_defer(struct sk_buff *skb, struct genl_info *info,
		     const struct lt_command *command, void *args);

/* netlink_unwind.c: the commands that hand unwind tables over */
struct lt_maps *lt_unwind_parse_maps(struct genl_info *info, int type, int chain);
int lt_unwind_add(struct sk_buff *skb, struct genl_info *info);
int lt_unwind_get(struct sk_buff *skb, struct genl_info *info);
int lt_unwind_maps_set(struct sk_buff *skb, struct genl_info *info);

/* netlink_gate.c: the commands about gates */
int lt_gate_open_doit(struct sk_buff *skb, struct genl_info *info);
int lt_gate_close_doit(struct sk_buff *skb, struct genl_info *info);
int lt_gate_dump(struct sk_buff *skb, struct netlink_callback *cb);

/* netlink_pair.c: the command about pairs */
int lt_pair_open_doit(struct sk_buff *skb, struct genl_info *info);

/* netlink_fill.c: structs to attributes */
#define LT_PUT64(skb, set, name, value)						\
	nla_put_u64_64bit(skb, LEAKTRACE_A_##set##_##name, value, LEAKTRACE_A_##set##_PAD)

int lt_fill_target(struct sk_buff *skb, const struct lt_target *t);
int lt_fill_status(struct sk_buff *skb);
int lt_fill_probe(struct sk_buff *skb, int row);
int lt_fill_site(struct sk_buff *skb, const struct lt_site *s);
int lt_fill_object_head(struct sk_buff *skb, const struct lt_object *o);
int lt_fill_object(struct sk_buff *skb, const struct lt_object *o);
int lt_fill_stack(struct sk_buff *skb, u32 id);
int lt_fill_event(struct sk_buff *skb, const struct lt_event *e);

#endif /* _LT_NETLINK_H */
