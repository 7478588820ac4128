// SPDX-License-Identifier: GPL-2.0
/*
 * The report of a session's targets. All are sampled for the last time before the first line
 * is written, so that no news gets between.
 *
 * A server may have had thousands of children: of those that have exited, a text tells in full
 * what no other process has shown before, and only counts the rest. JSON and folded stacks,
 * which programs read, have a report of each: it is written to a temporary file when the
 * child exits. In both cases its memory is freed.
 */
#include <stdio.h>
#include <stdlib.h>

#include "model/children.h"
#include "model/judgement.h"
#include "model/model.h"
#include "model/runtime.h"
#include "model/target.h"
#include "netlink/client.h"
#include "report/family.h"
#include "report/output.h"
#include "report/report.h"
#include "report/text.h"
#include "session/live_view.h"
#include "session/session.h"
#include "util/error.h"
#include "util/style.h"

enum { KEPT_MAX = 32 };

/* Whether it was asked for by its number, and has a report of its own whatever is in it. */
static bool is_requested(const struct traced *t)
{
	return t->root && !t->selected;
}

/* Whether reports of this format can be written one by one, before the others. */
static bool is_spilled(const struct session *s)
{
	return s->output->format == FORMAT_JSON || s->output->format == FORMAT_FOLDED;
}

static bool spill(struct session *s, struct traced *t)
{
	struct report_style style = { .format = s->output->format, .all = s->output->all };

	if (!s->spill)
		s->spill = tmpfile();
	return s->spill && !report_write(s->spill, &t->model, &style);
}

/* What is not in the findings that processes may have in common. */
static bool has_others(struct model *m)
{
	for (int g = 0; g < CHILD_GROUPS; g++)
		if (m->children.group[g].judgement.verdict >= VERDICT_SUSPECT)
			return true;
	return m->runtime && runtime_leaks(m->runtime);
}

static void add_to_family(struct session *s, struct traced *t)
{
	if (!s->family)
		s->family = family_new();
	if (!t->in_family)
		family_add(s->family, &t->model);
	t->in_family = true;
}

/* Whether the child is to stay for the report. */
static bool is_kept(struct session *s, struct traced *t)
{
	if (t->in_family)
		return true;
	if (is_spilled(s))
		return !spill(s, t);
	if (s->kept < KEPT_MAX && (has_others(&t->model) || family_has_news(s->family, &t->model))) {
		add_to_family(s, t);
		s->kept++;
		return true;
	}
	add_to_family(s, t);
	family_leave_out(s->family, &t->model);
	return false;
}

void session_fold(struct session *s)
{
	struct traced **at = &s->targets, *t;

	while (s->output && (t = *at)) {
		if (t->root || !t->deleted || !t->read || is_kept(s, t)) {
			at = &t->next;
			continue;
		}
		s->found |= report_leaks(&t->model);
		*at = t->next;
		session_forget(t);
	}
}

static int sample_all(struct session *s)
{
	int status = 0;

	for (struct traced *t = s->targets; t; t = t->next) {
		/* its data cannot be read any more */
		if (t->detached && !t->read)
			status = fail("%u was detached before its final report", t->model.target.pid);
		else if (!t->read && session_final_sample(s, t))
			status = fail("%s", client_error(s->client));
		if (t->read)
			add_to_family(s, t);
	}
	return status;
}

static int write_all(struct session *s, struct output *out, const struct output_options *output)
{
	bool text = output->format == FORMAT_TEXT, appended = false, written = false;
	int status = 0;

	for (struct traced *t = s->targets; t; t = t->next) {
		if (!t->read)
			continue;
		if (!appended && s->spill && !t->root) {
			output_append(out, s->spill);
			appended = true;
		}
		if (family_mark(s->family, &t->model, text && written && !is_requested(t))) {
			status |= output_report(out, &t->model);
			written = true;
		} else {
			family_note(s->family, &t->model);
		}
	}
	if (!appended && s->spill)
		output_append(out, s->spill);
	output_rest(out, s->family);
	return status;
}

/* Takes the final samples and writes the report. */
int session_report(struct session *s, const struct output_options *output, bool *leaks)
{
	struct output *out = output_open(output);
	int status;

	live_end(s);
	if (!out)
		return EXIT_TROUBLE;
	session_fold(s);
	status = sample_all(s);
	*leaks |= s->found;
	for (struct traced *t = s->targets; t; t = t->next)
		*leaks |= t->read && report_leaks(&t->model);
	status |= write_all(s, out, output);
	return output_close(out) ?: status;
}
