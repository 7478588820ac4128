// SPDX-License-Identifier: GPL-2.0
/*
 * Resolves a command's argument: a traced process, all of them, or a file. Each
 * target is read, judged and passed on.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "analysis/analysis.h"
#include "model/model.h"
#include "model/target.h"
#include "netlink/client.h"
#include "netlink/requests.h"
#include "session/input.h"
#include "session/selector.h"
#include "session/target_snapshot.h"
#include "util/error.h"
#include "util/parse.h"

int input_give(struct input *s, struct model *m)
{
	if (s->selector && !selector_fits(s->selector, m))
		return 0;
	analysis_run_recorded(m, s->analysis);
	s->given++;
	return s->fn(m, s->arg);
}

/* all: one of all targets, some of which may exit meanwhile */
static int from_target(struct input *s, uint32_t id, bool all)
{
	struct model m;
	int status, err;

	model_init(&m);
	m.holders_bytes = s->holders_bytes;
	err = target_read(s->client, &m, id);
	if (err) {
		status = all && (err == -ENOENT || err == -ESRCH) ? 0 :
			 fail("%s", client_error(s->client));
	} else {
		status = input_give(s, &m);
	}
	model_free(&m);
	return status;
}

static int from_all(struct input *s)
{
	struct target *targets = NULL;
	int status = 0;
	size_t n = 0;

	if (client_targets(s->client, &targets, &n))
		status = fail("%s", client_error(s->client));
	else if (!n)
		status = fail("no process is being traced: run 'leaktrace attach PID'");
	for (size_t i = 0; i < n && !status; i++)
		status = from_target(s, targets[i].id, true);
	free(targets);
	return status;
}

static int from_pid(struct input *s, pid_t pid)
{
	struct target t;
	int err = target_find(s->client, pid, &t);

	if (err == -ESRCH)
		return fail("%d is not being traced: run 'leaktrace attach %d' first", pid, pid);
	if (err)
		return fail("%s", client_error(s->client));
	return from_target(s, t.id, false);
}

/* A number is a PID; ./7 is a file. */
bool input_is_file(const char *arg)
{
	pid_t pid;

	return arg && parse_pid(arg, &pid);
}

int input_read(struct input *s, const char *arg)
{
	struct stat st;
	char err[512];
	int status;
	pid_t pid;

	if (input_is_file(arg)) {
		if (stat(arg, &st))
			return fail("cannot open %s: %s", arg, strerror(errno));
		return input_read_file(s, arg);
	}
	if (s->from)
		return fail("--between: needs a recording: give its file");
	if (!s->client)
		s->client = client_open(err, sizeof(err));
	if (!s->client)
		return fail("%s", err);
	status = arg && !parse_pid(arg, &pid) ? from_pid(s, pid) : from_all(s);
	/* the module may have been reloaded by the next time */
	if (status)
		input_close(s);
	return status;
}

void input_close(struct input *s)
{
	client_close(s->client);
	s->client = NULL;
}
