// SPDX-License-Identifier: GPL-2.0
/*
 * Events of a session: as lines, for a pipe or a log; as JSON, one object per
 * line; or on a terminal above a table that is redrawn in place, so that
 * findings stay readable.
 */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "analysis/blame.h"
#include "model/finding.h"
#include "model/judgement.h"
#include "model/kind.h"
#include "model/model.h"
#include "model/runtime.h"
#include "model/site.h"
#include "model/target.h"
#include "model/workload.h"
#include "model/workload_json.h"
#include "report/json.h"
#include "session/alarm.h"
#include "session/live_view.h"
#include "session/news.h"
#include "session/session.h"
#include "symbolize/frame.h"
#include "util/clock.h"
#include "util/format.h"
#include "util/json.h"
#include "util/sanitize.h"
#include "util/terminal.h"
#include "util/units.h"

enum {
	PLACE_COLUMNS = 60,
	COLUMNS = 80, ROWS = 24,	/* of a terminal that does not tell */
	SHOWN_MAX = 8,			/* targets in the table */
	RATE_WINDOW_S = 10,		/* a rate of less time is a guess */
	JUST_NOW_S = 3,
};

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
	workload_put_json(o, &t->model.workload);
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
		if (g->flags & LEAKTRACE_TARGET_F_FORKED)
			json_object_object_add(o, "forked", json_object_new_boolean(true));
	}
	if (!strcmp(event, "exited"))
		json_object_object_add(o, "exit_code", json_object_new_int64(target_exit_code(g)));
	if (why)
		json_object_object_add(o, "why", json_string(why));
	put_json(s, o);
}

/* "python3 (150)", and where it runs */
static void put_process(FILE *f, const struct model *m)
{
	char label[600];

	workload_label(&m->workload, label, sizeof(label));
	fprintf(f, "%s (%u%s%s)", *m->target.comm ? m->target.comm : "?", m->target.pid, *label ? ", " : "", label);
}

/* The beginning of a line of news, above the table. */
static void begin_line(struct session *s, const struct traced *t, const char *word, unsigned int others)
{
	char n[32];

	live_erase(s);
	put_clock(s->tail);
	fprintf(s->tail, "%-9s ", word);
	put_process(s->tail, &t->model);
	if (others)
		fprintf(s->tail, " and %s other%s", format_count(others, n), others == 1 ? "" : "s");
}

/* Whoever only watches has not attached what is traced already. */
static const char *note_word(const struct session *s, const struct traced *t, const char *event)
{
	bool old = model_end_s(&t->model) > JUST_NOW_S;

	return s->watches && old && !strcmp(event, "attached") ? "following" : event;
}

/* attached, exited, detached, loss */
void live_note(struct session *s, struct traced *t, const char *event, const char *why)
{
	unsigned int left_out;

	if (!s->tail)
		return;
	if (s->json) {
		json_note(s, t, event, why);
		return;
	}
	if (!news_of_process_is_due(s->news, event, monotonic_ns(), &left_out))
		return;
	begin_line(s, t, note_word(s, t, event), left_out);
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

/* The other kinds of a finding, which have no line of their own. */
static void put_parts(FILE *f, const struct model *m, const struct site *site)
{
	uint32_t id = site->judgement.finding;
	const struct finding *g = id && id <= m->nfindings ? &m->findings[id - 1] : NULL;
	char n[32];

	for (int k = 0; g && k < KINDS; k++) {
		if (k == site->kind || !g->live[k])
			continue;
		fprintf(f, " + %s %s", k == LEAKTRACE_KIND_PAGE ? format_bytes(g->live[k] * PAGE_BYTES, n) :
			format_count(g->live[k], n), k == LEAKTRACE_KIND_PAGE ? "memory" : kind_name(k));
	}
}

static void text_leak(struct session *s, struct traced *t, enum alarm_news news, unsigned int others,
		      struct site *site)
{
	begin_line(s, t, alarm_news_text(news), others);
	if (site->judgement.heap_grows) {
		fputs("  the heap grows, first touched by ", s->tail);
	} else {
		fprintf(s->tail, "  %s %s", kind_name(site->kind), type_name(site->type));
		put_parts(s->tail, &t->model, site);
		fputs("  ", s->tail);
	}
	put_place(s->tail, blamed_frame_of_site(&t->model, site));
	fprintf(s->tail, "  %s\n", site->judgement.evidence[0] ?: "");
	fflush(s->tail);
}

void live_leak(struct session *s, struct traced *t, enum alarm_news news, unsigned int others, struct site *site)
{
	struct json_object *o;

	if (!s->tail)
		return;
	if (!s->json) {
		text_leak(s, t, news, others, site);
		return;
	}
	o = json_event(t, alarm_news_name(news));
	json_object_object_add(o, "site", report_json_site(&t->model, site));
	put_json(s, o);
}

/* The same for a runtime's site. */
void live_runtime(struct session *s, struct traced *t, enum alarm_news news, unsigned int others,
		  const struct runtime_site *site)
{
	struct json_object *o;

	if (!s->tail)
		return;
	if (s->json) {
		o = json_event(t, alarm_news_name(news));
		json_object_object_add(o, "site", report_json_runtime_site(site));
		put_json(s, o);
		return;
	}
	begin_line(s, t, alarm_news_text(news), others);
	fprintf(s->tail, "  %s %s  ", site->kind, site->type);
	put_place(s->tail, runtime_site_blamed_frame(site));
	fprintf(s->tail, "  %s\n", site->judgement->evidence[0] ?: "");
	fflush(s->tail);
}

/* The same for children that are not reaped, or not traced. */
void live_children(struct session *s, struct traced *t, enum alarm_news news, unsigned int others,
		   enum child_group_id group)
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
	begin_line(s, t, alarm_news_text(news), others);
	fprintf(s->tail, "  %s %s%s  %s\n", format_count(g->live, live), child_group_noun(group), g->live == 1 ? "" : "es",
		g->judgement.evidence[0] ?: "");
	fflush(s->tail);
}

/* One line of the table, cut where the terminal ends: a line that wraps could not be erased. */
static void draw_line(struct session *s, const char *fmt, ...)
{
	char line[1024];
	va_list args;
	size_t len;

	va_start(args, fmt);
	vsnprintf(line, sizeof(line), fmt, args);
	va_end(args);
	sanitize(line);
	len = text_fit(line, s->screen.size.columns ?: COLUMNS);
	line[len] = '\0';
	fprintf(s->tail, "%s\033[K\n", line);
	if (s->screen.nlines < SCREEN_LINES_MAX)
		s->screen.width[s->screen.nlines++] = text_columns(line);
}

/* The arguments, which tell workers apart that have one name. */
static void read_arguments(pid_t pid, char *buf, size_t len)
{
	char path[64];
	FILE *f;
	size_t n;

	snprintf(path, sizeof(path), "/proc/%d/cmdline", pid);
	f = fopen(path, "re");
	n = f ? fread(buf, 1, len - 1, f) : 0;
	if (f)
		fclose(f);
	while (n && !buf[n - 1])
		n--;
	for (size_t i = 0; i < n; i++)
		buf[i] = buf[i] ? buf[i] : ' ';
	buf[n] = '\0';
	n = strcspn(buf, " ");
	memmove(buf, buf + n, strlen(buf + n) + 1);
}

static void draw_kind(struct session *s, int kind, const struct kind_totals *n, double window_s, uint64_t heap_bytes)
{
	int64_t growth = n->live - n->baseline;
	char live[32], new[40], rate[40] = "", bytes[48] = "";

	if (kind == LEAKTRACE_KIND_PAGE)
		format_bytes(n->live * PAGE_BYTES, bytes);
	else if (kind == LEAKTRACE_KIND_HEAP)
		snprintf(bytes, sizeof(bytes), "samples of about %s", format_bytes(heap_bytes, live));
	if (window_s >= RATE_WINDOW_S)
		format_count_change(llround(growth / window_s * 60), rate);
	draw_line(s, "  %-7s %10s live %10s since attach %9s%s  %s", kind_name(kind), format_count(n->live, live),
		  format_count_change(growth, new), rate, *rate ? "/min" : "    ", bytes);
}

static void draw_target(struct session *s, struct traced *t, bool alone)
{
	const struct target *g = &t->model.target;
	double window_s = model_end_s(&t->model);
	char age[32], arguments[256] = "", label[600];

	if (!alone && !t->done)
		read_arguments(g->pid, arguments, sizeof(arguments));
	workload_label(&t->model.workload, label, sizeof(label));
	draw_line(s, "%s (%u%s%s)  %s%s %s", *g->comm ? g->comm : "?", g->pid, *label ? ", " : "", label,
		  format_seconds(window_s, age), t->done ? "  exited" : "", arguments);
	for (int k = 0; k < KINDS; k++)
		if (g->kind[k].present && g->kinds & 1U << k)
			draw_kind(s, k, &g->kind[k], window_s, t->heap_bytes);
}

/* As many as half of the terminal's height has room for, those that live first. */
static unsigned int draw_targets(struct session *s, unsigned int all)
{
	unsigned int kinds = __builtin_popcount(s->options->kinds), rows = s->screen.size.rows ?: ROWS;
	unsigned int room = rows / 2 / (1 + (kinds ?: 1)), shown = 0;

	room = room > SHOWN_MAX ? SHOWN_MAX : room ?: 1;
	for (int done = 0; done < 2; done++)
		for (struct traced *t = s->targets; t && shown < room; t = t->next)
			if (t->done == done) {
				draw_target(s, t, all == 1);
				shown++;
			}
	return shown;
}

static void draw_help(struct session *s)
{
	draw_line(s, "%s", "");
	draw_line(s, "  q, Ctrl-C   %s", s->watches ? "stop" : "stop, and print the report");
	draw_line(s, "  h           show or hide this");
	draw_line(s, "  live: how many there are; /min: growth since attach");
	draw_line(s, "  suspect: may become a leak; LEAK: is one; still leaking: has doubled since;");
	draw_line(s, "  cleared: was none");
}

void live_draw(struct session *s)
{
	unsigned int all = 0, shown;

	if (!s->view || !s->tail)
		return;
	live_erase(s);
	s->screen.size = terminal_size(fileno(s->tail));
	for (struct traced *t = s->targets; t; t = t->next)
		all++;
	shown = draw_targets(s, all);
	if (shown < all)
		draw_line(s, "%u more process%s", all - shown, all - shown == 1 ? "" : "es");
	if (s->screen.help)
		draw_help(s);
	draw_line(s, "%u leak%s found; q stops%s, h helps", s->leaks, s->leaks == 1 ? "" : "s",
		  s->watches ? "" : " and reports");
	fflush(s->tail);
}

/*
 * A terminal that has become narrower since has wrapped our lines, as most do:
 * then they take more rows than we have written.
 */
void live_erase(struct session *s)
{
	unsigned int columns, rows = 0;

	if (!s->screen.nlines || !s->tail)
		return;
	columns = terminal_size(fileno(s->tail)).columns ?: COLUMNS;
	for (unsigned int i = 0; i < s->screen.nlines; i++)
		rows += s->screen.width[i] > columns ? (s->screen.width[i] + columns - 1) / columns : 1;
	/* a key that was echoed may have moved the cursor to the right */
	fprintf(s->tail, "\r\033[%uA\033[J", rows);
	s->screen.nlines = 0;
}

void live_begin(struct session *s, bool wanted)
{
	s->view = wanted && s->tail && terminal_is_capable(fileno(s->tail));
	if (s->view)
		terminal_keys_begin();
}

/* Leaves the terminal as it was. */
void live_end(struct session *s)
{
	live_erase(s);
	if (s->view)
		terminal_keys_end();
	s->view = false;
}

void live_key(struct session *s)
{
	int key = terminal_key();

	if (key == 'q' || key == 'Q')
		s->stop = true;
	if (key == 'h' || key == 'H' || key == '?') {
		s->screen.help = !s->screen.help;
		live_draw(s);
	}
}
