// SPDX-License-Identifier: GPL-2.0
/* leaktrace go --holders. The program is neither stopped nor changed. */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/go_holders.h"
#include "cli/options.h"
#include "report/output.h"
#include "runtime/go/holders.h"
#include "runtime/go/holders_growth.h"
#include "runtime/go/holders_tree.h"
#include "util/error.h"
#include "util/terminal.h"

static void show_progress(unsigned int percent)
{
	fprintf(stderr, "\rreading the heap: %u %%", percent);
}

static struct json_object *as_json(void *holders)
{
	return go_holders_json(holders);
}

static void as_text(FILE *f, void *holders, const struct report_style *style)
{
	go_holders_text(f, holders, style);
}

/* 0 or -errno */
static int write_pprof(FILE *f, struct go_holders *h)
{
	void *data = NULL;
	size_t len = 0;
	int error = go_holders_pprof(h, &data, &len);

	if (!error)
		fwrite(data, 1, len, f);
	free(data);
	return error;
}

static int say(struct go_holders *h, const struct options *o)
{
	const struct document document = { as_json, as_text, h, o->json };
	enum format format = o->output.format;
	int error, status;
	FILE *f;

	if (format == FORMAT_TEXT || format == FORMAT_JSON)
		return output_document(&o->output, &document);
	f = output_open_file(&o->output);
	if (!f)
		return EXIT_TROUBLE;
	if (format == FORMAT_PPROF)
		error = write_pprof(f, h);
	else
		error = (format == FORMAT_HTML ? go_holders_html(f, h) : go_holders_folded(f, h)) ? 0 : -ENOMEM;
	status = output_close_file(f, &o->output);
	return status ?: error ? fail("%s", strerror(-error)) : 0;
}

static int look(struct go_holders *h, struct go_process *p, const struct go_holders_options *how)
{
	char err[512];
	int status = go_holders_read(h, p, how, err, sizeof(err));

	if (how->progress)
		fputs("\r\033[K", stderr);
	return status ? fail("%s", err) : 0;
}

/** go_holders_tell() - walk the heap, once or twice, and tell; an exit status */
int go_holders_tell(struct go_process *p, const struct options *o, bool (*wait_s)(double s))
{
	struct go_holders_options how = {
		.max_bytes = o->memory_bytes ?: GO_HOLDERS_MEMORY_BYTES, .all = o->output.all,
		.progress = terminal_is_capable(STDERR_FILENO) ? show_progress : NULL,
	};
	struct go_past past = { 0 };
	struct go_holders h;
	int status = look(&h, p, &how);

	if (!status && wait_s) {
		status = go_past_keep(&past, &h) ? 0 : fail("out of memory");
		how.past = &past;
		if (!status && wait_s(o->every_s * ((o->count ?: 2) - 1))) {
			go_holders_free(&h);
			status = look(&h, p, &how);
		}
	}
	status = status ?: say(&h, o);
	go_holders_free(&h);
	go_past_free(&past);
	return status ?: EXIT_CLEAN;
}
