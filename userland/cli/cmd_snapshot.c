// SPDX-License-Identifier: GPL-2.0
/* leaktrace snapshot: writes the live state of a target to a file for report. */
#include <errno.h>
#include <string.h>

#include "cli/command.h"
#include "cli/options.h"
#include "model/model.h"
#include "model/target.h"
#include "netlink/client.h"
#include "report/output.h"
#include "session/target_snapshot.h"
#include "tracefile/writer.h"
#include "util/error.h"
#include "util/parse.h"

int cmd_snapshot(struct options *o)
{
	struct client *c;
	struct target t;
	struct model m;
	char err[512];
	int status = 0;
	pid_t pid;

	if (o->argc != 1)
		return fail("snapshot: expected one PID (see 'leaktrace snapshot --help')");
	if (parse_pid(o->argv[0], &pid))
		return fail("snapshot: invalid PID '%s'", o->argv[0]);
	if (output_is_stdout(&o->output))
		return fail("snapshot: no output file: give -o FILE");
	c = client_open(err, sizeof(err));
	if (!c)
		return fail("%s", err);
	model_init(&m);
	m.holders_bytes = o->session.holders_bytes;
	status = target_find(c, pid, &t);
	if (status == -ESRCH)
		status = fail("%d is not being traced: run 'leaktrace attach %d --background' first", pid, pid);
	else if (status || target_read(c, &m, t.id))
		status = fail("%s", client_error(c));
	else if (trace_write(c, &m, o->output.path, !o->no_symbols, err, sizeof(err)))
		status = fail("%s", err);
	model_free(&m);
	client_close(c);
	return status;
}
