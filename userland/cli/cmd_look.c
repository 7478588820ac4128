// SPDX-License-Identifier: GPL-2.0
/*
 * leaktrace look: looks at a process from outside for a while, and tells what grows. For hosts
 * that do not let the kernel module in.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/options.h"
#include "cli/wait.h"
#include "look/look.h"
#include "netlink/client.h"
#include "report/output.h"
#include "report/report.h"
#include "util/clock.h"
#include "util/error.h"
#include "util/format.h"
#include "util/parse.h"
#include "util/terminal.h"
#include "util/units.h"

#define DURATION_S	60.0
#define EVERY_MIN_S	0.5
#define EVERY_MAX_S	60.0
#define LOOKS		60		/* for the time that is asked for */
#define BUSY		10		/* a look takes at most this part of the time */

static struct json_object *as_json(void *look)
{
	return look_json(look);
}

static void as_text(FILE *f, void *look, const struct report_style *style)
{
	look_text(f, look, style);
}

static void show_progress(const struct look *l, double duration_s)
{
	const struct kind_totals *fd = &l->model.target.kind[LEAKTRACE_KIND_FD];
	char now[32], all[32], live[32], more[40];

	fprintf(stderr, "\r\033[Klooking: %s of %s, %s descriptors (%s)", format_seconds(model_end_s(&l->model), now),
		format_seconds(duration_s, all), format_count(fd->live, live),
		format_count_change((int64_t)(fd->live - fd->baseline), more));
}

/* Until the time is over, Ctrl-C, or the end of the process. */
static void look_on(struct look *l, double duration_s, double every_s)
{
	uint64_t end_ns = monotonic_ns() + duration_s * NSEC_PER_SEC;
	bool show = terminal_is_capable(STDERR_FILENO), last = false;
	double took_s = 0, left_s;
	uint64_t began_ns;
	sigset_t set;
	int signals;

	take_signals(&signals, &set);
	while (!last) {
		if (show)
			show_progress(l, duration_s);
		left_s = ((double)end_ns - monotonic_ns()) / NSEC_PER_SEC;
		if (every_s < took_s * BUSY)
			every_s = took_s * BUSY;
		last = left_s <= every_s;
		last |= !wait_s(last ? left_s > 0 ? left_s : 0 : every_s, &signals);
		began_ns = monotonic_ns();
		if (!look_again(l, last))
			break;
		took_s = (double)(monotonic_ns() - began_ns) / NSEC_PER_SEC;
	}
	leave_signals(signals, &set);
	if (show)
		fputs("\r\033[K", stderr);
}

static double interval_s(const struct options *o, double duration_s)
{
	double every_s = duration_s / LOOKS;

	if (o->every_s > 0)
		return o->every_s;
	return every_s < EVERY_MIN_S ? EVERY_MIN_S : every_s < EVERY_MAX_S ? every_s : EVERY_MAX_S;
}

static int run(struct look *l, pid_t pid, const struct options *o)
{
	const struct document document = { as_json, as_text, l, o->json };
	double duration_s = o->session.duration_s > 0 ? o->session.duration_s : DURATION_S;
	char err[512];
	int status;

	client_is_absent(l->absent, sizeof(l->absent));
	if (look_begin(l, pid, err, sizeof(err)))
		return fail("%s", err);
	look_on(l, duration_s, interval_s(o, duration_s));
	look_judge(l, &o->session.analysis);
	status = output_document(&o->output, &document);
	if (!status)
		output_say_written(&o->output, report_leak_count(&l->model));
	return status ?: report_leaks(&l->model) ? EXIT_LEAKS : EXIT_CLEAN;
}

int cmd_look(struct options *o)
{
	struct look l = { 0 };
	int status;
	pid_t pid;

	if (o->argc != 1)
		return fail("look: expected one PID (see 'leaktrace look --help')");
	if (parse_pid(o->argv[0], &pid))
		return fail("look: invalid PID '%s'", o->argv[0]);
	if (o->output.format != FORMAT_TEXT && o->output.format != FORMAT_JSON)
		return fail("look: --format must be text or json");
	status = run(&l, pid, o);
	look_end(&l);
	return status;
}
