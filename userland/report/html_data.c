// SPDX-License-Identifier: GPL-2.0
/*
 * The data of the HTML page that is not in the JSON report: curves of live
 * objects and age classes. If there was only one sample, the creation times of
 * live objects give a curve: that of the survivors.
 *
 * Sites share most of their frames, so unlike in the report, each frame is
 * written once, in "frames", and sites refer to it by index.
 *
 * A curve is {"t": [seconds since attach], "live": [n], "is": "history" or
 * "survivors"}. Between two points of a history nothing changed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "model/history.h"
#include "model/judgement.h"
#include "model/kind.h"
#include "model/model.h"
#include "model/object.h"
#include "model/site.h"
#include "model/target.h"
#include "report/age_classes.h"
#include "report/html.h"
#include "report/json.h"
#include "symbolize/frame.h"

enum { POINTS = 120 };		/* points of a survivors curve */

/* Counts how many of the objects that are live now existed at the end of each interval. */
static void add_survivors(struct model *m, const struct site *s, uint64_t sum[POINTS])
{
	uint64_t start = m->target.attached_ns, window = model_end_ns(m) - start;
	uint64_t born[POINTS] = { 0 }, live = 0;
	size_t n;
	const struct object *o = model_objects(m, s->id, &n);

	if (model_end_ns(m) <= start)
		return;
	for (size_t i = 0; i < n; i++) {
		double share = o[i].born_ns > start ? (double)(o[i].born_ns - start) / window : 0;

		if (!(o[i].flags & LEAKTRACE_OBJECT_F_EXITED))
			born[share < 1 ? (int)(share * POINTS) : POINTS - 1] += o[i].count;
	}
	for (int i = 0; i < POINTS; i++) {
		live += born[i];
		sum[i] += live;
	}
}

static void put_number(struct json_object *list, double v)
{
	bool whole = v > -0x1p53 && v < 0x1p53 && v == (int64_t)v;

	json_object_array_add(list, whole ? json_object_new_int64(v) : json_object_new_double(v));
}

static struct json_object *curve_new(const char *is, struct json_object **t, struct json_object **y)
{
	struct json_object *o = json_object_new_object();

	*t = json_object_new_array();
	*y = json_object_new_array();
	json_object_object_add(o, "is", json_object_new_string(is));
	json_object_object_add(o, "t", *t);
	json_object_object_add(o, "live", *y);
	return o;
}

static double since_attach_s(const struct model *m, uint64_t t_ns)
{
	uint64_t start = m->target.attached_ns;

	return t_ns > start ? (t_ns - start) / 1000000 / 1e3 : 0;
}

/* NULL: there was only one sample. */
static struct json_object *history(const struct model *m, const struct history_point *p, size_t n)
{
	struct json_object *o, *t, *y;

	if (n < 2)
		return NULL;
	o = curve_new("history", &t, &y);
	for (size_t i = 0; i < n; i++) {
		put_number(t, since_attach_s(m, p[i].t_ns));
		put_number(y, p[i].live);
	}
	put_number(t, since_attach_s(m, model_end_ns(m)));
	put_number(y, p[n - 1].live);
	return o;
}

/* Starts with zero before the first interval. */
static struct json_object *survivors(const struct model *m, const uint64_t live[POINTS], uint64_t first)
{
	struct json_object *t, *y, *o = curve_new("survivors", &t, &y);
	double window_s = model_end_s(m);

	put_number(t, 0);
	put_number(y, first);
	for (int i = 0; i < POINTS; i++) {
		put_number(t, (int64_t)(window_s * (i + 1) / POINTS * 1000) / 1000.0);
		put_number(y, live[i]);
	}
	return o;
}

static struct json_object *kind_curve(struct model *m, int kind, const uint64_t live[POINTS])
{
	const struct history_point *p = NULL;
	size_t n = m->history ? history_of_kind(m->history, kind, &p) : 0;

	return history(m, p, n) ?: survivors(m, live, m->target.kind[kind].baseline_live);
}

static struct json_object *site_curve(struct model *m, uint32_t site, const uint64_t live[POINTS])
{
	const struct history_point *p = NULL;
	size_t n = m->history ? history_of_site(m->history, site, &p) : 0;

	return history(m, p, n) ?: survivors(m, live, 0);
}

static void put_curves(struct json_object *page, struct model *m)
{
	struct json_object *kinds = json_object_new_object(), *sites = json_object_new_object();
	uint64_t (*sum)[POINTS] = calloc(KINDS, sizeof(*sum));

	for (size_t i = 0; sum && i < m->nsites; i++) {
		const struct site *s = &m->sites[i];
		uint64_t live[POINTS] = { 0 };
		char id[16];

		if (!site_live(s))
			continue;
		add_survivors(m, s, live);
		for (int k = 0; k < POINTS; k++)
			sum[s->kind][k] += live[k];
		if (s->judgement.verdict == VERDICT_OK)
			continue;	/* not in a finding */
		snprintf(id, sizeof(id), "%u", s->id);
		json_object_object_add(sites, id, site_curve(m, s->id, live));
	}
	for (int k = 0; sum && k < KINDS; k++) {
		const struct kind_totals *t = &m->target.kind[k];

		if (!t->present || !(m->target.kinds & 1U << k))
			continue;
		for (int i = 0; i < POINTS; i++)
			sum[k][i] += t->baseline_live;
		json_object_object_add(kinds, kind_name(k), kind_curve(m, k, sum[k]));
	}
	free(sum);
	json_object_object_add(page, "kinds", kinds);
	json_object_object_add(page, "sites", sites);
}

static void put_ages(struct json_object *page, struct model *m)
{
	struct json_object *names = json_object_new_array(), *sites = json_object_new_object();

	for (unsigned int i = 0; i < AGES; i++)
		json_object_array_add(names, json_object_new_string(age_name(i)));
	for (size_t i = 0; i < m->nsites; i++) {
		struct json_object *list = json_object_new_array();
		uint64_t live[AGES];
		char id[16];

		ages_of(m, &m->sites[i], live);
		for (unsigned int k = 0; k < AGES; k++)
			json_object_array_add(list, json_object_new_uint64(live[k]));
		snprintf(id, sizeof(id), "%u", m->sites[i].id);
		json_object_object_add(sites, id, list);
	}
	json_object_object_add(page, "age_names", names);
	json_object_object_add(page, "ages", sites);
}

/* What headlines call a frame, unless that is its function. */
static void put_name(struct json_object *frame)
{
	struct json_object *function;
	char name[FRAME_NAME_BYTES];

	if (!json_object_object_get_ex(frame, "function", &function) || !json_object_get_string_len(function))
		return;
	frame_name(&(struct symbol_frame){ .function = json_object_get_string(function) }, name, sizeof(name));
	if (strcmp(name, json_object_get_string(function)))
		json_object_object_add(frame, "name", json_object_new_string(name));
}

/* The index of @frame in @frames; @known maps the text of known frames to their index. */
static int number_of(struct json_object *frames, struct json_object *known, struct json_object *frame)
{
	const char *text = json_object_to_json_string_ext(frame, JSON_C_TO_STRING_PLAIN);
	struct json_object *number;

	if (json_object_object_get_ex(known, text, &number))
		return json_object_get_int(number);
	number = json_object_new_int(json_object_array_length(frames));
	json_object_object_add(known, text, number);
	put_name(frame);
	json_object_array_add(frames, json_object_get(frame));
	return json_object_get_int(number);
}

/* Replaces the "frames" of @o, a site or a release, by indexes. */
static void share_frames(struct json_object *frames, struct json_object *known, struct json_object *o)
{
	struct json_object *own, *numbers = json_object_new_array();

	if (json_object_object_get_ex(o, "frames", &own))
		for (size_t i = 0; i < json_object_array_length(own); i++)
			json_object_array_add(numbers, json_object_new_int(
				number_of(frames, known, json_object_array_get_idx(own, i))));
	json_object_object_add(o, "frames", numbers);
}

static void put_frames(struct json_object *page, struct json_object *report)
{
	struct json_object *frames = json_object_new_array(), *known = json_object_new_object();
	struct json_object *sites, *releases;

	if (!json_object_object_get_ex(report, "sites", &sites))
		sites = NULL;
	for (size_t i = 0; sites && i < json_object_array_length(sites); i++) {
		struct json_object *site = json_object_array_get_idx(sites, i);

		share_frames(frames, known, site);
		if (!json_object_object_get_ex(site, "released_at", &releases))
			continue;
		for (size_t k = 0; k < json_object_array_length(releases); k++)
			share_frames(frames, known, json_object_array_get_idx(releases, k));
	}
	json_object_put(known);
	json_object_object_add(page, "frames", frames);
}

struct json_object *html_data(struct model *m)
{
	struct json_object *o = report_json(m), *page = json_object_new_object();

	put_curves(page, m);
	put_ages(page, m);
	put_frames(page, o);
	json_object_object_add(o, "page", page);
	return o;
}
