// SPDX-License-Identifier: GPL-2.0
/*
 * leaktrace top: all processes of the host, by what they hold and how it grows. On a terminal
 * a full screen; with --once a table, with --json one look per line.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <json-c/json.h>

#include "cli/command.h"
#include "cli/options.h"
#include "host/line.h"
#include "host/table.h"
#include "top/top.h"
#include "util/clock.h"
#include "util/error.h"
#include "util/format.h"
#include "util/json.h"
#include "util/terminal.h"
#include "util/units.h"

enum { EVERY_S = 3, ONCE_S = 1, COLUMNS_MAX = 200 };

static int say_json(const struct host_table *t, enum host_order order)
{
	struct json_object *o = host_json(t, order);
	struct timespec now;
	char when[64];

	if (!o)
		return fail("out of memory");
	clock_gettime(CLOCK_REALTIME, &now);
	format_time(now.tv_sec + now.tv_nsec / 1e9, when, sizeof(when));
	json_put(o, "time", json_string(when));
	if (!json_write_line(stdout, o) || fflush(stdout))
		return fail("cannot write: %s", strerror(errno));
	return 0;
}

static int say_text(const struct host_table *t, const struct options *o, enum host_order order)
{
	struct terminal_size size = terminal_size(STDOUT_FILENO);

	return host_text(stdout, t, o->cgroups, order, o->filter, size.columns ?: COLUMNS_MAX) ?
		fail("out of memory") : 0;
}

/* false: a signal has ended it, as it would have ended the command */
static bool wait_s(double s)
{
	struct timespec time = { .tv_sec = s, .tv_nsec = (s - (time_t)s) * NSEC_PER_SEC };

	return !nanosleep(&time, NULL);
}

/* Growth takes two looks. */
static int print(const struct options *o, enum host_order order, double every_s)
{
	uint64_t began_ns = monotonic_ns();
	struct host_table t = { 0 };
	int status = 0, err;

	do {
		err = host_table_look(&t);
		if (err)
			status = fail("top: cannot read /proc: %s", strerror(-err));
		if (t.looks > 1 && !status)
			status = o->json ? say_json(&t, order) : say_text(&t, o, order);
		if (status || (o->once && t.looks > 1))
			break;
		if (o->session.duration_s && monotonic_ns() - began_ns >= o->session.duration_s * NSEC_PER_SEC)
			break;
	} while (wait_s(o->once && !o->every_s ? ONCE_S : every_s));
	host_table_free(&t);
	return status;
}

int cmd_top(struct options *o)
{
	enum host_order order = o->sort ? host_order_parse(o->sort) : HOST_BY_LIMIT;
	struct top_options top = { .every_s = o->every_s ?: EVERY_S, .order = order, .groups = o->cgroups,
				   .filter = o->filter, .session = &o->session };

	if (o->argc)
		return fail("top: takes no PID: --filter shows some of the processes (see 'leaktrace top --help')");
	if (o->json && (o->cgroups || o->filter))
		return fail("top: --json has all processes and cgroups: without --cgroups and --filter");
	if (o->session.duration_s && !o->json)
		return fail("top: --duration: only with --json");
	if (o->once || o->json)
		return print(o, order, top.every_s);
	return top_run(&top);
}
