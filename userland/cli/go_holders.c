// SPDX-License-Identifier: GPL-2.0
/* leaktrace go --holders. The program is neither stopped nor changed. */
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

#include <json-c/json.h>

#include "cli/command.h"
#include "cli/go_holders.h"
#include "cli/options.h"
#include "report/output.h"
#include "runtime/go/holders.h"
#include "runtime/go/holders_growth.h"
#include "util/error.h"
#include "util/style.h"
#include "util/terminal.h"
#include "util/text_page.h"

static void show_progress(unsigned int percent)
{
	fprintf(stderr, "\rreading the heap: %u %%", percent);
}

static int say(struct go_holders *h, const struct options *o)
{
	int style = o->json ? JSON_C_TO_STRING_PLAIN : JSON_C_TO_STRING_PRETTY;
	FILE *f = output_open_file(&o->output);
	struct json_object *json;
	struct report_style as;
	struct text_page page;

	if (!f)
		return EXIT_TROUBLE;
	as = output_style(&o->output, f);
	if (o->output.format == FORMAT_JSON) {
		json = go_holders_json(h);
		fprintf(f, "%s\n", json_object_to_json_string_ext(json, style | JSON_C_TO_STRING_NOSLASHESCAPE));
		json_object_put(json);
	} else if (text_page_open(&page)) {
		go_holders_text(page.f, h, &as);
		text_page_write(&page, f, as.columns);
	}
	return output_close_file(f, &o->output);
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
