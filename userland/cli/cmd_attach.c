// SPDX-License-Identifier: GPL-2.0
/*
 * leaktrace attach: traces processes, shows findings, prints the report and
 * detaches.
 */
#include <stdio.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/options.h"
#include "report/output.h"
#include "session/live_view.h"
#include "session/saved_maps.h"
#include "session/selection.h"
#include "session/session.h"
#include "session/suppressions.h"
#include "util/error.h"
#include "util/parse.h"
#include "util/style.h"

/* Events go to stderr if stdout has a machine-readable report. */
static void choose_tail(struct session *s, const struct options *o)
{
	s->json = o->json;
	s->tail = o->json || o->output.format == FORMAT_TEXT ? stdout : stderr;
}

/* Checked before attaching to any: background targets would stay attached. */
static int check_pids(const struct options *o)
{
	pid_t pid;

	for (int i = 0; i < o->argc; i++)
		if (parse_pid(o->argv[i], &pid))
			return fail("attach: invalid PID '%s'", o->argv[i]);
	return 0;
}

/* Options that would have no effect are rejected, not ignored. */
static int check_background(const struct options *o)
{
	if (!o->session.background ||
	    (!o->session.duration_s && !o->output.path && !o->output.format_given && !o->fail_on_leak && !o->output.all))
		return 0;
	return fail("attach: --background prints no report: "
		    "it cannot be combined with --duration, --format, --output or --all");
}

static int attach_all(struct session *s, const struct options *o)
{
	for (int i = 0; i < o->argc; i++) {
		pid_t pid;

		parse_pid(o->argv[i], &pid);
		if (!session_add(s, pid))
			return EXIT_TROUBLE;
	}
	if (selection_begin(s))
		return EXIT_TROUBLE;
	/* All or none: until here they are detached when we exit. */
	for (struct traced *t = o->session.background ? s->targets : NULL; t; t = t->next) {
		saved_maps_write(&t->model);
		t->ours = false;
	}
	return 0;
}

int cmd_attach(struct options *o)
{
	struct session s = { .selection.selector = o->selector, .suppressions = o->suppressions };
	bool leaks = false;
	int status;

	if (!o->argc && !o->selector)
		return fail("attach: no PID and no --comm, --exe, --unit, --cgroup or --container given (see 'leaktrace attach --help')");
	s.output = &o->output;
	choose_tail(&s, o);
	status = check_pids(o) ?: check_background(o) ?: output_check(&o->output, o->argc > 1 || o->selector) ?:
		session_open(&s, &o->session);
	if (!status && !o->session.background) {
		live_begin(&s, !o->json && s.tail == stdout);
		status = session_listen(&s);
	}
	if (!status)
		status = attach_all(&s, o);
	if (!status && !o->session.background) {
		status = session_loop(&s);
		if (!status)
			status = session_report(&s, &o->output, &leaks);
		suppressions_report(o->suppressions);
	}
	session_close(&s);
	return status ?: leaks ? EXIT_LEAKS : EXIT_CLEAN;
}
