// SPDX-License-Identifier: GPL-2.0
/*
 * leaktrace objects: counts the objects of a Python program from outside. The process is
 * neither stopped nor changed, and the kernel module is not needed.
 */
#include <stdio.h>

#include "cli/command.h"
#include "cli/options.h"
#include "report/output.h"
#include "runtime/python/objects.h"
#include "runtime/python/process.h"
#include "util/error.h"
#include "util/parse.h"

static struct json_object *as_json(void *objects)
{
	return python_objects_json(objects);
}

static void as_text(FILE *f, void *objects, const struct report_style *style)
{
	python_objects_text(f, objects, style);
}

static int run(struct python_objects *objects, const struct options *o)
{
	const struct document document = { as_json, as_text, objects, o->json };
	char err[512];

	if (python_objects_read(objects, err, sizeof(err)))
		return fail("%s", err);
	return output_document(&o->output, &document) ?: EXIT_CLEAN;
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
	objects.process = python_open(pid, o->max_bytes ?: PYTHON_COPIES_BYTES, err, sizeof(err));
	if (!objects.process)
		return fail("%s", err);
	status = run(&objects, o);
	python_close(objects.process);
	python_objects_free(&objects);
	return status;
}
