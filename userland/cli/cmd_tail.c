// SPDX-License-Identifier: GPL-2.0
/*
 * leaktrace tail: follows what other commands trace. Nothing is attached or
 * detached.
 */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/options.h"
#include "model/target.h"
#include "netlink/client.h"
#include "session/live_view.h"
#include "session/session.h"
#include "session/target_snapshot.h"
#include "util/error.h"
#include "util/parse.h"

static int adopt_targets(struct session *s, const struct options *o)
{
	struct target found;
	struct traced *t;
	pid_t pid;
	int err;

	s->follow_all = !o->argc;
	for (int i = 0; i < o->argc; i++) {
		if (parse_pid(o->argv[i], &pid))
			return fail("tail: invalid PID '%s'", o->argv[i]);
		err = target_find(s->client, pid, &found);
		if (err == -ESRCH)
			return fail("%d is not being traced: run 'leaktrace attach %d'", pid, pid);
		if (err)
			return fail("%s", client_error(s->client));
		t = session_adopt(s, found.id);
		if (!t)
			return fail("%d is no longer traced", pid);
		t->root = true;
	}
	return 0;
}

int cmd_tail(struct options *o)
{
	struct session s = { .tail = stdout, .json = o->json, .watches = true };
	int status;

	if (o->argc > 1)
		return fail("tail: expected one PID, or none for all (see 'leaktrace tail --help')");
	status = session_open(&s, &o->session);
	if (!status)
		live_begin(&s, !o->json);
	if (!status)
		status = session_listen(&s);
	if (!status)
		status = adopt_targets(&s, o);
	if (!status)
		status = session_loop(&s);
	session_close(&s);
	return status;
}
