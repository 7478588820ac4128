// SPDX-License-Identifier: GPL-2.0
/*
 * The requests to the kernel. A dump that is marked as interrupted is repeated
 * up to five times; the last is then used, and the model is marked accordingly.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include <netlink/attr.h>
#include <netlink/msg.h>

#include <linux/leaktrace_unwind.h>

#include "model/decode.h"
#include "model/model.h"
#include "model/status.h"
#include "model/target.h"
#include "netlink/client.h"
#include "netlink/code_maps.h"
#include "netlink/requests.h"
#include "util/array.h"
#include "util/macros.h"

enum { DUMP_TRIES = 5 };

static int take_id(int cmd, struct nlattr *attrs, int len, void *arg)
{
	struct target t;

	(void)cmd;
	if (decode_target(attrs, len, &t))
		return -EPROTO;
	*(uint32_t *)arg = t.id;
	return 0;
}

int client_target_add(struct client *c, pid_t pid, uint32_t kinds, uint32_t flags,
		      uint32_t max_objects, uint32_t parent, const struct code_map *code, uint32_t *id)
{
	struct nl_msg *msg = client_request(c, LEAKTRACE_CMD_TARGET_ADD, NLM_F_ACK, 0);
	char what[64];

	snprintf(what, sizeof(what), "cannot attach to %d", pid);
	if (msg && (nla_put_u32(msg, LEAKTRACE_A_TARGET_PID, pid) ||
		    nla_put_u32(msg, LEAKTRACE_A_TARGET_KINDS, kinds) ||
		    (flags && nla_put_u32(msg, LEAKTRACE_A_TARGET_FLAGS, flags)) ||
		    (max_objects && nla_put_u32(msg, LEAKTRACE_A_TARGET_MAX_OBJECTS, max_objects)) ||
		    (parent && nla_put_u32(msg, LEAKTRACE_A_TARGET_PARENT, parent)) ||
		    code_map_put(code, msg, LEAKTRACE_A_TARGET_MAP, LEAKTRACE_A_TARGET_CHAIN))) {
		nlmsg_free(msg);
		msg = NULL;
	}
	*id = 0;
	return client_run(c, msg, what, take_id, id);
}

int client_target_del(struct client *c, uint32_t id)
{
	return client_run(c, client_request(c, LEAKTRACE_CMD_TARGET_DEL, NLM_F_ACK, id), "cannot detach", NULL, NULL);
}

/*
 * The parent goes first, so that it has no more children; those of its children come to light
 * with the next list.
 */
int client_target_del_family(struct client *c, uint32_t id, void (*gone)(uint32_t id))
{
	struct array_of_ids { uint32_t *id; size_t n, room; } dead = { 0 };
	struct target *targets;
	size_t n = 0, found = 1;
	int err = client_target_del(c, id);

	if (err || !array_reserve(dead.id, dead.room, dead.n, 1))
		return err ?: -ENOMEM;
	dead.id[dead.n++] = id;
	gone(id);
	while (found && !client_targets(c, &targets, &n)) {
		found = 0;
		for (size_t i = 0; i < n; i++) {
			size_t k = 0;

			while (k < dead.n && dead.id[k] != targets[i].parent)
				k++;
			if (k == dead.n || client_target_del(c, targets[i].id) ||
			    !array_reserve(dead.id, dead.room, dead.n, 1))
				continue;
			dead.id[dead.n++] = targets[i].id;
			gone(targets[i].id);
			found++;
		}
		free(targets);
	}
	free(dead.id);
	return 0;
}

static int take_record(int cmd, struct nlattr *attrs, int len, void *arg)
{
	return model_record(arg, cmd, attrs, len);
}

int client_target_get(struct client *c, uint32_t id, struct model *m)
{
	return client_run(c, client_request(c, LEAKTRACE_CMD_TARGET_GET, NLM_F_ACK, id), "cannot read a target",
			  take_record, m);
}

int client_reconcile(struct client *c, uint32_t id, struct model *m)
{
	return client_run(c, client_request(c, LEAKTRACE_CMD_RECONCILE, NLM_F_ACK, id), "cannot reconcile",
			  take_record, m);
}

struct list {
	void *items;
	size_t n, size;
};

static int take_item(int cmd, struct nlattr *attrs, int len, void *arg)
{
	struct list *l = arg;
	void *more = reallocarray(l->items, l->n + 1, l->size);
	int err;

	if (!more)
		return -ENOMEM;
	l->items = more;
	more = (char *)l->items + l->n * l->size;
	err = cmd == LEAKTRACE_CMD_PROBE_GET ? decode_probe(attrs, len, more) :
		decode_target(attrs, len, more);
	l->n += !err;
	return err;
}

static int dump_list(struct client *c, int cmd, const char *what, size_t size, void **items, size_t *n)
{
	struct list l = { .size = size };
	int err = -EAGAIN;

	for (int i = 0; i < DUMP_TRIES && err == -EAGAIN; i++) {
		l.n = 0;
		err = client_run(c, client_request(c, cmd, NLM_F_DUMP, 0), what, take_item, &l);
	}
	if (err == -EAGAIN)
		err = 0;
	*items = l.items;
	*n = l.n;
	return err;
}

int client_targets(struct client *c, struct target **targets, size_t *n)
{
	return dump_list(c, LEAKTRACE_CMD_TARGET_GET, "cannot list targets", sizeof(**targets),
			 (void **)targets, n);
}

int client_probes(struct client *c, struct probe **probes, size_t *n)
{
	return dump_list(c, LEAKTRACE_CMD_PROBE_GET, "cannot list probes", sizeof(**probes),
			 (void **)probes, n);
}

static int take_status(int cmd, struct nlattr *attrs, int len, void *arg)
{
	(void)cmd;
	return decode_status(attrs, len, arg);
}

int client_status(struct client *c, struct status *s)
{
	return client_run(c, client_request(c, LEAKTRACE_CMD_STATUS_GET, NLM_F_ACK, 0), "cannot read the status",
			  take_status, s);
}

/* Replaces one part of the model by a new dump. */
int client_dump(struct client *c, int cmd, struct model *m, int kind)
{
	int err = -EAGAIN;

	for (int i = 0; i < DUMP_TRIES && err == -EAGAIN; i++) {
		struct nl_msg *msg = client_request(c, cmd, NLM_F_DUMP, m->target.id);

		if (msg && kind >= 0)
			nla_put_u8(msg, LEAKTRACE_A_TARGET_OBJECT_KIND, kind);
		model_drop(m, cmd);
		err = client_run(c, msg, "cannot read the kernel's tables", take_record, m);
	}
	m->dump_interrupted |= err == -EAGAIN;
	return err == -EAGAIN ? 0 : err;
}

/* Reconciles the target with the kernel's own state, then reads everything about it. */
int client_fill(struct client *c, struct model *m)
{
	static const int dumps[] = {
		LEAKTRACE_CMD_SITE_GET, LEAKTRACE_CMD_STACK_GET, LEAKTRACE_CMD_OBJECT_GET,
	};
	uint32_t id = m->target.id;
	int err;

	m->dump_interrupted = false;
	err = client_reconcile(c, id, m);
	/* an exited target cannot be reconciled */
	if (err && client_target_get(c, id, m))
		return err;
	for (size_t i = 0; i < ARRAY_SIZE(dumps); i++) {
		err = client_dump(c, dumps[i], m, -1);
		if (err)
			return err;
	}
	err = client_status(c, &m->status);
	model_settle(m);
	return err;
}

/* Passes the raw messages on, for a trace file. The caller handles -EAGAIN. */
int client_raw(struct client *c, int cmd, uint32_t target,
	       int (*fn)(int cmd, struct nlattr *attrs, int len, void *arg), void *arg)
{
	bool dump = cmd != LEAKTRACE_CMD_TARGET_GET && cmd != LEAKTRACE_CMD_STATUS_GET &&
		cmd != LEAKTRACE_CMD_RECONCILE;

	return client_run(c, client_request(c, cmd, dump ? NLM_F_DUMP : NLM_F_ACK, target),
			  "cannot read the kernel's tables", fn, arg);
}

/*
 * Unwind tables and mappings. Callers ignore errors: a stack without a table
 * ends early, with a status.
 */

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

	return send_or_free(c, msg, fits, "cannot look up an unwind table", id);
}

int client_unwind_add(struct client *c, int fd, uint32_t *id)
{
	struct nl_msg *msg = client_request(c, LEAKTRACE_CMD_UNWIND_ADD, NLM_F_ACK, 0);
	bool fits = msg && !nla_put_u32(msg, LEAKTRACE_A_UNWIND_FD, fd);

	return send_or_free(c, msg, fits, "cannot load an unwind table", id);
}

int client_maps_set(struct client *c, uint32_t target, uint32_t generation,
		    const struct code_map *code)
{
	struct nl_msg *msg = client_request(c, LEAKTRACE_CMD_MAPS_SET, NLM_F_ACK, 0);
	bool fits = msg && !nla_put_u32(msg, LEAKTRACE_A_UNWIND_TARGET, target) &&
		!nla_put_u32(msg, LEAKTRACE_A_UNWIND_GENERATION, generation) &&
		!code_map_put(code, msg, LEAKTRACE_A_UNWIND_MAP, LEAKTRACE_A_UNWIND_CHAIN);

	return send_or_free(c, msg, fits, "cannot set the code map of a target", NULL);
}
