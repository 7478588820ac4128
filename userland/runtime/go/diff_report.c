// SPDX-License-Identifier: GPL-2.0
/* What grew between two samples of Go programs, as text and as JSON. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/judgement.h"
#include "runtime/go/diff.h"
#include "util/format.h"
#include "util/json.h"
#include "util/macros.h"
#include "util/style.h"

enum { PLACES = 5, FRAMES = 8, FRAMES_ALL = 256, KINDS_OF_GO = 3, NAME_END = 48 /* column */ };

static void write_target(FILE *f, const char *lead, struct json_object *document)
{
	struct json_object *t = json_object_object_get(document, "target");

	fprintf(f, "%s%s, pid %lld, %s, %s\n", lead, go_document_text(t, "comm"),
		(long long)json_object_get_int64(go_document_at(t, "pid", json_type_int)),
		go_document_text(t, "go"), go_document_text(t, "read_at"));
}

static void write_sum(FILE *f, const struct go_difference *d)
{
	int64_t live[KINDS_OF_GO] = { 0 }, bytes[KINDS_OF_GO] = { 0 };
	char a[40], b[40];

	for (size_t i = 0; i < d->n; i++) {
		const struct go_growth *g = &d->growth[i];

		live[g->kind] += g->live - g->live_before;
		bytes[g->kind] += g->bytes - g->bytes_before;
	}
	for (int k = 0; k < KINDS_OF_GO; k++) {
		if (!live[k] && !bytes[k])
			continue;
		fprintf(f, "%10s  %s", go_growth_kinds[k], format_count_change(live[k], a));
		if (bytes[k])
			fprintf(f, "  (%s)", format_bytes_change(bytes[k], b));
		fputc('\n', f);
	}
	fprintf(f, d->n ? "\n" : "nothing changed\n");
}

static void write_frame(FILE *f, const char *lead, struct json_object *frame)
{
	struct json_object *line = go_document_at(frame, "line", json_type_int);
	const char *function = go_document_text(frame, "function");
	const char *file = go_document_text(frame, "file");

	fprintf(f, "%s%-*s  %s:%d\n", lead, NAME_END - (int)strlen(lead), *function ? function : "?",
		path_tail(file, 24), json_object_get_int(line));
}

static bool is_runtime(struct json_object *frame)
{
	return !strncmp(go_document_text(frame, "function"), "runtime.", 8);
}

static void write_frames(FILE *f, struct json_object *site, const struct report_style *style)
{
	struct json_object *list = go_document_at(site, "frames", json_type_array);
	struct json_object *by = go_document_at(site, "created_by", json_type_object);
	size_t n = list ? json_object_array_length(list) : 0, first = 0, max = style->all ? FRAMES_ALL : FRAMES;

	/* the runtime's functions that park a goroutine are always the same */
	while (!style->all && first < n && is_runtime(json_object_array_get_idx(list, first)))
		first++;
	if (first == n)
		first = 0;
	for (size_t i = first; i < n && i < first + max; i++)
		write_frame(f, "    ", json_object_array_get_idx(list, i));
	if (n > first + max)
		fprintf(f, "    … %zu more\n", n - first - max);
	if (by && !is_runtime(by))
		write_frame(f, "  created by ", by);
}

static void write_growth(FILE *f, const struct go_growth *g, const struct report_style *style)
{
	struct json_object *size = go_document_at(g->site, "object_bytes", json_type_int);
	const char *verdict = go_document_text(g->site, "verdict");
	char a[40], b[40], c[32];

	if (!strcmp(verdict, "leak") && g->live > g->live_before)
		fprintf(f, "%sleak%s  ", verdict_color(style, VERDICT_LEAK), PLAIN(style));
	fputs(BOLD(style), f);
	if (g->heap)
		fprintf(f, "%s in %s objects of %" PRId64 " bytes (%s before)",
			format_bytes_change(g->bytes - g->bytes_before, a),
			format_count_change(g->live - g->live_before, b), json_object_get_int64(size),
			format_bytes(g->bytes_before, c));
	else
		fprintf(f, "%s %s%s%s (%s before)", format_count_change(g->live - g->live_before, a),
			g->kind ? "" : "goroutines: ", go_document_text(g->site, "type"),
			g->kind ? "s" : "", format_count(g->live_before, c));
	fprintf(f, "%s\n", PLAIN(style));
	write_frames(f, g->site, style);
	fputc('\n', f);
}

/** go_difference_text() - print a difference, greatest growth of each kind first */
void go_difference_text(FILE *f, const struct go_difference *d, const struct report_style *style)
{
	unsigned int shown[KINDS_OF_GO] = { 0 };
	size_t left = 0;

	write_target(f, "old  ", d->older);
	write_target(f, "new  ", d->newer);
	fprintf(f, "%s\n\n", d->same ? "the same process: growth of live objects, by call path" :
		"different runs: live objects of each, matched by function names");
	write_sum(f, d);
	for (size_t i = 0; i < d->n; i++) {
		if (!style->all && shown[d->growth[i].kind]++ >= PLACES)
			left++;
		else
			write_growth(f, &d->growth[i], style);
	}
	if (left)
		fprintf(f, "not shown: %zu more call paths (--all shows them)\n", left);
}

static struct json_object *part_of(struct json_object *document)
{
	static const char *const keys[] = { "target", "totals", "losses" };
	struct json_object *o = json_object_new_object(), *value;

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		if (json_object_object_get_ex(document, keys[i], &value))
			json_object_object_add(o, keys[i], json_object_get(value));
	return o;
}

static void put_number(struct json_object *o, const char *key, int64_t n)
{
	json_object_object_add(o, key, json_object_new_int64(n));
}

/* The documents' own sites, with the numbers of both samples. */
static struct json_object *json_growth(const struct go_growth *g)
{
	struct json_object *o = json_object_get(g->site);

	put_number(o, "growth", g->live - g->live_before);
	put_number(o, "live_before", g->live_before);
	put_number(o, "live", g->live);
	if (g->heap) {
		put_number(o, "growth_bytes", g->bytes - g->bytes_before);
		put_number(o, "bytes_before", g->bytes_before);
		put_number(o, "bytes", g->bytes);
	}
	return o;
}

/** go_difference_json() - print a difference as one JSON document */
void go_difference_json(FILE *f, const struct go_difference *d)
{
	struct json_object *o = json_object_new_object(), *list = json_object_new_array();

	put_number(o, "leaktrace", 1);
	json_object_object_add(o, "same_process", json_object_new_boolean(d->same));
	json_object_object_add(o, "old", part_of(d->older));
	json_object_object_add(o, "new", part_of(d->newer));
	for (size_t i = 0; i < d->n; i++)
		json_object_array_add(list, json_growth(&d->growth[i]));
	json_object_object_add(o, "sites", list);
	json_write_line(f, o);
}
