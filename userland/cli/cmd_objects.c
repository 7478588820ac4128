// SPDX-License-Identifier: GPL-2.0
/*
 * leaktrace objects: counts the objects of a Python program from outside. The process is
 * neither stopped nor changed, and the kernel module is not needed.
 */
#include <stdio.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/options.h"
#include "cli/wait.h"
#include "report/output.h"
#include "runtime/python/objects.h"
#include "runtime/python/past.h"
#include "runtime/python/process.h"
#include "util/error.h"
#include "util/parse.h"
#include "util/terminal.h"

static struct json_object *as_json(void *objects)
{
	return python_objects_json(objects);
}

static void as_text(FILE *f, void *objects, const struct report_style *style)
{
	python_objects_text(f, objects, style);
}

static void show_progress(unsigned int percent)
{
	fprintf(stderr, "\rfollowing references: %u %%", percent);
}

static int look(struct python_objects *objects, const struct python_objects_options *how)
{
	char err[512];
	int status = python_objects_read(objects, how, err, sizeof(err));

	if (how->progress && how->reach)
		fputs("\r\033[K", stderr);
	return status ? fail("%s", err) : 0;
}

static int run(struct python_objects *objects, const struct options *o)
{
	const struct document document = { as_json, as_text, objects, o->json };
	struct python_past past = { 0 };
	struct python_objects_options how = {
		.max_bytes = o->memory_bytes ?: PYTHON_MEMORY_BYTES, .reach = o->holders || o->every_s > 0,
		.all = o->output.all, .progress = terminal_is_capable(STDERR_FILENO) ? show_progress : NULL,
	};
	int status = look(objects, &how);

	if (!status && o->every_s > 0) {
		status = python_past_keep(&past, objects) ? 0 : fail("out of memory");
		how.past = &past;
		if (!status && wait_alone(o->every_s)) {
			python_objects_free(objects);
			status = look(objects, &how);
		}
	}
	python_past_free(&past);
	return status ?: output_document(&o->output, &document) ?: EXIT_CLEAN;
}

int cmd_objects(struct options *o)
{
	struct python_objects objects = { 0 };
	char err[512];
	int status;
	pid_t pid;

	if (o->argc != 1)
		return fail("objects: expected one PID (see 'leaktrace objects --help')");
	if (parse_pid(o->argv[0], &pid))
		return fail("objects: invalid PID '%s'", o->argv[0]);
	if (o->output.format != FORMAT_TEXT && o->output.format != FORMAT_JSON)
		return fail("objects: --format must be text or json");
	objects.process = python_open(pid, o->memory_bytes ?: PYTHON_MEMORY_BYTES, err, sizeof(err));
	if (!objects.process)
		return fail("%s", err);
	status = run(&objects, o);
	python_objects_free(&objects);
	python_close(objects.process);
	return status;
}
