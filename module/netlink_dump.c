// SPDX-License-Identifier: GPL-2.0
/* The dumps: targets, probes, sites, stacks, live objects. */
#include <net/genetlink.h>
#include <net/netlink.h>

#include "leaktrace.h"

/*
 * Dumps. Their place between two calls is in cb->args: [0] where to go on,
 * [1] target id + 1, [2] a second place, [3] kind filter + 1, [4] the walk over timers,
 * [5] within a bucket of objects.
 */
static void *dump_put(struct sk_buff *skb, struct netlink_callback *cb, u8 cmd)
{
	return genlmsg_put(skb, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq, &lt_family,
			   NLM_F_MULTI, cmd);
}

/* One message of a dump; -EMSGSIZE: no room, @skb as before. */
#define dump_one(skb, cb, cmd, fill) ({						\
	struct sk_buff *_skb = (skb);						\
	void *_head = dump_put(_skb, cb, cmd);					\
	int _err = _head ? (fill) : -EMSGSIZE;					\
										\
	if (_head && _err)							\
		genlmsg_cancel(_skb, _head);					\
	else if (_head)								\
		genlmsg_end(_skb, _head);					\
	_err; })

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

	if (!lt_netlink_permitted(cb->skb))
		return -EPERM;
	mutex_lock(&lt_mutex);
	list_for_each_entry(t, &lt_targets, node) {
		if (t->id <= cb->args[0])
			continue;
		if (dump_one(skb, cb, LEAKTRACE_CMD_TARGET_GET, lt_fill_target(skb, t)))
			break;
		cb->args[0] = t->id;
	}
	mutex_unlock(&lt_mutex);
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
	int n;

	if (!lt_netlink_permitted(cb->skb))
		return -EPERM;
	mutex_lock(&lt_mutex);
	n = lt_probe_count();
	for (; cb->args[0] < n; cb->args[0]++)
		if (dump_one(skb, cb, LEAKTRACE_CMD_PROBE_GET, lt_fill_probe(skb, cb->args[0])))
			break;
	mutex_unlock(&lt_mutex);
	return skb->len;
}

static int dump_start(struct netlink_callback *cb)
{
	struct nlattr **attrs = genl_dumpit_info(cb)->
#ifdef LT_HAVE_INFO_IN_DUMPIT
		info.attrs;	/* v6.6, 7288dd2fd488 */
#else
		attrs;
#endif

	if (!attrs || !attrs[LEAKTRACE_A_TARGET_ID])
		return -EINVAL;
	cb->args[1] = (long)nla_get_u32(attrs[LEAKTRACE_A_TARGET_ID]) + 1;
	cb->args[3] = attrs[LEAKTRACE_A_TARGET_OBJECT_KIND] ?
		      nla_get_u8(attrs[LEAKTRACE_A_TARGET_OBJECT_KIND]) + 1 : 0;
	return 0;
}

/*
 * The target of a dump. Its gate keeps it, and with it everybody's tables, until
 * dump_end(): they go with the last target.
 */
static struct lt_target *dump_begin(struct netlink_callback *cb)
{
	struct lt_target *t;
	int err;

	if (!lt_netlink_permitted(cb->skb))
		return ERR_PTR(-EPERM);
	err = cb->args[1] ? 0 : dump_start(cb);
	if (err)
		return ERR_PTR(err);
	t = lt_target_by_id(cb->args[1] - 1);
	if (!t)
		return ERR_PTR(-ENOENT);
	down_read(&t->gate);
	if (!t->dead)
		return t;
	up_read(&t->gate);
	lt_target_put(t);
	return ERR_PTR(-ENOENT);
}

static int dump_end(struct lt_target *t, struct sk_buff *skb)
{
	up_read(&t->gate);
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
		return PTR_ERR(t);
	for (; cb->args[0] < lt_site_top(); cb->args[0]++) {
		if (!lt_site_copy(cb->args[0], &site) || site.target != t->id)
			continue;
		/* All who were born here have moved to where their whole stack is. */
		if (!site.born && site.stack & LT_STACK_CUT)
			continue;
		if (dump_one(skb, cb, LEAKTRACE_CMD_SITE_GET, lt_fill_site(skb, &site)))
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

	for (i = cb->args[2]; !err && i <= LEAKTRACE_RELEASES_MAX; i++) {
		u32 id = i ? site->release[i - 1].stack : site->stack;

		if (id)
			err = dump_one(skb, cb, LEAKTRACE_CMD_STACK_GET, lt_fill_stack(skb, id));
		if (!err)
			cb->args[2] = i + 1;
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
		return PTR_ERR(t);
	for (; cb->args[0] < lt_site_top(); cb->args[0]++) {
		if (lt_site_copy(cb->args[0], &site) && site.target == t->id)
			err = dump_site_stacks(skb, cb, &site);
		if (err)
			break;
		cb->args[2] = 0;
	}
	/* What does not fit in an empty one is an error, not the end. */
	return dump_end(t, skb) ?: err;
}

struct object_dump {
	struct sk_buff *skb;
	struct netlink_callback *cb;
	u32 *bucket;
	u32 mark_bucket;
	unsigned int mark;	/* length of skb where mark_bucket began */
	u32 first;		/* bucket of which an earlier skb has: */
	long skip;
	long at;		/* in mark_bucket */
};

static int dump_object(const struct lt_object *o, void *arg)
{
	struct object_dump *d = arg;
	int err;

	if (*d->bucket != d->mark_bucket) {
		d->skip = *d->bucket == d->first ? d->skip : 0;
		d->mark_bucket = *d->bucket;
		d->mark = d->skb->len;
		d->at = 0;
	}
	if (d->at++ < d->skip)
		return 0;
	if (o->kind == LEAKTRACE_KIND_TIMER ||
	    (d->cb->args[3] && o->kind != d->cb->args[3] - 1))
		return 0;
	err = dump_one(d->skb, d->cb, LEAKTRACE_CMD_OBJECT_GET,
		       lt_fill_object(d->skb, o));
	if (!err)
		return 0;
	/* The whole bucket comes again; or the rest of one that is too much for one skb. */
	if (d->mark)
		skb_trim(d->skb, d->mark);
	d->cb->args[5] = d->mark ? 0 : d->at - 1;
	return err;
}

static int dump_runs(struct sk_buff *skb, struct netlink_callback *cb, struct lt_target *t)
{
	struct lt_mm *m = lt_mm_get(t);
	struct lt_page_run run;
	int err = 0;

	while (m && !err && lt_page_next_run(m, cb->args[2], &run)) {
		err = dump_one(skb, cb, LEAKTRACE_CMD_OBJECT_GET, lt_fill_run(skb, &run));
		if (!err)
			cb->args[2] = run.page + run.n;
		cond_resched();
	}
	lt_mm_put(m);
	return err;
}

static int dump_timer(const struct lt_object *o, const struct lt_timer_info *info, void *arg)
{
	struct object_dump *d = arg;

	return dump_one(d->skb, d->cb, LEAKTRACE_CMD_OBJECT_GET,
			lt_fill_timer(d->skb, o, info));
}

/* Without a filter, or with this one. */
static bool wanted(const struct netlink_callback *cb, enum leaktrace_kind kind)
{
	return !cb->args[3] || cb->args[3] - 1 == kind;
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
	u32 bucket = cb->args[0];
	struct lt_timer_walk *timers = (void *)cb->args[4];
	struct object_dump d = { .skb = skb, .cb = cb, .bucket = &bucket,
				 .mark_bucket = ~0U, .first = bucket,
				 .skip = cb->args[5] };
	int err = 0;

	if (IS_ERR(t))
		return PTR_ERR(t);
	if (!cb->args[3] || !wanted(cb, LEAKTRACE_KIND_PAGE))
		err = lt_object_walk(t->id, &bucket, dump_object, &d);
	cb->args[0] = bucket;
	if (!err && wanted(cb, LEAKTRACE_KIND_TIMER))
		err = lt_timer_walk_on(t, &timers, dump_timer, &d);
	cb->args[4] = (long)timers;
	if (!err && wanted(cb, LEAKTRACE_KIND_PAGE))
		err = dump_runs(skb, cb, t);
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
	lt_timer_walk_end((void *)cb->args[4]);
	return 0;
}
