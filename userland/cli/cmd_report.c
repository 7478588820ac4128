// SPDX-License-Identifier: GPL-2.0
/* leaktrace report: reports a target, from the kernel's tables or a file. */
#include "cli/command.h"
#include "cli/options.h"
#include "model/model.h"
#include "report/output.h"
#include "report/report.h"
#include "session/input.h"
#include "session/selector.h"
#include "session/suppressions.h"
#include "util/error.h"
#include "util/intern.h"

struct report_run {
	const struct options *o;
	struct output *out;
	struct suppressions_writer suppressions;
	bool leaks;
};

static int say(struct model *m, void *arg)
{
	struct report_run *r = arg;

	suppressions_apply(r->o->suppressions, m);
	suppressions_report(r->o->suppressions);
	if (r->o->suppress)
		return suppressions_write(&r->suppressions, m);
	r->leaks |= report_leaks(m);
	return output_report(r->out, m);
}

/* Whether the options make sense together. */
static int check(struct options *o)
{
	if (o->output.site && o->output.format != FORMAT_TEXT && o->output.format != FORMAT_JSON)
		return fail("--site: only with --format text or json");
	for (int i = 0; o->holders && i < o->argc; i++)
		if (input_is_file(o->argv[i]))
			return fail("--holders: needs a live process; a file has what was asked for when it was written");
	if (o->suppress && (o->output.format_given || o->output.path || o->output.site))
		return fail("--suppress: prints suppressions, not a report: without --format, --output and --site");
	o->output.pager = !o->suppress;
	return 0;
}

int cmd_report(struct options *o)
{
	struct report_run r = { .o = o, .out = check(o) ? NULL : output_open(&o->output),
				.suppressions = { .out = stdout } };
	struct input input = { .analysis = &o->session.analysis, .from = o->between[0], .until = o->between[1],
				 .selector = o->selector, .holders_bytes = o->session.holders_bytes, .fn = say, .arg = &r };
	int status = 0, i = 0;

	if (!r.out)
		return EXIT_TROUBLE;
	do
		status = input_read(&input, i < o->argc ? o->argv[i] : NULL);
	while (!status && ++i < o->argc);
	input_close(&input);
	intern_free(&r.suppressions.written);
	if (!status && o->selector && !input.given)
		status = fail("no target matches %s", selector_text(o->selector));
	if (!status && o->output.site && !output_sites(r.out))
		status = fail("no site '%s' (see the numbers in the report, or 'hash' in its JSON)", o->output.site);
	if (output_close(r.out))
		status = EXIT_TROUBLE;
	return status ?: r.leaks ? EXIT_LEAKS : EXIT_CLEAN;
}
