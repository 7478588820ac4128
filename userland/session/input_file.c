// SPDX-License-Identifier: GPL-2.0
/*
 * A trace file as input: each target in it, as of its last snapshot or for the
 * period given with --between.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "model/delta.h"
#include "model/model.h"
#include "session/input.h"
#include "session/time_point.h"
#include "tracefile/reader.h"
#include "util/error.h"
#include "util/format.h"

/* --between is extended to the nearest snapshots: say which period is reported. */
static void say_between(const char *path, const struct model *m)
{
	char from[64], to[64], window[32];

	format_time(m->target.attached_ns / 1e9 + m->wall_minus_mono_s, from, sizeof(from));
	format_time(m->target.now_ns / 1e9 + m->wall_minus_mono_s, to, sizeof(to));
	fprintf(stderr, "leaktrace: %s: reporting %s to %s (%s), the nearest recorded samples\n", path,
		from, to, format_seconds(model_end_s(m), window));
}

/* -ENODATA: nothing was recorded of that target in that period. */
static int read_part(struct input *s, const char *path, const struct trace_part *part)
{
	struct model m, base;
	char err[256] = "";
	int ret, status;

	model_init(&m);
	model_init(&base);
	ret = trace_read_part(path, part, &m, &base, err, sizeof(err));
	status = ret == -ENODATA ? -ENODATA : ret ? fail("%s", err) : 0;
	if (!status && base.target.id && delta_rebase(&m, &base))
		status = fail("%s: damaged file: its samples are not in chronological order", path);
	if (!status && s->from)
		say_between(path, &m);
	if (!status)
		status = input_give(s, &m);
	model_free(&m);
	model_free(&base);
	return status;
}

static int read_times(const struct input *s, const struct trace_survey *survey,
		      struct trace_part *part)
{
	int status;

	*part = (struct trace_part){ .to_ns = UINT64_MAX };
	if (!s->from)
		return 0;
	status = time_point_parse(s->from, survey, &part->from_ns) ?:
		time_point_parse(s->until, survey, &part->to_ns);
	if (!status && part->from_ns >= part->to_ns)
		status = fail("--between: '%s' is not before '%s'", s->from, s->until);
	return status;
}

int input_read_file(struct input *s, const char *path)
{
	struct trace_survey survey;
	struct trace_part part;
	char err[256] = "";
	size_t read = 0;
	int status, ret;

	if (trace_survey(path, &survey, err, sizeof(err)))
		return fail("%s", err);
	status = read_times(s, &survey, &part);
	for (size_t i = 0; i < survey.n && !status; i++) {
		part.target = survey.targets[i].id;
		ret = read_part(s, path, &part);
		read += !ret;
		status = ret == -ENODATA ? 0 : ret;
	}
	free(survey.targets);
	if (!status && !read)
		status = fail("%s: nothing was recorded in that period", path);
	return status;
}
