// SPDX-License-Identifier: GPL-2.0
/*
 * Events of a session: as lines, for a pipe or a log; as JSON, one object per
 * line; or on a terminal above a table that is redrawn in place, so that
 * findings stay readable.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "analysis/blame.h"
#include "model/judgement.h"
#include "model/kind.h"
#include "model/model.h"
#include "model/runtime.h"
#include "model/site.h"
#include "model/target.h"
#include "report/json.h"
#include "session/alarm.h"
#include "session/live_view.h"
#include "session/session.h"
#include "symbolize/frame.h"
#include "util/format.h"
#include "util/json.h"
#include "util/units.h"

enum { PLACE_COLUMNS = 60 };

static void now_text(char *buf, size_t len)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	format_time(ts.tv_sec + ts.tv_nsec / 1e9, buf, len);
}

static struct json_object *json_event(struct traced *t, const char *event)
{
	struct json_object *o = json_object_new_object();
	char when[64];

	now_text(when, sizeof(when));
	json_object_object_add(o, "event", json_object_new_string(event));
	json_object_object_add(o, "time", json_object_new_string(when));
	json_object_object_add(o, "pid", json_object_new_int64(t->model.target.pid));
	json_object_object_add(o, "comm", json_string(t->model.target.comm));
	return o;
}

static void put_json(struct session *s, struct json_object *o)
{
	json_write_line(s->tail, o);
	fflush(s->tail);
}

/* Wall clock time, to the second. */
static void put_clock(FILE *f)
{
	time_t now = time(NULL);
	struct tm tm;
	char buf[16];

	localtime_r(&now, &tm);
	strftime(buf, sizeof(buf), "%H:%M:%S", &tm);
	fprintf(f, "%s ", buf);
}

static void json_note(struct session *s, struct traced *t, const char *event, const char *why)
{
	struct json_object *o = json_event(t, event), *base;
	const struct target *g = &t->model.target;

	if (!strcmp(event, "attached")) {
		base = json_object_new_object();
		for (int k = 0; k < KINDS; k++)
			if (g->kind[k].present && g->kinds & 1U << k)
				json_object_object_add(base, kind_name(k),
						       json_object_new_uint64(g->kind[k].baseline));
		json_object_object_add(o, "exe", json_string(t->model.exe));
		json_object_object_add(o, "baseline", base);
		if (g->parent)
			json_object_object_add(o, "forked", json_object_new_boolean(true));
	}
	if (!strcmp(event, "exited"))
		json_object_object_add(o, "exit_code", json_object_new_int64(target_exit_code(g)));
	if (why)
		json_object_object_add(o, "why", json_string(why));
	put_json(s, o);
}

/* attached, exited, detached, loss */
void live_note(struct session *s, struct traced *t, const char *event, const char *why)
{
	const struct target *g = &t->model.target;

	if (!s->tail)
		return;
	if (s->json) {
		json_note(s, t, event, why);
		return;
	}
	live_erase(s);
	put_clock(s->tail);
	fprintf(s->tail, "%-9s %s (%u)", event, *g->comm ? g->comm : "?", g->pid);
	if (why)
		fprintf(s->tail, ": %s", why);
	fputc('\n', s->tail);
	fflush(s->tail);
}

/* "load_template app.c:28", as the headline of a report has it */
static void put_place(FILE *f, const struct symbol_frame *place)
{
	char name[FRAME_NAME_BYTES], file[128];

	if (!place)
		return;
	fputs(frame_name_fit(place, PLACE_COLUMNS, name, sizeof(name)), f);
	if (place->file && place->line)
		fprintf(f, " %s:%d", path_fit(place->file, PLACE_COLUMNS / 2, file, sizeof(file)), place->line);
}

static void text_leak(struct session *s, struct traced *t, const char *word, struct site *site)
{
	const struct symbol_frame *f = blamed_frame_of_site(&t->model, site);
	const struct judgement *j = &site->judgement;

	live_erase(s);
	put_clock(s->tail);
	fprintf(s->tail, "%-9s %s (%u)  %s %s  ", word, t->model.target.comm, t->model.target.pid,
		kind_name(site->kind), type_name(site->type));
	put_place(s->tail, f);
	fprintf(s->tail, "  %s\n", j->evidence[0] ?: "");
	fflush(s->tail);
}

void live_leak(struct session *s, struct traced *t, enum alarm_news news, struct site *site)
{
	struct json_object *o;

	if (!s->tail)
		return;
	if (!s->json) {
		text_leak(s, t, alarm_news_text(news), site);
		return;
	}
	o = json_event(t, alarm_news_name(news));
	json_object_object_add(o, "site", report_json_site(&t->model, site));
	put_json(s, o);
}

/* The same for a runtime's site. */
void live_runtime(struct session *s, struct traced *t, enum alarm_news news,
		  const struct runtime_site *site)
{
	const struct symbol_frame *f = runtime_site_blamed_frame(site);
	struct json_object *o;

	if (!s->tail)
		return;
	if (s->json) {
		o = json_event(t, alarm_news_name(news));
		json_object_object_add(o, "site", report_json_runtime_site(site));
		put_json(s, o);
		return;
	}
	live_erase(s);
	put_clock(s->tail);
	fprintf(s->tail, "%-9s %s (%u)  %s %s  ", alarm_news_text(news), t->model.target.comm, t->model.target.pid,
		site->kind, site->type);
	put_place(s->tail, f);
	fprintf(s->tail, "  %s\n", site->judgement->evidence[0] ?: "");
	fflush(s->tail);
}

/* The same for children that are not reaped, or not traced. */
void live_children(struct session *s, struct traced *t, enum alarm_news news, enum child_group_id group)
{
	const struct child_group *g = &t->model.children.group[group];
	struct json_object *o;
	char live[32];

	if (!s->tail)
		return;
	if (s->json) {
		o = json_event(t, alarm_news_name(news));
		json_object_object_add(o, "site", report_json_child_site(&t->model, group));
		put_json(s, o);
		return;
	}
	live_erase(s);
	put_clock(s->tail);
	fprintf(s->tail, "%-9s %s (%u)  %s %s%s  %s\n", alarm_news_text(news), t->model.target.comm,
		t->model.target.pid, format_count(g->live, live), child_group_noun(group), g->live == 1 ? "" : "es",
		g->judgement.evidence[0] ?: "");
	fflush(s->tail);
}

static unsigned int draw_target(FILE *f, struct traced *t)
{
	const struct target *g = &t->model.target;
	double s = model_end_s(&t->model);
	unsigned int lines = 1;
	char age[32];

	fprintf(f, "%s (%u)  %s%s\033[K\n", g->comm, g->pid, format_seconds(s, age),
		t->done ? "  exited" : "");
	for (int k = 0; k < KINDS; k++) {
		const struct kind_totals *n = &g->kind[k];
		double growth = (double)n->live - n->baseline;
		char live[32], bytes[32] = "";

		if (!n->present || !(g->kinds & 1U << k))
			continue;
		if (k == LEAKTRACE_KIND_PAGE)
			format_bytes(n->live * PAGE_BYTES, bytes);
		fprintf(f, "  %-7s %12s live  %+10.0f since attach  %+10.1f per min  %s\033[K\n",
			kind_name(k), format_count(n->live, live), growth, s > 0 ? growth / s * 60 : 0, bytes);
		lines++;
	}
	return lines;
}

void live_draw(struct session *s)
{
	unsigned int lines = 0, shown = 0;

	if (!s->view || !s->tail)
		return;
	live_erase(s);
	for (struct traced *t = s->targets; t && shown < 4; t = t->next, shown++)
		lines += draw_target(s->tail, t);
	fprintf(s->tail, "%u leak%s found; Ctrl-C stops and prints the report\033[K\n", s->leaks,
		s->leaks == 1 ? "" : "s");
	s->drawn = lines + 1;
	fflush(s->tail);
}

void live_erase(struct session *s)
{
	if (s->drawn && s->tail)
		fprintf(s->tail, "\033[%uA\033[J", s->drawn);
	s->drawn = 0;
}
