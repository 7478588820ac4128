// SPDX-License-Identifier: GPL-2.0
/*
 * The generic netlink family 'leaktrace', the only interface to user space.
 * include/leaktrace.yaml is its specification.
 *
 * Every command needs CAP_SYS_ADMIN or CAP_PERFMON in the initial user
 * namespace, of the caller and of the socket's opener. The family exists in
 * the initial network namespace only. Operations run in parallel; the tables'
 * own locks keep them apart. What takes long runs after netlink's lock is released
 * (netlink_request.c).
 *
 * A socket owns the targets that it added without BACKGROUND; when it closes,
 * however, they end.
 */
#include <linux/capability.h>
#include <linux/irq_work.h>
#include <linux/leaktrace_pair.h>
#include <linux/module.h>
#include <linux/pid.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include <linux/task_work.h>
#include <linux/workqueue.h>
#include <net/genetlink.h>
#include <net/netlink.h>

#include "code.h"
#include "leaktrace.h"
#include "netlink.h"
#include "object.h"
#include "probe.h"
#include "ring.h"
#include "site.h"
#include "stack.h"
#include "target.h"
#include "work.h"

static const struct nla_policy target_add_policy[LEAKTRACE_A_TARGET_MAX + 1] = {
	[LEAKTRACE_A_TARGET_PID] = NLA_POLICY_MIN(NLA_U32, 1),
	[LEAKTRACE_A_TARGET_KINDS] = NLA_POLICY_MASK(NLA_U32, LEAKTRACE_KINDS_ALL),
	[LEAKTRACE_A_TARGET_FLAGS] = NLA_POLICY_MASK(NLA_U32, LEAKTRACE_TARGET_F_ALL),
	[LEAKTRACE_A_TARGET_MAX_OBJECTS] = { .type = NLA_U32 },
	[LEAKTRACE_A_TARGET_PARENT] = NLA_POLICY_MIN(NLA_U32, 1),
	[LEAKTRACE_A_TARGET_MAP] = { .type = NLA_NESTED },
	[LEAKTRACE_A_TARGET_CHAIN] = NLA_POLICY_EXACT_LEN(sizeof(struct leaktrace_chain)),
};

static const struct nla_policy target_policy[LEAKTRACE_A_TARGET_MAX + 1] = {
	[LEAKTRACE_A_TARGET_ID] = NLA_POLICY_MIN(NLA_U32, 1),
};

static const struct nla_policy object_policy[LEAKTRACE_A_TARGET_MAX + 1] = {
	[LEAKTRACE_A_TARGET_ID] = NLA_POLICY_MIN(NLA_U32, 1),
	[LEAKTRACE_A_TARGET_OBJECT_KIND] = NLA_POLICY_MAX(NLA_U8, LEAKTRACE_KIND_MAX),
};

static const struct nla_policy unwind_add_policy[LEAKTRACE_A_UNWIND_MAX + 1] = {
	[LEAKTRACE_A_UNWIND_FD] = { .type = NLA_U32 },
};

static const struct nla_policy unwind_get_policy[LEAKTRACE_A_UNWIND_MAX + 1] = {
	[LEAKTRACE_A_UNWIND_KEY] = NLA_POLICY_EXACT_LEN(LEAKTRACE_UNWIND_KEY_BYTES),
};

static const struct nla_policy maps_set_policy[LEAKTRACE_A_UNWIND_MAX + 1] = {
	[LEAKTRACE_A_UNWIND_TARGET] = NLA_POLICY_MIN(NLA_U32, 1),
	[LEAKTRACE_A_UNWIND_GENERATION] = { .type = NLA_U32 },
	[LEAKTRACE_A_UNWIND_MAP] = { .type = NLA_NESTED },
	[LEAKTRACE_A_UNWIND_CHAIN] = NLA_POLICY_EXACT_LEN(sizeof(struct leaktrace_chain)),
};

static const struct nla_policy gate_open_policy[LEAKTRACE_A_GATE_MAX + 1] = {
	[LEAKTRACE_A_GATE_TARGET] = NLA_POLICY_MIN(NLA_U32, 1),
	[LEAKTRACE_A_GATE_FD] = { .type = NLA_U32 },
};

static const struct nla_policy gate_policy[LEAKTRACE_A_GATE_MAX + 1] = {
	[LEAKTRACE_A_GATE_TARGET] = NLA_POLICY_MIN(NLA_U32, 1),
};

static const struct nla_policy pair_policy[LEAKTRACE_A_PAIR_MAX + 1] = {
	[LEAKTRACE_A_PAIR_TARGET] = NLA_POLICY_MIN(NLA_U32, 1),
	[LEAKTRACE_A_PAIR_DOORS] = {
		.type = NLA_BINARY,
		.len = LEAKTRACE_PAIR_DOORS_MAX * sizeof(struct leaktrace_pair_door),
	},
};

#if defined(GENL_MCAST_CAP_SYS_ADMIN)
#define LT_PRIVILEGED .flags = GENL_MCAST_CAP_SYS_ADMIN
#elif defined(LT_HAVE_MCGRP_CAP_BIT)
/* stable backports of e03781879a0d spell it as a bit field */
#define LT_PRIVILEGED .cap_sys_admin = 1
#else
#error "this kernel cannot restrict who joins a multicast group: it lacks e03781879a0d"
#endif

static const struct genl_multicast_group mcgrps[] = {
	[LT_GROUP_EVENTS] = { .name = LEAKTRACE_MCGRP_EVENTS, LT_PRIVILEGED },
	[LT_GROUP_TARGETS] = { .name = LEAKTRACE_MCGRP_TARGETS, LT_PRIVILEGED },
};

/*
 * Who is root in a user and network namespace of his own may join any group by its number.
 * He is sent nothing, but genl_has_listeners() counts him. So whoever it counts is sent an
 * empty message first: netlink tells whether that reached anybody. If not, events are not
 * even queued, and it is tried again every now and then; a client that joins and then asks
 * for anything has been found by the answer.
 */
static struct listeners {
	bool some;		/* who are sent what we send */
	u64 tried_ns;
	s64 reached_ns;		/* one of them, last */
} listeners[__LT_GROUPS];

enum {
	RETRY_NS = 20 * NSEC_PER_MSEC,
	DEAF_S = 10,		/* nobody had room in his buffer: is there anybody left? */
};

/* @err: of a message to all of @group */
static void note_reach(enum lt_group group, int err)
{
	struct listeners *l = &listeners[group];
	s64 now_ns = lt_now_ns();

	if (err != -ESRCH) {
		WRITE_ONCE(l->reached_ns, now_ns);
		WRITE_ONCE(l->some, true);
	} else if (now_ns - READ_ONCE(l->reached_ns) > DEAF_S * NSEC_PER_SEC) {
		WRITE_ONCE(l->some, false);
	}
}

static void try_listeners(enum lt_group group)
{
	struct sk_buff *skb = genlmsg_new(0, GFP_KERNEL);
	void *head = NULL;

	WRITE_ONCE(listeners[group].tried_ns, lt_now_ns());
	if (skb)
		head = genlmsg_put(skb, 0, 0, &lt_family, 0, LEAKTRACE_CMD_UNSPEC);
	if (!head) {
		nlmsg_free(skb);
		return;
	}
	genlmsg_end(skb, head);
	note_reach(group, genlmsg_multicast(&lt_family, skb, 0, group, GFP_KERNEL));
}

/**
 * lt_netlink_find_listeners() - look whether anybody listens who did not before
 *
 * Context: may sleep.
 */
void lt_netlink_find_listeners(void)
{
	enum lt_group group;

	for (group = 0; group < __LT_GROUPS; group++) {
		if (!genl_has_listeners(&lt_family, &init_net, group))
			WRITE_ONCE(listeners[group].some, false);
		else if (!READ_ONCE(listeners[group].some))
			try_listeners(group);
	}
}

static void find_fn(struct work_struct *work)
{
	lt_netlink_find_listeners();
}

static DECLARE_WORK(find_work, find_fn);

static void find_kick_fn(struct irq_work *work)
{
	schedule_work(&find_work);
}

static struct irq_work find_kick;

/**
 * lt_netlink_has_listeners() - does anybody want what is sent to a group
 * @group: the group
 *
 * Context: any.
 * Return: whether somebody does, as far as is known.
 */
bool lt_netlink_has_listeners(enum lt_group group)
{
	struct listeners *l = &listeners[group];
	bool some = READ_ONCE(l->some);

	if (likely(!genl_has_listeners(&lt_family, &init_net, group))) {
		if (some)
			WRITE_ONCE(l->some, false);
		return false;
	}
	if (!some && lt_now_ns() - READ_ONCE(l->tried_ns) > RETRY_NS)
		irq_work_queue(&find_kick);
	return some;
}

/**
 * lt_netlink_permit() - may the sender of a request ask that
 * @skb: the request
 * @extack: set to the reason if not; or NULL
 *
 * Context: the sender's. May sleep.
 * Return: 0 or -EPERM.
 */
int lt_netlink_permit(struct sk_buff *skb, struct netlink_ext_ack *extack)
{
	if (netlink_capable(skb, CAP_SYS_ADMIN) || netlink_capable(skb, CAP_PERFMON)) {
		lt_netlink_find_listeners();
		return 0;
	}
	NL_SET_ERR_MSG(extack, "needs CAP_SYS_ADMIN or CAP_PERFMON");
	return -EPERM;
}

static u32 get_u32(struct nlattr **attrs, int type, u32 otherwise)
{
	return attrs && attrs[type] ? nla_get_u32(attrs[type]) : otherwise;
}

static struct lt_target *target_of(struct genl_info *info)
{
	struct lt_target *t;

	if (!info->attrs[LEAKTRACE_A_TARGET_ID]) {
		NL_SET_ERR_MSG(info->extack, "TARGET_ID is missing");
		return ERR_PTR(-EINVAL);
	}
	t = lt_target_by_id(get_u32(info->attrs, LEAKTRACE_A_TARGET_ID, 0));
	if (!t) {
		NL_SET_ERR_MSG(info->extack, "no such target");
		return ERR_PTR(-ENOENT);
	}
	return t;
}

/* A reply of one message, filled by @fill. */
static int reply(struct genl_info *info, u8 cmd, int (*fill)(struct sk_buff *, void *),
		 void *arg)
{
	struct sk_buff *skb = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
	void *head;

	if (!skb)
		return -ENOMEM;
	head = genlmsg_put_reply(skb, info, &lt_family, 0, cmd);
	if (!head || fill(skb, arg)) {
		nlmsg_free(skb);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, head);
	return genlmsg_reply(skb, info);
}

static int fill_target(struct sk_buff *skb, void *target)
{
	return lt_fill_target(skb, target);
}

static int fill_status(struct sk_buff *skb, void *unused)
{
	return lt_fill_status(skb);
}

static struct task_struct *task_of_pid(u32 nr, struct netlink_ext_ack *extack)
{
	struct task_struct *task;
	struct pid *pid = find_get_pid(nr);

	task = pid ? get_pid_task(pid, PIDTYPE_PID) : NULL;
	put_pid(pid);
	if (!task) {
		NL_SET_ERR_MSG(extack, "no such process");
		return ERR_PTR(-ESRCH);
	}
	if ((task->flags & (PF_KTHREAD | PF_EXITING)) || !task->mm) {
		NL_SET_ERR_MSG(extack, "a kernel thread, or exiting");
		put_task_struct(task);
		return ERR_PTR(-ESRCH);
	}
	return task;
}

struct add_args {
	struct task_struct *task;
	struct lt_maps *maps;	/* until lt_target_add() has them */
	struct lt_target *parent;
	u32 kinds;
	u32 flags;
	u32 max_objects;
};

static int add_run(struct genl_info *info, void *args)
{
	struct add_args *a = args;
	struct lt_target *t;
	int err;

	t = lt_target_add(a->task, a->kinds, a->flags, a->max_objects, info->snd_portid,
			  a->maps, a->parent, info->extack);
	a->maps = NULL;
	if (IS_ERR(t))
		return PTR_ERR(t);
	err = reply(info, LEAKTRACE_CMD_TARGET_ADD, fill_target, t);
	if (err)	/* A request that is told it failed leaves nothing behind. */
		lt_target_del(t);
	lt_target_put(t);
	return err;
}

static void add_release(void *args)
{
	struct add_args *a = args;

	lt_maps_put(a->maps);
	lt_target_put(a->parent);
	put_task_struct(a->task);
}

static const struct lt_command add_command = {
	.run = add_run,
	.release = add_release,
	.args_bytes = sizeof(struct add_args),
};

static int target_add(struct sk_buff *skb, struct genl_info *info)
{
	u32 parent_id = get_u32(info->attrs, LEAKTRACE_A_TARGET_PARENT, 0);
	struct add_args a = {
		.kinds = get_u32(info->attrs, LEAKTRACE_A_TARGET_KINDS, LEAKTRACE_KINDS_DEFAULT),
		.flags = get_u32(info->attrs, LEAKTRACE_A_TARGET_FLAGS, 0),
		.max_objects = get_u32(info->attrs, LEAKTRACE_A_TARGET_MAX_OBJECTS, 0),
	};

	if (lt_netlink_permit(skb, info->extack))
		return -EPERM;
	if (!info->attrs[LEAKTRACE_A_TARGET_PID]) {
		NL_SET_ERR_MSG(info->extack, "TARGET_PID is missing");
		return -EINVAL;
	}
	if (!a.kinds) {
		NL_SET_ERR_MSG(info->extack, "no kinds to follow");
		return -EINVAL;
	}
	a.task = task_of_pid(get_u32(info->attrs, LEAKTRACE_A_TARGET_PID, 0), info->extack);
	if (IS_ERR(a.task))
		return PTR_ERR(a.task);
	a.maps = lt_unwind_parse_maps(info, LEAKTRACE_A_TARGET_MAP, LEAKTRACE_A_TARGET_CHAIN);
	if (IS_ERR(a.maps)) {
		put_task_struct(a.task);
		return PTR_ERR(a.maps);
	}
	if (parent_id)
		a.parent = lt_target_by_id(parent_id);
	return lt_netlink_defer(skb, info, &add_command, &a);
}

struct del_args {
	u32 id;		/* 0: all */
};

static int del_run(struct genl_info *info, void *args)
{
	int err = lt_target_del_by_id(((struct del_args *)args)->id);

	if (err == -ENOENT)
		NL_SET_ERR_MSG(info->extack, "no such target");
	return err;
}

static const struct lt_command del_command = {
	.run = del_run,
	.args_bytes = sizeof(struct del_args),
};

static int target_del(struct sk_buff *skb, struct genl_info *info)
{
	struct del_args a = { .id = get_u32(info->attrs, LEAKTRACE_A_TARGET_ID, 0) };

	if (lt_netlink_permit(skb, info->extack))
		return -EPERM;
	return lt_netlink_defer(skb, info, &del_command, &a);
}

static int target_get(struct sk_buff *skb, struct genl_info *info)
{
	struct lt_target *t;
	int err;

	if (lt_netlink_permit(skb, info->extack))
		return -EPERM;
	t = target_of(info);
	if (IS_ERR(t))
		return PTR_ERR(t);
	err = reply(info, LEAKTRACE_CMD_TARGET_GET, fill_target, t);
	lt_target_put(t);
	return err;
}

struct reconcile_args {
	struct lt_target *t;
};

static int reconcile_run(struct genl_info *info, void *args)
{
	struct lt_target *t = ((struct reconcile_args *)args)->t;

	return lt_reconcile(t) ?: reply(info, LEAKTRACE_CMD_RECONCILE, fill_target, t);
}

static void reconcile_release(void *args)
{
	lt_target_put(((struct reconcile_args *)args)->t);
}

static const struct lt_command reconcile_command = {
	.run = reconcile_run,
	.release = reconcile_release,
	.args_bytes = sizeof(struct reconcile_args),
};

static int reconcile(struct sk_buff *skb, struct genl_info *info)
{
	struct reconcile_args a;

	if (lt_netlink_permit(skb, info->extack))
		return -EPERM;
	a.t = target_of(info);
	return IS_ERR(a.t) ? PTR_ERR(a.t) : lt_netlink_defer(skb, info, &reconcile_command, &a);
}

static int status_get(struct sk_buff *skb, struct genl_info *info)
{
	if (lt_netlink_permit(skb, info->extack))
		return -EPERM;
	return reply(info, LEAKTRACE_CMD_STATUS_GET, fill_status, NULL);
}

#define LT_OP_TARGET .policy = target_policy, .maxattr = LEAKTRACE_A_TARGET_MAX

static const struct genl_ops ops[] = {
	{ .cmd = LEAKTRACE_CMD_TARGET_ADD, .doit = target_add,
	  .policy = target_add_policy, .maxattr = LEAKTRACE_A_TARGET_MAX },
	{ .cmd = LEAKTRACE_CMD_TARGET_DEL, .doit = target_del, LT_OP_TARGET },
	{ .cmd = LEAKTRACE_CMD_TARGET_GET, .doit = target_get, .dumpit = lt_target_dump,
	  LT_OP_TARGET },
	{ .cmd = LEAKTRACE_CMD_STATUS_GET, .doit = status_get, LT_OP_TARGET },
	{ .cmd = LEAKTRACE_CMD_PROBE_GET, .dumpit = lt_probe_dump, LT_OP_TARGET },
	{ .cmd = LEAKTRACE_CMD_SITE_GET, .dumpit = lt_site_dump, LT_OP_TARGET },
	{ .cmd = LEAKTRACE_CMD_OBJECT_GET, .dumpit = lt_object_dump, .done = lt_object_dump_done,
	  .policy = object_policy, .maxattr = LEAKTRACE_A_TARGET_MAX },
	{ .cmd = LEAKTRACE_CMD_STACK_GET, .start = lt_stack_dump_start, .dumpit = lt_stack_dump,
	  LT_OP_TARGET },
	{ .cmd = LEAKTRACE_CMD_RECONCILE, .doit = reconcile, LT_OP_TARGET },
	{ .cmd = LEAKTRACE_CMD_UNWIND_ADD, .doit = lt_unwind_add,
	  .policy = unwind_add_policy, .maxattr = LEAKTRACE_A_UNWIND_MAX },
	{ .cmd = LEAKTRACE_CMD_UNWIND_GET, .doit = lt_unwind_get,
	  .policy = unwind_get_policy, .maxattr = LEAKTRACE_A_UNWIND_MAX },
	{ .cmd = LEAKTRACE_CMD_MAPS_SET, .doit = lt_unwind_maps_set,
	  .policy = maps_set_policy, .maxattr = LEAKTRACE_A_UNWIND_MAX },
	{ .cmd = LEAKTRACE_CMD_GATE_OPEN, .doit = lt_gate_open_doit,
	  .policy = gate_open_policy, .maxattr = LEAKTRACE_A_GATE_MAX },
	{ .cmd = LEAKTRACE_CMD_GATE_CLOSE, .doit = lt_gate_close_doit,
	  .policy = gate_policy, .maxattr = LEAKTRACE_A_GATE_MAX },
	{ .cmd = LEAKTRACE_CMD_GATE_GET, .dumpit = lt_gate_dump,
	  .policy = gate_policy, .maxattr = LEAKTRACE_A_GATE_MAX },
	{ .cmd = LEAKTRACE_CMD_PAIR_OPEN, .doit = lt_pair_open_doit,
	  .policy = pair_policy, .maxattr = LEAKTRACE_A_PAIR_MAX },
};

struct genl_family lt_family __ro_after_init = {
	.name = LEAKTRACE_FAMILY_NAME,
	.version = LEAKTRACE_FAMILY_VERSION,
	.module = THIS_MODULE,
	.parallel_ops = true,
	.ops = ops,
	.n_ops = ARRAY_SIZE(ops),
	.mcgrps = mcgrps,
	.n_mcgrps = ARRAY_SIZE(mcgrps),
#ifdef LT_HAVE_RESV_START_OP
	/* v6.1, 9c5d03d36251: strict checks of the header for every command */
	.resv_start_op = LEAKTRACE_CMD_TARGET_ADD,
#endif
};

/**
 * lt_netlink_send_batch() - send events of one CPU
 * @group: to whom
 * @cpu: its number
 * @seq: sequence number of the first
 * @lost: events that found the CPU's ring full, since load
 * @e: events
 * @n: how many, at most 32
 *
 * Context: may sleep.
 * Return: 0 or negative errno: no memory, or a receiver's buffer is full.
 */
int lt_netlink_send_batch(enum lt_group group, u32 cpu, u64 seq, u64 lost,
			  const struct lt_event *e, unsigned int n)
{
	struct sk_buff *skb = genlmsg_new(128 + n * 112, GFP_KERNEL);
	unsigned int i;
	void *head;
	int err;

	if (!skb)
		return -ENOMEM;
	head = genlmsg_put(skb, 0, 0, &lt_family, 0, LEAKTRACE_CMD_EVENT);
	err = head ? 0 : -EMSGSIZE;
	if (err || nla_put_u32(skb, LEAKTRACE_A_BATCH_CPU, cpu) ||
	    nla_put_u64_64bit(skb, LEAKTRACE_A_BATCH_SEQ, seq, LEAKTRACE_A_BATCH_PAD) ||
	    nla_put_u64_64bit(skb, LEAKTRACE_A_BATCH_LOST, lost, LEAKTRACE_A_BATCH_PAD))
		goto toobig;
	for (i = 0; i < n; i++)
		if (lt_fill_event(skb, &e[i]))
			goto toobig;
	genlmsg_end(skb, head);
	err = genlmsg_multicast(&lt_family, skb, 0, group, GFP_KERNEL);
	note_reach(group, err);
	return err == -ESRCH ? 0 : err;	/* no listener is left */

toobig:
	WARN_ON_ONCE(1);
	nlmsg_free(skb);
	return -EMSGSIZE;
}

struct closed {
	struct callback_head head;
	u32 portid;
};

static void closed_fn(struct callback_head *head)
{
	struct closed *c = container_of(head, struct closed, head);

	lt_target_del_by_port(c->portid);
	kfree(c);
	module_put(THIS_MODULE);
}

/*
 * Not here: the chain of notifiers is locked, for which whoever registers another one
 * waits, and behind him all who close a netlink socket. current does it before it comes
 * back from close(), or has exited.
 */
static bool closed_defer(u32 portid)
{
	struct closed *c = lt_runs_works(current) ? kzalloc(sizeof(*c), GFP_KERNEL) : NULL;

	if (!c)
		return false;
	c->portid = portid;
	init_task_work(&c->head, closed_fn);
	if (try_module_get(THIS_MODULE)) {
		if (!lt_work_at_return(&c->head))
			return true;
		module_put(THIS_MODULE);
	}
	kfree(c);
	return false;
}

static int on_netlink(struct notifier_block *nb, unsigned long what, void *data)
{
	struct netlink_notify *n = data;

	if (what == NETLINK_URELEASE && n->protocol == NETLINK_GENERIC &&
	    net_eq(n->net, &init_net) && lt_target_is_owner(n->portid) &&
	    !closed_defer(n->portid))
		lt_target_del_by_port(n->portid);
	return NOTIFY_DONE;
}

static struct notifier_block notifier = {
	.notifier_call = on_netlink,
};

/**
 * lt_netlink_init() - register the family
 *
 * Context: may sleep.
 * Return: 0 or negative errno.
 */
int __init lt_netlink_init(void)
{
	int err;

	init_irq_work(&find_kick, find_kick_fn);
	err = netlink_register_notifier(&notifier);
	if (err)
		return err;
	err = genl_register_family(&lt_family);
	if (err)
		netlink_unregister_notifier(&notifier);
	return err;
}

/**
 * lt_netlink_exit() - unregister it
 *
 * Context: may sleep.
 */
void lt_netlink_exit(void)
{
	genl_unregister_family(&lt_family);
	netlink_unregister_notifier(&notifier);
	irq_work_sync(&find_kick);
	cancel_work_sync(&find_work);
}
