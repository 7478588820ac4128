// SPDX-License-Identifier: GPL-2.0
/*
 * leaktrace diff: what came between two snapshots or recordings, or two looks at
 * Go programs.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "go_difference.h"
#include "history.h"
#include "since.h"

static void judge_it(struct model *m, const struct options *o)
{
	judge(m, &o->bench, m->history ? history_curve : NULL, m->history);
}

/* Two looks at Go programs, as documents. */
static int diff_go(const struct options *o)
{
	char err[512];
	struct go_difference *d = go_difference_read(o->argv[0], o->argv[1], err, sizeof(err));
	FILE *f = d ? options_open_output(o) : NULL;
	struct look look;
	int status = EXIT_TROUBLE;

	if (!d)
		return fail("%s", err);
	if (f) {
		look = options_look(o, f);
		if (o->format == FORMAT_JSON)
			go_difference_json(f, d);
		else
			go_difference_text(f, d, &look);
		status = options_close_output(f, o);
	}
	status = status ?: go_difference_leaks(d) ? EXIT_LEAKS : EXIT_CLEAN;
	go_difference_free(d);
	return status;
}

/* Of one process, all that counts is what came since: it alone is judged. */
static int compare(struct difference_report *r, struct model *nothing, const struct options *o)
{
	r->same = since_same(r->newer, r->older);
	if (r->same && since(r->newer, r->older))
		return fail("diff: %s is older than %s: give them the other way round", o->argv[1], o->argv[0]);
	judge_it(r->older, o);
	judge_it(r->newer, o);
	r->n = since_differences(r->same ? nothing : r->older, r->newer, &r->d);
	return 0;
}

static int say(const struct difference_report *r, const struct options *o)
{
	FILE *f = options_open_output(o);
	struct look look;

	if (!f)
		return EXIT_TROUBLE;
	look = options_look(o, f);
	if (o->format == FORMAT_JSON)
		difference_json(f, r);
	else
		difference_text(f, r, &look);
	return options_close_output(f, o);
}

int cmd_diff(struct options *o)
{
	struct model older, newer, nothing;
	struct difference_report r = { .older = &older, .newer = &newer };
	char err[256] = "";
	int status = 0;

	if (o->argc != 2)
		return fail("diff: two files, please: OLD NEW (see 'leaktrace diff --help')");
	if (o->format != FORMAT_TEXT && o->format != FORMAT_JSON)
		return fail("diff: only the formats text and json are for differences");
	if (go_difference_fits(o->argv[0]) && go_difference_fits(o->argv[1]))
		return diff_go(o);
	model_init(&older);
	model_init(&newer);
	model_init(&nothing);
	if (trace_read(o->argv[0], &older, err, sizeof(err)) ||
	    trace_read(o->argv[1], &newer, err, sizeof(err)))
		status = fail("%s", err);
	if (!status)
		status = compare(&r, &nothing, o) ?: say(&r, o);
	if (!status && difference_leaks(&r))
		status = EXIT_LEAKS;
	free(r.d);
	model_free(&older);
	model_free(&newer);
	model_free(&nothing);
	return status;
}
