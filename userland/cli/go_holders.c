// SPDX-License-Identifier: GPL-2.0
/* leaktrace go --holders. The program is neither stopped nor changed. */
#include <stdio.h>
#include <unistd.h>

#include <json-c/json.h>

#include "cli/command.h"
#include "cli/go_holders.h"
#include "cli/options.h"
#include "report/output.h"
#include "runtime/go/holders.h"
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

/** go_holders_tell() - walk the heap, and tell; an exit status */
int go_holders_tell(struct go_process *p, const struct options *o)
{
	struct go_holders_options how = {
		.max_bytes = o->max_bytes ?: GO_HOLDERS_MEMORY_BYTES, .all = o->output.all,
		.progress = terminal_is_capable(STDERR_FILENO) ? show_progress : NULL,
	};
	struct go_holders h;
	char err[512];
	int status = go_holders_read(&h, p, &how, err, sizeof(err));

	if (how.progress)
		fputs("\r\033[K", stderr);
	status = status ? fail("%s", err) : say(&h, o);
	go_holders_free(&h);
	return status ?: EXIT_CLEAN;
}
