// SPDX-License-Identifier: GPL-2.0
/*
 * leaktrace go: reads a Go program from outside. The program is neither stopped
 * nor notified, and the kernel module is not needed. Only --arm, --disarm and
 * --verdict write to it.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/go_holders.h"
#include "cli/options.h"
#include "cli/wait.h"
#include "report/output.h"
#include "runtime/go/control.h"
#include "runtime/go/judge.h"
#include "runtime/go/process.h"
#include "runtime/go/report.h"
#include "runtime/go/snapshot.h"
#include "runtime/go/view.h"
#include "util/error.h"
#include "util/parse.h"

enum { COUNT = 6 };
static const double EVERY_S = 10;

static int take_samples(struct go_view *v, const struct options *o)
{
	unsigned int count = o->count ?: o->every_s > 0 ? COUNT : 1;
	double every_s = o->every_s > 0 ? o->every_s : EVERY_S;
	int signals, err = 0;
	sigset_t set;

	take_signals(&signals, &set);
	if (o->verdict && go_verdict(v->process, wait_s, &signals)) {
		close(signals);
		return EXIT_TROUBLE;
	}
	for (unsigned int looks = 1; !err; looks++) {
		err = go_sample(v);
		if (!err && count > 1 && (looks == 1 || looks == (count + 1) / 2))
			go_held_keep(&v->held, v->process);
		if (looks >= count || !wait_s(every_s, &signals))
			break;
	}
	if (!err)
		go_held_compare(&v->held, v->process);
	leave_signals(signals, &set);
	/* It has exited meanwhile: report the samples taken before. */
	if (err && v->snapshots > 1) {
		go_view_undo(v);
		fprintf(stderr, "leaktrace: process %d can no longer be read: reporting what was read before\n", v->process->pid);
		err = 0;
	}
	return err ? fail("cannot read the goroutines of process %d: %s", v->process->pid,
			  strerror(-err)) : 0;
}

static struct json_object *as_json(void *view)
{
	return go_json(view);
}

static void as_text(FILE *f, void *view, const struct report_style *style)
{
	go_text(f, view, style);
}

static int say(struct go_view *v, const struct options *o)
{
	const struct document document = { as_json, as_text, v, o->json };
	char err[512];

	if (o->output.format == FORMAT_PPROF)
		return go_pprof_write(v, o->output.path, err, sizeof(err)) ? fail("%s", err) : 0;
	return output_document(&o->output, &document);
}

static int run(struct go_process *p, const struct options *o)
{
	struct go_view *v;
	int status;

	if (o->arm || o->disarm)
		return go_arm(p, o->arm);
	v = calloc(1, sizeof(*v));
	if (!v)
		return fail("out of memory");
	v->process = p;
	status = take_samples(v, o);
	if (!status) {
		go_judge(v);
		status = say(v, o);
		if (!status)
			output_say_written(&o->output, go_leaks(v));
		status = status ?: go_leaks(v) ? EXIT_LEAKS : EXIT_CLEAN;
	}
	go_held_free(&v->held);
	go_view_free(v);
	free(v);
	return status;
}

int cmd_go(struct options *o)
{
	struct go_process *p;
	char err[512];
	int status, why;
	pid_t pid;

	if (o->argc != 1)
		return fail("go: expected one PID (see 'leaktrace go --help')");
	if (parse_pid(o->argv[0], &pid))
		return fail("go: invalid PID '%s'", o->argv[0]);
	if (!o->holders && o->output.format != FORMAT_TEXT && o->output.format != FORMAT_JSON &&
	    o->output.format != FORMAT_PPROF)
		return fail("go: --format must be text, json or pprof");
	if (!o->holders && o->output.format == FORMAT_PPROF && output_is_stdout(&o->output))
		return fail("go: no output directory for the profiles: give -o DIRECTORY");
	if (o->arm + o->disarm + o->verdict > 1)
		return fail("go: --arm, --disarm and --verdict are mutually exclusive");
	if (o->holders && (o->arm || o->disarm || o->verdict))
		return fail("go: --holders only reads: it excludes --arm, --disarm and --verdict");
	if (o->holders && (o->output.format == FORMAT_OPENMETRICS || o->output.format == FORMAT_PROMETHEUS))
		return fail("go: --format of --holders must be text, json, folded, html or pprof");
	p = go_open(pid, &why, err, sizeof(err));
	if (!p)
		return fail("%s", err);
	status = o->holders ? go_holders_tell(p, o, o->every_s > 0 ? wait_alone : NULL) : run(p, o);
	go_close(p);
	return status;
}
