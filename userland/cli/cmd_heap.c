// SPDX-License-Identifier: GPL-2.0
/*
 * leaktrace heap: reads the heap of a process from outside. The process is neither
 * stopped nor changed, and the kernel module is not needed.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/options.h"
#include "heap/process.h"
#include "heap/report.h"
#include "heap/snapshot.h"
#include "report/output.h"
#include "util/error.h"
#include "util/parse.h"
#include "util/terminal.h"

static struct json_object *as_json(void *snapshot)
{
	return heap_json(snapshot);
}

static void as_text(FILE *f, void *snapshot, const struct report_style *style)
{
	heap_text(f, snapshot, style);
}

static void show_progress(unsigned int scan, unsigned int percent)
{
	fprintf(stderr, "\rscan %u: %u %%", scan, percent);
}

static int run(struct heap_snapshot *s, const struct options *o)
{
	const struct document document = { as_json, as_text, s, o->json };
	bool show = terminal_is_capable(STDERR_FILENO);
	char err[512];
	int status;

	if (heap_snapshot_read(s, err, sizeof(err)))
		return fail("%s", err);
	status = heap_lost_find(s, &s->lost, show ? show_progress : NULL, err, sizeof(err));
	if (show)
		fputs("\r\033[K", stderr);
	if (status)
		return fail("%s", err);
	if (heap_snapshot_sum(s))
		return fail("out of memory");
	status = output_document(&o->output, &document);
	if (!status)
		output_say_written(&o->output, s->lost.groups);
	return status ?: s->lost.blocks ? EXIT_LEAKS : EXIT_CLEAN;
}

int cmd_heap(struct options *o)
{
	struct heap_snapshot s = { 0 };
	struct heap_process *p;
	char err[512];
	int status;
	pid_t pid;

	if (o->argc != 1)
		return fail("heap: expected one PID (see 'leaktrace heap --help')");
	if (parse_pid(o->argv[0], &pid))
		return fail("heap: invalid PID '%s'", o->argv[0]);
	if (o->output.format != FORMAT_TEXT && o->output.format != FORMAT_JSON)
		return fail("heap: --format must be text or json");
	p = heap_process_open(pid, err, sizeof(err));
	if (!p)
		return fail("%s", err);
	s.process = p;
	status = run(&s, o);
	heap_lost_free(&s.lost);
	heap_snapshot_free(&s);
	heap_process_close(p);
	return status;
}
