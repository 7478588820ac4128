// SPDX-License-Identifier: GPL-2.0
/*
 * The commands about gates: plans of the tool's that are opened, closed, and what is left of
 * them. A plan is read from its file once and then checked: the file may change.
 */
#include <linux/capability.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/slab.h>
#include <net/genetlink.h>
#include <net/netlink.h>

#include "gate.h"
#include "gate_check.h"
#include "heap.h"
#include "leaktrace.h"
#include "netlink.h"
#include "target.h"

/* In the order of enum lt_gate_count. */
static const u16 count_attrs[__LT_GATE_COUNTS] = {
	[LT_GATE_BIRTHS] = LEAKTRACE_A_GATE_BIRTHS,
	[LT_GATE_DEATHS] = LEAKTRACE_A_GATE_DEATHS,
	[LT_GATE_STRANGERS] = LEAKTRACE_A_GATE_STRANGERS,
	[LT_GATE_INNER] = LEAKTRACE_A_GATE_INNER,
	[LT_GATE_DROPPED] = LEAKTRACE_A_GATE_DROPPED,
	[LT_GATE_UNDONE] = LEAKTRACE_A_GATE_UNDONE,
	[LT_GATE_LOST_TAGS] = LEAKTRACE_A_GATE_LOST_TAGS,
	[LT_GATE_LOST_OBJECTS] = LEAKTRACE_A_GATE_LOST_OBJECTS,
	[LT_GATE_LOST_FAULTS] = LEAKTRACE_A_GATE_LOST_FAULTS,
	[LT_GATE_LOST_UNDOS] = LEAKTRACE_A_GATE_LOST_UNDOS,
	[LT_GATE_INVALID] = LEAKTRACE_A_GATE_INVALID,
	[LT_GATE_CHILDREN] = LEAKTRACE_A_GATE_CHILDREN,
	[LT_GATE_LOST_CHILDREN] = LEAKTRACE_A_GATE_LOST_CHILDREN,
};

static int fill_counts(struct sk_buff *skb, struct lt_gate *gate)
{
	int i, err = 0;

	for (i = 0; i < __LT_GATE_COUNTS && !err; i++)
		err = nla_put_u64_64bit(skb, count_attrs[i], atomic64_read(&gate->count[i]),
					LEAKTRACE_A_GATE_PAD);
	return err;
}

static int fill_gate(struct sk_buff *skb, struct lt_gate *gate)
{
	const struct leaktrace_gate_header *h = gate->plan;
	u8 state = READ_ONCE(gate->open) ? LEAKTRACE_GATE_OPEN : LEAKTRACE_GATE_CLOSED;

	if (nla_put_u32(skb, LEAKTRACE_A_GATE_TARGET, gate->target_id) ||
	    nla_put_u32(skb, LEAKTRACE_A_GATE_PID, gate->tgid) ||
	    nla_put_u8(skb, LEAKTRACE_A_GATE_STATE, state) ||
	    LT_PUT64(skb, GATE, ADDRESS, h->address) ||
	    LT_PUT64(skb, GATE, BYTES, leaktrace_gate_bytes(h)) ||
	    LT_PUT64(skb, GATE, MEAN_BYTES, h->mean_bytes) ||
	    nla_put_u32(skb, LEAKTRACE_A_GATE_ISLANDS, h->nislands))
		return -EMSGSIZE;
	return fill_counts(skb, gate);
}

static int fill_door(struct sk_buff *skb, struct lt_gate *gate, unsigned int nr)
{
	const struct lt_door *d = &gate->door[nr];
	struct nlattr *nest;

	if (nla_put_u32(skb, LEAKTRACE_A_GATE_TARGET, gate->target_id) ||
	    LT_PUT64(skb, GATE, ADDRESS, gate->plan->address))
		return -EMSGSIZE;
	nest = nla_nest_start(skb, LEAKTRACE_A_GATE_DOOR);
	if (!nest || nla_put_string(skb, LEAKTRACE_A_DOOR_NAME, d->plan->name) ||
	    LT_PUT64(skb, DOOR, ADDRESS, d->plan->address) ||
	    nla_put_u8(skb, LEAKTRACE_A_DOOR_ENTRY, d->plan->entry) ||
	    nla_put_u8(skb, LEAKTRACE_A_DOOR_TYPE, d->plan->type) ||
	    nla_put_u8(skb, LEAKTRACE_A_DOOR_STATE, READ_ONCE(d->state)) ||
	    nla_put_s32(skb, LEAKTRACE_A_DOOR_ERROR, READ_ONCE(d->error)) ||
	    LT_PUT64(skb, DOOR, TRAPS, atomic64_read(&d->traps)))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static struct leaktrace_gate_header *read_plan(struct file *file)
{
	loff_t size = i_size_read(file_inode(file)), at = 0;
	struct leaktrace_gate_header *h;
	ssize_t n;

	if (!(file->f_mode & FMODE_READ))
		return ERR_PTR(-EBADF);
	if (!S_ISREG(file_inode(file)->i_mode))
		return ERR_PTR(-EINVAL);
	if (size < (loff_t)sizeof(*h) || size > LEAKTRACE_GATE_MAX_BYTES)
		return ERR_PTR(-EFBIG);
	h = kvmalloc(size, GFP_KERNEL_ACCOUNT | __GFP_NOWARN);
	if (!h)
		return ERR_PTR(-ENOMEM);
	do {
		n = kernel_read(file, (void *)h + at, size - at, &at);
	} while (n > 0 && at < size);
	if (at == size && !leaktrace_gate_check(h, size))
		return h;
	kvfree(h);
	return ERR_PTR(at == size ? -EINVAL : -EIO);
}

struct open_args {
	struct lt_target *t;
	struct file *file;
};

static int reply_gate(struct genl_info *info, u32 target)
{
	struct lt_gate *gate = lt_gate_find(target);
	struct sk_buff *skb = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
	int err = gate ? -ENOMEM : -ENOENT;
	void *head = NULL;

	if (gate && skb)
		head = genlmsg_put_reply(skb, info, &lt_family, 0, LEAKTRACE_CMD_GATE_OPEN);
	if (head)
		err = fill_gate(skb, gate);
	lt_gate_put(gate);
	if (err) {
		nlmsg_free(skb);
		return err;
	}
	genlmsg_end(skb, head);
	return genlmsg_reply(skb, info);
}

static int open_run(struct genl_info *info, void *args)
{
	const struct open_args *a = args;
	struct leaktrace_gate_header *plan = read_plan(a->file);
	int err;

	if (IS_ERR(plan)) {
		NL_SET_ERR_MSG(info->extack, "not a valid plan of a gate");
		return PTR_ERR(plan);
	}
	err = lt_heap_open(a->t, plan, info->extack);
	if (err)
		return err;
	err = reply_gate(info, a->t->id);
	if (err)	/* A request that is told it failed leaves nothing behind. */
		lt_heap_close(a->t, info->extack);
	return err;
}

static void open_release(void *args)
{
	const struct open_args *a = args;

	fput(a->file);
	lt_target_put(a->t);
}

static const struct lt_command open_command = {
	.run = open_run,
	.release = open_release,
	.args_bytes = sizeof(struct open_args),
};

static struct lt_target *target_of(struct genl_info *info)
{
	struct nlattr *id = info->attrs[LEAKTRACE_A_GATE_TARGET];
	struct lt_target *t;

	if (!id) {
		NL_SET_ERR_MSG(info->extack, "GATE_TARGET is missing");
		return ERR_PTR(-EINVAL);
	}
	t = lt_target_by_id(nla_get_u32(id));
	if (t)
		return t;
	NL_SET_ERR_MSG(info->extack, "no such target");
	return ERR_PTR(-ENOENT);
}

/**
 * lt_gate_open_doit() - GATE_OPEN
 * @skb: request
 * @info: parsed
 *
 * It writes code into a process, as nothing else of ours does.
 *
 * Context: may sleep.
 * Return: 0 or negative errno, with a reason.
 */
int lt_gate_open_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct open_args a;

	if (lt_netlink_permit(skb, info->extack))
		return -EPERM;
	if (!netlink_capable(skb, CAP_SYS_ADMIN)) {
		NL_SET_ERR_MSG(info->extack, "needs CAP_SYS_ADMIN");
		return -EPERM;
	}
	if (!lt_gates) {
		NL_SET_ERR_MSG(info->extack, "gates are off: load the module with gates=1");
		return -EOPNOTSUPP;
	}
	if (!info->attrs[LEAKTRACE_A_GATE_FD]) {
		NL_SET_ERR_MSG(info->extack, "GATE_FD is missing");
		return -EINVAL;
	}
	a.t = target_of(info);
	if (IS_ERR(a.t))
		return PTR_ERR(a.t);
	a.file = fget(nla_get_u32(info->attrs[LEAKTRACE_A_GATE_FD]));
	if (!a.file) {
		lt_target_put(a.t);
		NL_SET_ERR_MSG(info->extack, "GATE_FD is not open");
		return -EBADF;
	}
	return lt_netlink_defer(skb, info, &open_command, &a);
}

struct close_args {
	struct lt_target *t;
};

static int close_run(struct genl_info *info, void *args)
{
	return lt_heap_close(((struct close_args *)args)->t, info->extack);
}

static void close_release(void *args)
{
	lt_target_put(((struct close_args *)args)->t);
}

static const struct lt_command close_command = {
	.run = close_run,
	.release = close_release,
	.args_bytes = sizeof(struct close_args),
};

/**
 * lt_gate_close_doit() - GATE_CLOSE
 * @skb: request
 * @info: parsed
 *
 * Context: may sleep.
 * Return: 0 or negative errno, with a reason.
 */
int lt_gate_close_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct close_args a;

	if (lt_netlink_permit(skb, info->extack))
		return -EPERM;
	a.t = target_of(info);
	return IS_ERR(a.t) ? PTR_ERR(a.t) : lt_netlink_defer(skb, info, &close_command, &a);
}

/* Where a dump goes on, in cb->args. */
enum {
	DUMP_GATE,		/* number of the last one that is complete */
	DUMP_DOOR,		/* messages of the next one that were sent */
	DUMP_TARGET,		/* target id + 1; 1: all */
};

struct gate_dump {
	struct sk_buff *skb;
	struct netlink_callback *cb;
};

static int dump_message(struct gate_dump *d, struct lt_gate *gate, unsigned int nr)
{
	void *head = genlmsg_put(d->skb, NETLINK_CB(d->cb->skb).portid, d->cb->nlh->nlmsg_seq,
				 &lt_family, NLM_F_MULTI, LEAKTRACE_CMD_GATE_GET);

	if (!head)
		return -EMSGSIZE;
	if (nr ? fill_door(d->skb, gate, nr - 1) : fill_gate(d->skb, gate)) {
		genlmsg_cancel(d->skb, head);
		return -EMSGSIZE;
	}
	genlmsg_end(d->skb, head);
	return 0;
}

static int dump_gate(struct lt_gate *gate, void *arg)
{
	struct gate_dump *d = arg;
	long *at = d->cb->args;
	int err;

	if (gate->id <= at[DUMP_GATE] ||
	    (at[DUMP_TARGET] > 1 && at[DUMP_TARGET] - 1 != gate->target_id))
		return 0;
	for (; at[DUMP_DOOR] <= gate->plan->ndoors; at[DUMP_DOOR]++) {
		err = dump_message(d, gate, at[DUMP_DOOR]);
		if (err)
			return err;
	}
	at[DUMP_GATE] = gate->id;
	at[DUMP_DOOR] = 0;
	return 0;
}

/**
 * lt_gate_dump() - answer a dump request
 * @skb: to fill
 * @cb: its state
 *
 * Context: may sleep.
 * Return: bytes filled in, 0 at the end, or negative errno.
 */
int lt_gate_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct nlattr **attrs = lt_netlink_dump_attrs(cb);
	struct gate_dump d = { .skb = skb, .cb = cb };
	int err;

	if (lt_netlink_permit(cb->skb, NULL))
		return -EPERM;
	if (!cb->args[DUMP_TARGET])
		cb->args[DUMP_TARGET] = 1 + (attrs && attrs[LEAKTRACE_A_GATE_TARGET] ?
			(long)nla_get_u32(attrs[LEAKTRACE_A_GATE_TARGET]) : 0);
	err = lt_gate_walk(dump_gate, &d);
	return err && err != -EMSGSIZE ? err : skb->len;
}
