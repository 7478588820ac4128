// SPDX-License-Identifier: GPL-2.0
/*
 * The dumps: targets, probes, sites, stacks, live objects.
 *
 * The first call of a dump comes inside sendmsg(), with generic netlink's lock held, so it
 * does not wait for a lock of ours: if that is not free, the first message says nothing
 * (NLMSG_NOOP). All others come from the client's recvmsg() without netlink's lock; there
 * he waits, until he is killed.
 */
#include <net/genetlink.h>
#include <net/netlink.h>

#include "kind.h"
#include "leaktrace.h"
#include "netlink.h"
#include "object.h"
#include "probe.h"
#include "site.h"
#include "stack.h"
#include "target.h"

/*
 * Where a dump goes on at its next call is in cb->args, all 0 at first. Those of objects
 * also use the last three, for the table whose turn it is.
 */
enum {
	DUMP_AT,		/* target id, row, site, bucket; of a kind's own table: its @at */
	DUMP_TARGET,		/* target id + 1 */
	DUMP_WITHIN,		/* stack of a site, object of a bucket */
	DUMP_FILTER,		/* kind + 1 */
	DUMP_TABLE,		/* 0: the common table, else kind + 1, whose own it is */
	DUMP_WALK,		/* lt_dump.walk */
};

/* One message of a dump, filled by @fill; -EMSGSIZE: it does not fit, @skb as before. */
static int dump_one(struct sk_buff *skb, struct netlink_callback *cb, u8 cmd,
		    int (*fill)(struct sk_buff *skb, const void *arg), const void *arg)
{
	void *head = genlmsg_put(skb, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq,
				 &lt_family, NLM_F_MULTI, cmd);

	if (!head)
		return -EMSGSIZE;
	if (fill(skb, arg)) {
		genlmsg_cancel(skb, head);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, head);
	return 0;
}

/* Instead of waiting in the first call. Return: for netlink */
static int dump_later(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct nlmsghdr *head = nlmsg_put(skb, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq,
					  NLMSG_NOOP, GENL_HDRLEN, NLM_F_MULTI);

	if (!head)
		return -EMSGSIZE;
	memset(nlmsg_data(head), 0, GENL_HDRLEN);
	return skb->len;
}

static int fill_target(struct sk_buff *skb, const void *target)
{
	return lt_fill_target(skb, target);
}

static int fill_probe(struct sk_buff *skb, const void *row)
{
	return lt_fill_probe(skb, *(const int *)row);
}

static int fill_site(struct sk_buff *skb, const void *site)
{
	return lt_fill_site(skb, site);
}

static int fill_stack(struct sk_buff *skb, const void *id)
{
	return lt_fill_stack(skb, *(const u32 *)id);
}

static int fill_object(struct sk_buff *skb, const void *object)
{
	return lt_fill_object(skb, object);
}

/**
 * lt_target_dump() - answer a dump request
 * @skb: to fill
 * @cb: its state
 *
 * Context: may sleep.
 * Return: bytes filled in, 0 at the end, or negative errno.
 */
int lt_target_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct lt_target *t;
	int err = 0;

	if (lt_netlink_permit(cb->skb, NULL))
		return -EPERM;
	while (!err && (t = lt_target_next(cb->args[DUMP_AT]))) {
		err = dump_one(skb, cb, LEAKTRACE_CMD_TARGET_GET, fill_target, t);
		if (!err)
			cb->args[DUMP_AT] = t->id;
		lt_target_put(t);
	}
	return skb->len;
}

/**
 * lt_probe_dump() - answer a dump request
 * @skb: to fill
 * @cb: its state
 *
 * Context: may sleep.
 * Return: bytes filled in, 0 at the end, or negative errno.
 */
int lt_probe_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	bool first = !cb->args[DUMP_TARGET];
	int row = cb->args[DUMP_AT], n;

	if (lt_netlink_permit(cb->skb, NULL))
		return -EPERM;
	cb->args[DUMP_TARGET] = 1;	/* no target's, but it has begun */
	if (!mutex_trylock(&lt_mutex)) {
		if (first)
			return dump_later(skb, cb);
		if (mutex_lock_killable(&lt_mutex))
			return -EINTR;
	}
	n = lt_probe_count();
	for (; row < n; row++)
		if (dump_one(skb, cb, LEAKTRACE_CMD_PROBE_GET, fill_probe, &row))
			break;
	mutex_unlock(&lt_mutex);
	cb->args[DUMP_AT] = row;
	return skb->len;
}

static int dump_start(struct netlink_callback *cb)
{
	struct nlattr **attrs = lt_netlink_dump_attrs(cb);

	if (!attrs || !attrs[LEAKTRACE_A_TARGET_ID])
		return -EINVAL;
	cb->args[DUMP_TARGET] = (long)nla_get_u32(attrs[LEAKTRACE_A_TARGET_ID]) + 1;
	cb->args[DUMP_FILTER] = attrs[LEAKTRACE_A_TARGET_OBJECT_KIND] ?
		      nla_get_u8(attrs[LEAKTRACE_A_TARGET_OBJECT_KIND]) + 1 : 0;
	return 0;
}

static int dump_lock(struct lt_target *t, bool first)
{
	if (first)
		return down_read_trylock(&t->rwsem) ? 0 : -EAGAIN;
	return down_read_killable(&t->rwsem);
}

/*
 * The target of a dump, with its rwsem held: no target ends, so all tables stay until
 * dump_end(). -EAGAIN: this is the first call, and there is a wait; see dump_none().
 */
static struct lt_target *dump_begin(struct netlink_callback *cb)
{
	bool first = !cb->args[DUMP_TARGET];
	struct lt_target *t;
	int err;

	if (lt_netlink_permit(cb->skb, NULL))
		return ERR_PTR(-EPERM);
	err = first ? dump_start(cb) : 0;
	if (err)
		return ERR_PTR(err);
	t = lt_target_by_id(cb->args[DUMP_TARGET] - 1);
	if (!t)
		return ERR_PTR(-ENOENT);
	err = dump_lock(t, first);
	if (!err && !t->dead)
		return t;
	if (!err)
		up_read(&t->rwsem);
	lt_target_put(t);
	return ERR_PTR(err ?: -ENOENT);
}

/* What a call returns that has got no target from dump_begin(). */
static int dump_none(struct sk_buff *skb, struct netlink_callback *cb,
		     const struct lt_target *t)
{
	return PTR_ERR(t) == -EAGAIN ? dump_later(skb, cb) : PTR_ERR(t);
}

static int dump_end(struct lt_target *t, struct sk_buff *skb)
{
	up_read(&t->rwsem);
	lt_target_put(t);
	return skb->len;
}

/**
 * lt_site_dump() - answer a dump request
 * @skb: to fill
 * @cb: its state
 *
 * Context: may sleep.
 * Return: bytes filled in, 0 at the end, or negative errno.
 */
int lt_site_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct lt_target *t = dump_begin(cb);
	struct lt_site site;

	if (IS_ERR(t))
		return dump_none(skb, cb, t);
	for (; cb->args[DUMP_AT] < lt_site_top(); cb->args[DUMP_AT]++) {
		if (!lt_site_copy(cb->args[DUMP_AT], &site) || site.target != t->id)
			continue;
		/* All births have moved to the site of their whole stack. */
		if (!site.born && site.stack & LT_STACK_CUT)
			continue;
		if (dump_one(skb, cb, LEAKTRACE_CMD_SITE_GET, fill_site, &site))
			break;
	}
	return dump_end(t, skb);
}

/* Stacks of a target's sites and of where their objects died. A stack that
 * two sites share is sent twice: clients know it by its id.
 */
static int dump_site_stacks(struct sk_buff *skb, struct netlink_callback *cb,
			    const struct lt_site *site)
{
	int i, err = 0;

	for (i = cb->args[DUMP_WITHIN]; !err && i <= LEAKTRACE_RELEASES_MAX; i++) {
		u32 id = i ? site->release[i - 1].stack : site->stack;

		if (id)
			err = dump_one(skb, cb, LEAKTRACE_CMD_STACK_GET, fill_stack, &id);
		if (!err)
			cb->args[DUMP_WITHIN] = i + 1;
	}
	return err;
}

/**
 * lt_stack_dump_start() - a dump of stacks begins
 * @cb: its state
 *
 * The deepest stack has to fit, also if the kernel has no large buffer just now.
 *
 * Context: may sleep.
 * Return: 0.
 */
int lt_stack_dump_start(struct netlink_callback *cb)
{
	cb->min_dump_alloc = lt_max_depth * sizeof(u64) + 512;
	return 0;
}

/**
 * lt_stack_dump() - answer a dump request
 * @skb: to fill
 * @cb: its state
 *
 * Context: may sleep.
 * Return: bytes filled in, 0 at the end, or negative errno.
 */
int lt_stack_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct lt_target *t = dump_begin(cb);
	struct lt_site site;
	int err = 0;

	if (IS_ERR(t))
		return dump_none(skb, cb, t);
	for (; cb->args[DUMP_AT] < lt_site_top(); cb->args[DUMP_AT]++) {
		if (lt_site_copy(cb->args[DUMP_AT], &site) && site.target == t->id)
			err = dump_site_stacks(skb, cb, &site);
		if (err)
			break;
		cb->args[DUMP_WITHIN] = 0;
	}
	/* What does not fit in an empty one is an error, not the end. */
	return dump_end(t, skb) ?: err;
}

/* Without a filter, or with this one. */
static bool dumps_kind(const struct netlink_callback *cb, enum leaktrace_kind kind)
{
	return !cb->args[DUMP_FILTER] || cb->args[DUMP_FILTER] - 1 == kind;
}

/* Of the common table: bucket by bucket, each under its lock. */
struct bucket_dump {
	struct sk_buff *skb;
	struct netlink_callback *cb;
	u32 *bucket;
	u32 mark_bucket;
	unsigned int mark;	/* length of skb where mark_bucket began */
	u32 first;		/* the bucket of which an earlier skb has: */
	long skip;
	long at;		/* in mark_bucket */
};

static int dump_object(const struct lt_object *o, void *arg)
{
	struct bucket_dump *d = arg;
	int err;

	if (*d->bucket != d->mark_bucket) {
		d->skip = *d->bucket == d->first ? d->skip : 0;
		d->mark_bucket = *d->bucket;
		d->mark = d->skb->len;
		d->at = 0;
	}
	if (d->at++ < d->skip)
		return 0;
	err = dump_one(d->skb, d->cb, LEAKTRACE_CMD_OBJECT_GET, fill_object, o);
	if (!err)
		return 0;
	/* The whole bucket comes again; or the rest of one that is too much for one skb. */
	if (d->mark)
		skb_trim(d->skb, d->mark);
	d->cb->args[DUMP_WITHIN] = d->mark ? 0 : d->at - 1;
	return err;
}

static int dump_common_table(struct sk_buff *skb, struct netlink_callback *cb,
			     struct lt_target *t)
{
	u32 bucket = cb->args[DUMP_AT];
	struct bucket_dump d = { .skb = skb, .cb = cb, .bucket = &bucket, .mark_bucket = ~0U,
				 .first = bucket, .skip = cb->args[DUMP_WITHIN] };
	u32 kinds = 0;
	int i, err;

	for (i = 0; i < LT_KINDS; i++)
		if (dumps_kind(cb, i) && !lt_kinds[i]->dump)
			kinds |= 1U << i;
	err = lt_object_walk(t, kinds, &bucket, dump_object, &d);
	cb->args[DUMP_AT] = bucket;
	return err;
}

static void dump_end_kind(struct netlink_callback *cb)
{
	struct lt_dump d = { .walk = (void *)cb->args[DUMP_WALK] };

	if (d.walk)
		lt_kinds[cb->args[DUMP_TABLE] - 1]->dump_end(&d);
	cb->args[DUMP_WALK] = 0;
}

static int dump_own_table(struct sk_buff *skb, struct netlink_callback *cb,
			  struct lt_target *t)
{
	enum leaktrace_kind i = cb->args[DUMP_TABLE] - 1;
	struct lt_dump d = { .skb = skb, .cb = cb, .at = cb->args[DUMP_AT],
			     .walk = (void *)cb->args[DUMP_WALK] };
	int err;

	if (!lt_kinds[i]->dump || !lt_target_wants(t, i) || !dumps_kind(cb, i))
		return 0;
	err = lt_kinds[i]->dump(t, &d);
	cb->args[DUMP_AT] = d.at;
	cb->args[DUMP_WALK] = (long)d.walk;
	return err;
}

/**
 * lt_dump_one() - put one message of a dump of objects
 * @dump: as given to lt_kind.dump()
 * @fill: fills the message's attributes; 0 or -EMSGSIZE
 * @arg: passed to @fill
 *
 * Context: as @fill.
 * Return: 0; -EMSGSIZE: the message is full, the dump goes on in the next call.
 */
int lt_dump_one(struct lt_dump *dump, int (*fill)(struct sk_buff *skb, const void *arg),
		const void *arg)
{
	return dump_one(dump->skb, dump->cb, LEAKTRACE_CMD_OBJECT_GET, fill, arg);
}

/**
 * lt_object_dump() - answer a dump request
 * @skb: to fill
 * @cb: its state
 *
 * Context: may sleep.
 * Return: bytes filled in, 0 at the end, or negative errno.
 */
int lt_object_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct lt_target *t = dump_begin(cb);
	int err = 0;

	if (IS_ERR(t))
		return dump_none(skb, cb, t);
	while (cb->args[DUMP_TABLE] <= LT_KINDS) {
		err = cb->args[DUMP_TABLE] ? dump_own_table(skb, cb, t) :
		      dump_common_table(skb, cb, t);
		if (err)
			break;
		dump_end_kind(cb);
		cb->args[DUMP_AT] = 0;
		cb->args[DUMP_TABLE]++;
	}
	/* Without memory there is no end, only a later call or an error. */
	return dump_end(t, skb) ?: err;
}

/**
 * lt_object_dump_done() - a dump has come to its end, or was given up
 * @cb: its state
 *
 * Context: may sleep (since v4.10, 707693c8a498, and v6.12, 1904fb9ebf91).
 * Return: 0.
 */
int lt_object_dump_done(struct netlink_callback *cb)
{
	dump_end_kind(cb);
	return 0;
}
