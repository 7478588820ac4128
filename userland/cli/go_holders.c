// SPDX-License-Identifier: GPL-2.0
/* leaktrace go --holders. The program is neither stopped nor changed. */
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/go_holders.h"
#include "cli/options.h"
#include "report/output.h"
#include "runtime/go/holders.h"
#include "runtime/go/holders_growth.h"
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

static int say(struct go_holders *h, const struct options *o)
{
	const struct document document = { as_json, as_text, h, o->json };

	return output_document(&o->output, &document);
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
		.max_bytes = o->max_bytes ?: GO_HOLDERS_MEMORY_BYTES, .all = o->output.all,
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
