// SPDX-License-Identifier: GPL-2.0
/*
 * leaktrace diff: compares two snapshots or recordings, for each target of the
 * newer one; or two samples of Go programs.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/analysis.h"
#include "cli/command.h"
#include "cli/options.h"
#include "model/delta.h"
#include "model/model.h"
#include "model/runtime_delta.h"
#include "report/diff.h"
#include "report/output.h"
#include "runtime/go/diff.h"
#include "tracefile/reader.h"
#include "tracefile/target_match.h"
#include "util/error.h"
#include "util/style.h"
#include "util/text_page.h"

struct files {
	const struct options *o;
	struct trace_survey older, newer;
	FILE *f;			/* NULL: nothing written yet */
	struct report_style style;
	unsigned int leaks;
};

static int read_target(const char *path, const struct trace_survey *s, int i, struct model *m)
{
	struct trace_part part = { .target = s->targets[i].id, .to_ns = UINT64_MAX };
	char err[256] = "";

	return trace_read_part(path, &part, m, NULL, err, sizeof(err)) ? fail("%s", err) : 0;
}

/* Compares two files of 'leaktrace go'. */
static int diff_go(const struct options *o)
{
	char err[512];
	struct go_difference *d = go_difference_read(o->argv[0], o->argv[1], err, sizeof(err));
	FILE *f = d ? output_open_file(&o->output) : NULL;
	struct report_style style;
	int status = EXIT_TROUBLE;

	if (!d)
		return fail("%s", err);
	if (f) {
		style = output_style(&o->output, f);
		if (o->output.format == FORMAT_JSON)
			go_difference_json(f, d);
		else
			go_difference_text(f, d, &style);
		status = output_close_file(f, &o->output);
		if (!status)
			output_say_written(&o->output, go_difference_leaks(d));
	}
	status = status ?: go_difference_leaks(d) ? EXIT_LEAKS : EXIT_CLEAN;
	go_difference_free(d);
	return status;
}

/* Of one process, only what happened since the older snapshot is judged. */
static int compare(struct difference_report *r, struct model *nothing, const struct options *o)
{
	r->same = r->older && r->newer && delta_same_target(r->newer, r->older);
	if (r->same && delta_rebase(r->newer, r->older))
		return fail("diff: %s is older than %s: swap the two files", o->argv[1], o->argv[0]);
	if (r->older)
		analysis_run_recorded(r->older, &o->session.analysis);
	if (r->newer)
		analysis_run_recorded(r->newer, &o->session.analysis);
	if (r->newer)
		r->n = delta_compare(r->older && !r->same ? r->older : nothing, r->newer, &r->d);
	if (r->newer)
		r->nruntime = runtime_delta_compare(r->older ? r->older->runtime : NULL, r->newer->runtime, &r->runtime);
	return 0;
}

/* The output is opened with the first difference. */
static int say(struct files *x, const struct difference_report *r)
{
	struct text_page page;
	bool first = !x->f;

	if (first)
		x->f = output_open_file(&x->o->output);
	if (!x->f)
		return EXIT_TROUBLE;
	if (first)
		x->style = output_style(&x->o->output, x->f);
	x->leaks += difference_leaks(r);
	if (x->o->output.format == FORMAT_JSON)
		return difference_json(x->f, r) ? EXIT_TROUBLE : 0;
	if (!text_page_open(&page))
		return fail("out of memory");
	if (!first)
		fputc('\n', page.f);
	difference_text(page.f, r, &x->style);
	return text_page_write(&page, x->f, x->style.columns) ? 0 : fail("out of memory");
}

/* MATCH_NONE: in one of the files only. */
static int compare_targets(struct files *x, int older, int newer)
{
	struct model a, b, nothing;
	struct difference_report r = { .older = older < 0 ? NULL : &a, .newer = newer < 0 ? NULL : &b };
	int status = 0;

	model_init(&a);
	model_init(&b);
	model_init(&nothing);
	if (r.older)
		status = read_target(x->o->argv[0], &x->older, older, &a);
	if (r.newer && !status)
		status = read_target(x->o->argv[1], &x->newer, newer, &b);
	status = status ?: compare(&r, &nothing, x->o) ?: say(x, &r);
	delta_free(r.d, r.n);
	free(r.runtime);
	model_free(&a);
	model_free(&b);
	model_free(&nothing);
	return status;
}

/* The newer file's targets in their order, then those that are only in the older file. */
static int compare_all(struct files *x)
{
	int *of = target_match(&x->older, &x->newer), status = 0;

	if (!of)
		return fail("out of memory");
	for (size_t i = 0; i < x->newer.n && !status; i++)
		status = compare_targets(x, of[i], i);
	for (size_t k = 0; k < x->older.n && !status; k++) {
		bool there = false;

		for (size_t i = 0; i < x->newer.n; i++)
			there |= of[i] == (int)k;
		status = there ? 0 : compare_targets(x, k, MATCH_NONE);
	}
	free(of);
	return status;
}

int cmd_diff(struct options *o)
{
	struct files x = { .o = o };
	char err[256] = "";
	int status;

	if (o->argc != 2)
		return fail("diff: expected two files: OLD NEW (see 'leaktrace diff --help')");
	if (o->output.format != FORMAT_TEXT && o->output.format != FORMAT_JSON)
		return fail("diff: --format must be text or json");
	if (go_difference_fits(o->argv[0]) && go_difference_fits(o->argv[1]))
		return diff_go(o);
	if (trace_survey(o->argv[0], &x.older, err, sizeof(err)) ||
	    trace_survey(o->argv[1], &x.newer, err, sizeof(err))) {
		free(x.older.targets);
		return fail("%s", err);
	}
	status = compare_all(&x);
	if (x.f)
		status = output_close_file(x.f, &o->output) ?: status;
	if (x.f && !status)
		output_say_written(&o->output, x.leaks);
	free(x.older.targets);
	free(x.newer.targets);
	return status ?: x.leaks ? EXIT_LEAKS : EXIT_CLEAN;
}
