// SPDX-License-Identifier: GPL-2.0
/*
 * What only a language's runtime knows of, in the report: its totals, what leaks
 * of it, and all of it as JSON.
 */
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "symbolize/language.h"
#include "report/text.h"

enum { FRAMES = 10, FRAMES_ALL = 256 };

/* Rows of the table of totals; looks see no births and deaths. */
void report_lang_totals(FILE *f, const struct model *m)
{
	double minutes = model_end_s(m) / 60;
	struct lang_total totals[LANG_KINDS];
	int n = lang_process_totals(m->runtime, totals);

	for (int k = 0; k < n; k++) {
		const struct lang_total *t = &totals[k];
		double growth = (double)t->live - t->baseline;
		char a[32], b[32], bytes[32];

		fprintf(f, "%10s %10s %10s %10s %10s %+10.0f %+10.1f", t->kind,
			format_count(t->baseline, a), "", "", format_count(t->live, b), growth,
			minutes > 0 ? growth / minutes : 0);
		if (t->bytes)
			fprintf(f, "  (%s)", format_bytes(t->bytes, bytes));
		fputc('\n', f);
	}
}

static void write_head(FILE *f, const struct lang_site *s, const struct report_style *look)
{
	const struct judgement *j = s->judgement;
	char name[16], a[32], b[32];

	snprintf(name, sizeof(name), "%s", verdict_name(j->verdict));
	for (char *c = name; *c && j->verdict == VERDICT_LEAK; c++)
		*c -= 'a' - 'A';
	fprintf(f, "%s%s%s  %s%s %s", verdict_color(look, j->verdict), name, PLAIN(look), BOLD(look),
		format_count(s->live, a), s->kind);
	if (s->bytes)
		fprintf(f, " (%s)", format_bytes(s->bytes, b));
	else
		fprintf(f, " %s", s->type);
	report_at(f, lang_site_place(s));
	fprintf(f, "%s", PLAIN(look));
	if (j->verdict >= VERDICT_SUSPECT && j->confidence >= 0.01)
		fprintf(f, ", %.0f %% sure", j->confidence * 100);
	fputc('\n', f);
}

/** report_lang_site() - one of them as a finding */
void report_lang_site(FILE *f, const struct lang_site *s, const struct report_style *look, bool brief)
{
	int max = look->all ? FRAMES_ALL : FRAMES;
	char held[32];

	write_head(f, s, look);
	for (int i = 0; i < (brief ? 1 : EVIDENCE_MAX) && s->judgement->evidence[i]; i++)
		report_sentence(f, "  - ", s->judgement->evidence[i]);
	if (brief)
		return;
	if (s->in_thread)
		fprintf(f, "  - %s of them hold a thread each\n", format_count(s->in_thread, held));
	for (int i = 0; i < s->nframes && i < max; i++)
		report_frame(f, &s->frames[i], i ? "            " : "  is at     ",
			     &s->frames[i] == lang_site_place(s), look);
	if (s->nframes > max)
		fprintf(f, "            %s… %d more%s\n", DIM(look), s->nframes - max, PLAIN(look));
	if (s->by)
		report_frame(f, s->by, "  made by   ", s->by == lang_site_place(s), look);
}

static void put(struct json_object *o, const char *key, struct json_object *value)
{
	json_object_object_add(o, key, value);
}

static void put_number(struct json_object *o, const char *key, uint64_t n)
{
	put(o, key, json_object_new_uint64(n));
}

static void put_real(struct json_object *o, const char *key, double v)
{
	char digits[40];

	snprintf(digits, sizeof(digits), "%.3f", v);
	put(o, key, json_object_new_double_s(strtod(digits, NULL), digits));
}

static struct json_object *frames_of(const struct lang_site *s)
{
	struct json_object *list = json_object_new_array();

	for (int i = 0; i < s->nframes; i++)
		json_object_array_add(list, report_json_frame(&s->frames[i]));
	return list;
}

/*
 * What looks saw of births and deaths: no more than the difference. Sites know
 * those from before the first look, too: there they are born like all others.
 */
static void put_counts(struct json_object *o, uint64_t baseline, uint64_t live, uint64_t bytes,
		       bool site)
{
	uint64_t most = live > baseline ? live : baseline;

	put_number(o, "baseline", baseline);
	put_number(o, "born", site ? most : most - baseline);
	put_number(o, "died", most - live);
	put_number(o, "live", live);
	put_number(o, "bytes", bytes);
}

static void put_judgement(struct json_object *o, const struct judgement *j)
{
	struct json_object *list = json_object_new_array();

	put(o, "verdict", json_object_new_string(verdict_name(j->verdict)));
	put_real(o, "confidence", j->confidence);
	for (int i = 0; i < EVIDENCE_MAX && j->evidence[i]; i++)
		json_object_array_add(list, json_object_new_string(j->evidence[i]));
	put(o, "evidence", list);
	put_real(o, "rate_per_min", j->rate_per_min);
}

static struct json_object *span(double p50_s, double max_s)
{
	struct json_object *o = json_object_new_object();

	put_real(o, "p50", p50_s);
	put_real(o, "max", max_s);
	return o;
}

/** report_json_lang_site() - as report_json_site() */
struct json_object *report_json_lang_site(const struct lang_site *s)
{
	struct json_object *o = json_object_new_object(), *life = span(0, 0);

	put_number(o, "id", lang_site_number(s));
	put(o, "kind", json_object_new_string(s->kind));
	put(o, "type", json_object_new_string(s->type));
	put_judgement(o, s->judgement);
	put_counts(o, s->baseline, s->live, s->bytes, true);
	put(o, "age_s", span(0, s->age_max_s));
	put_real(life, "p99", 0);
	put(o, "lifetime_s", life);
	put_number(o, "in_thread", s->in_thread);
	put(o, "frames", frames_of(s));
	if (s->by)
		put(o, "created_by", report_json_frame(s->by));
	put(o, "released_at", json_object_new_array());
	put(o, "examples", json_object_new_array());
	return o;
}

/** report_json_lang_finding() - a site that stands alone */
struct json_object *report_json_lang_finding(const struct lang_site *s, size_t id)
{
	struct json_object *o = json_object_new_object(), *list = json_object_new_array();
	struct json_object *live = json_object_new_object();

	put_number(o, "id", id);
	put_judgement(o, s->judgement);
	json_object_array_add(list, json_object_new_uint64(lang_site_number(s)));
	put(o, "sites", list);
	put_counts(o, s->baseline, s->live, s->bytes, true);
	put_number(live, s->kind, s->live);
	put(o, "live", live);
	return o;
}

/** report_json_lang_totals() - their kinds beside the kernel's */
void report_json_lang_totals(const struct model *m, struct json_object *totals)
{
	struct lang_total rows[LANG_KINDS];
	int n = lang_process_totals(m->runtime, rows);

	for (int k = 0; k < n; k++) {
		struct json_object *o = json_object_new_object();

		put_counts(o, rows[k].baseline, rows[k].live, rows[k].bytes, false);
		put(totals, rows[k].kind, o);
	}
}

/** report_json_holders() - who the threads of a site are for; NULL: who starts them */
struct json_object *report_json_holders(struct model *m, const struct site *s)
{
	const struct lang_site *holders[HOLDERS];
	size_t n = s->kind == LEAKTRACE_KIND_THREAD ? blame_holders(m, s->stack, holders) : 0;
	struct json_object *list = n ? json_object_new_array() : NULL;

	for (size_t i = 0; i < n; i++) {
		struct json_object *o = json_object_new_object();

		put_number(o, "site", lang_site_number(holders[i]));
		put_number(o, "threads", holders[i]->in_thread);
		put(o, "frames", frames_of(holders[i]));
		json_object_array_add(list, o);
	}
	return list;
}
