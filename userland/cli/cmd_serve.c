// SPDX-License-Identifier: GPL-2.0
/* leaktrace serve: serves profiles and metrics over HTTP. */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/options.h"
#include "export/http_server.h"
#include "export/serve_routes.h"
#include "util/error.h"
#include "util/macros.h"

static void serve(struct http *h, int signals)
{
	struct pollfd fds[] = {
		{ .fd = http_fd(h), .events = POLLIN },
		{ .fd = signals, .events = POLLIN },
	};

	while (!fds[1].revents) {
		poll(fds, ARRAY_SIZE(fds), http_timeout_ms(h));
		http_run(h);
	}
}

int cmd_serve(struct options *o)
{
	struct served *served;
	struct http *h = NULL;
	sigset_t set;
	int status, signals;

	if (o->argc > 1)
		return fail("serve: expected at most one PID or FILE (see 'leaktrace serve --help')");
	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signals = signalfd(-1, &set, SFD_CLOEXEC);
	served = served_open(&o->session.analysis, o->argc ? o->argv[0] : NULL);
	if (!served || signals < 0)
		return fail("out of memory");
	/* fail now if the data cannot be read at all */
	status = served_refresh(served);
	if (!status)
		h = http_open(o->listen, served_answer, served);
	if (h) {
		printf("serving at %s\n", http_url(h));
		fflush(stdout);
		if (!http_is_local(h))
			fail("warning: anyone who can reach %s can read the reports", http_url(h));
		serve(h, signals);
	} else {
		status = EXIT_TROUBLE;
	}
	http_close(h);
	served_close(served);
	close(signals);
	return status;
}
