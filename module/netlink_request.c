// SPDX-License-Identifier: GPL-2.0
/*
 * Commands that take long. Netlink calls us inside its sender's sendmsg(), with generic
 * netlink's lock held for reading: whoever registers a family meanwhile waits for it, and
 * everybody who asks for any family waits behind him. So there a command is only checked;
 * it runs when the sender is on its way back from sendmsg(), with no lock of netlink's
 * held. It is still the sender who works and waits, and who can be killed while he does.
 *
 * Clients see no difference: the answer and its ACK come when all is done, and before
 * sendmsg() returns. Only requests that are sent together (in one message or by sendmmsg())
 * may run in another order.
 *
 * Until it is answered a request holds the message, the socket's file (so that the socket's
 * targets do not end before they have begun) and the module.
 */
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/module.h>
#include <linux/net.h>
#include <linux/slab.h>
#include <linux/task_work.h>
#include <net/genetlink.h>
#include <net/netlink.h>
#include <net/sock.h>

#include "netlink.h"
#include "work.h"

struct deferred {
	struct callback_head head;
	const struct lt_command *command;
	struct genl_info info;		/* without attributes, they are gone */
	struct netlink_ext_ack extack;
	struct sk_buff *skb;
	struct file *file;
	u64 args[];
};

/* All but what its arguments hold, and the module. */
static void deferred_free(struct deferred *r)
{
	consume_skb(r->skb);
	fput(r->file);
	kfree(r);
}

/* As netlink_rcv_skb() does for what needs no more than a moment. */
static void deferred_ack(struct deferred *r, int err)
{
	struct nlmsghdr *head = (struct nlmsghdr *)r->info.nlhdr;

	if (head->nlmsg_flags & NLM_F_ACK || err)
		netlink_ack(r->skb, head, err, &r->extack);
}

static void deferred_fn(struct callback_head *head)
{
	struct deferred *r = container_of(head, struct deferred, head);

	/* Nobody is left to read what would be answered. */
	if (!(current->flags & PF_EXITING))
		deferred_ack(r, r->command->run(&r->info, r->args));
	if (r->command->release)
		r->command->release(r->args);
	deferred_free(r);
	module_put(THIS_MODULE);
}

/* Of a socket that user space has opened: its file, which the sender is using. */
static struct file *file_of(struct sk_buff *skb)
{
	struct socket *sock = NETLINK_CB(skb).sk ? NETLINK_CB(skb).sk->sk_socket : NULL;

	return sock ? sock->file : NULL;
}

static struct deferred *deferred_new(struct sk_buff *skb, struct genl_info *info,
				     const struct lt_command *command, const void *args)
{
	struct deferred *r = kzalloc(sizeof(*r) + command->args_bytes, GFP_KERNEL);

	if (!r)
		return NULL;
	r->command = command;
	r->info = *info;
	r->info.attrs = NULL;
	r->info.extack = &r->extack;
	r->skb = skb_get(skb);
	r->file = get_file(file_of(skb));
	memcpy(r->args, args, command->args_bytes);
	init_task_work(&r->head, deferred_fn);
	return r;
}

static int deferred_queue(struct sk_buff *skb, struct genl_info *info,
			  const struct lt_command *command, const void *args)
{
	struct deferred *r;

	/* A worker that never returns would never answer. */
	if (!lt_has_user_stack(current) || !file_of(skb)) {
		NL_SET_ERR_MSG(info->extack, "not sent by a thread that returns to user space");
		return -EOPNOTSUPP;
	}
	r = deferred_new(skb, info, command, args);
	if (!r)
		return -ENOMEM;
	if (!lt_work_at_return(&r->head))
		return 0;
	/* It exits. */
	deferred_free(r);
	return -ESRCH;
}

/**
 * lt_netlink_defer() - have a command run on the sender's way back to user space
 * @skb: request
 * @info: parsed
 * @command: what to run
 * @args: copied for it; what they hold is its own from now on, whatever we return
 *
 * Netlink holds no reference to the module. If unloading has begun nothing is queued.
 *
 * Context: a doit.
 * Return: for netlink: negative errno, with a reason. -EINTR: nothing is to be acknowledged
 *	now, as netlink_dump_start() says it.
 */
int lt_netlink_defer(struct sk_buff *skb, struct genl_info *info,
		     const struct lt_command *command, void *args)
{
	int err = -ESHUTDOWN;

	if (try_module_get(THIS_MODULE)) {	/* until it has run */
		err = deferred_queue(skb, info, command, args);
		if (err)
			module_put(THIS_MODULE);
	}
	if (err && command->release)
		command->release(args);
	return err ?: -EINTR;
}
