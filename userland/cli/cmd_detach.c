// SPDX-License-Identifier: GPL-2.0
/* leaktrace detach: frees a target in the kernel with the children that are traced with it, or all. */
#include <errno.h>
#include <string.h>

#include "cli/command.h"
#include "cli/options.h"
#include "model/target.h"
#include "netlink/client.h"
#include "netlink/requests.h"
#include "session/saved_maps.h"
#include "session/target_snapshot.h"
#include "util/error.h"
#include "util/parse.h"

static int detach(struct client *c, const char *arg)
{
	struct target t;
	pid_t pid;
	int err;

	if (parse_pid(arg, &pid))
		return fail("detach: invalid PID '%s'", arg);
	err = target_find(c, pid, &t);
	if (err == -ESRCH)
		return fail("%d is not being traced", pid);
	if (err || client_target_del_family(c, t.id, saved_maps_remove))
		return fail("%s", client_error(c));
	return 0;
}

int cmd_detach(struct options *o)
{
	char err[512];
	struct client *c = client_open(err, sizeof(err));
	int status = 0;

	if (!c)
		return fail("%s", err);
	if (!o->argc) {
		if (client_target_del(c, 0))
			status = fail("%s", client_error(c));
		else
			saved_maps_remove(0);
	}
	for (int i = 0; i < o->argc && !status; i++)
		status = detach(c, o->argv[i]);
	client_close(c);
	return status;
}
