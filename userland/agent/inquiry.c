// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "agent/dossier.h"
#include "agent/inquiry.h"
#include "agent/last_words.h"
#include "agent/message.h"
#include "agent/state.h"
#include "agent/telling.h"
#include "agent/tracing.h"
#include "look/look.h"
#include "model/target.h"
#include "report/json.h"
#include "report/report.h"
#include "report/text.h"
#include "util/clock.h"
#include "util/format.h"
#include "util/style.h"
#include "util/units.h"

enum {
	CONFIRM_S = 10,			/* a leak must still be one after that time, */
	CONFIRM_PARTS = 6,		/* or after this part of the whole */
	RATE_S = 5,			/* over which events are counted */
	TICK_S = 1,
	LOOKS = 60,			/* in the whole time */
	JUDGE_FROM = 10,		/* looks */
	LOOK_PARTS = 20,		/* a look takes at most this part of the time */
};

static struct model *model_of(struct inquiry *i)
{
	return i->traced ? &i->traced->model : &i->look->model;
}

static void free_look(struct inquiry *i)
{
	if (i->look)
		look_end(i->look);
	free(i->look);
	i->look = NULL;
}

static bool begin_look(struct inquiry *i, const char *why)
{
	char err[512];

	i->look = calloc(1, sizeof(*i->look));
	if (!i->look || look_begin(i->look, i->watched->row.pid, err, sizeof(err))) {
		message(PRIORITY_WARNING, "%s (%d) cannot be looked at: %s", i->watched->row.comm, i->watched->row.pid,
			i->look ? err : "out of memory");
		free_look(i);
		return false;
	}
	snprintf(i->look->absent, sizeof(i->look->absent), "%s", why);
	return true;
}

static void free_inquiry(struct agent *a, struct inquiry *i)
{
	i->watched->inquiry = NULL;
	a->inquiries--;
	free_look(i);
	free(i->stem);
	free(i);
}

static struct inquiry *new_inquiry(struct agent *a, struct watched *w)
{
	struct inquiry *i = calloc(1, sizeof(*i));

	if (i)
		i->stem = dossier_stem(a->configuration.directory, &w->row);
	if (!i || !i->stem) {
		free(i);
		return NULL;
	}
	i->watched = w;
	i->began_ns = monotonic_ns();
	i->ends_ns = i->began_ns + (uint64_t)(w->watch->attach_s * NSEC_PER_SEC);
	w->inquiry = i;
	a->inquiries++;
	return i;
}

static void rest(struct watched *w)
{
	w->rests_until_ns = monotonic_ns() + (uint64_t)(w->watch->again_s * NSEC_PER_SEC);
}

void inquiry_begin(struct agent *a, struct watched *w)
{
	struct inquiry *i = new_inquiry(a, w);
	char why[512] = "";

	if (!i)
		return;
	message(PRIORITY_NOTICE, "watch %s: %s (%d): %s", w->watch->name, w->row.comm, w->row.pid, w->reason);
	if (tracing_begin(a, i, why, sizeof(why))) {
		message(PRIORITY_INFO, "%s (%d) is traced", w->row.comm, w->row.pid);
	} else if (begin_look(i, why)) {
		message(PRIORITY_INFO, "%s (%d) is looked at from outside: %s", w->row.comm, w->row.pid, why);
	} else {
		rest(w);
		free_inquiry(a, i);
	}
}

static void describe(const struct inquiry *i, enum inquiry_end end, char *buf, size_t len)
{
	static const char *const ends[] = {
		[END_ANSWER] = ", until a leak was found", [END_TIME] = "", [END_EXITED] = ", until its end",
		[END_BUDGET] = ", until the agent took more than it may",
		[END_SUFFERS] = ", until it had more events than MaxEvents", [END_DETACHED] = ", until others detached it",
		[END_AGENT] = ", until the agent ended",
	};
	char time[32];

	format_seconds((double)(monotonic_ns() - i->began_ns) / NSEC_PER_SEC, time);
	snprintf(buf, len, "%s for %s%s%s%s", i->traced ? "traced" : "looked at from outside", time, ends[end],
		 i->taken_up ? "; taken up from an agent that was killed" : "", i->traced ? "" : ", as ");
	if (!i->traced)
		snprintf(buf + strlen(buf), len - strlen(buf), "%s", i->look->absent);
}

static char *text_of(struct inquiry *i)
{
	struct report_style style = { .format = FORMAT_TEXT };
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	if (!f)
		return NULL;
	if (i->traced)
		report_write(f, model_of(i), &style);
	else
		look_text(f, i->look, &style);
	fclose(f);
	return text;
}

/* How it ended, best by who has seen it. */
static void describe_end(struct inquiry *i, char *buf, size_t len)
{
	struct watched *w = i->watched;

	*buf = '\0';
	if (i->traced && i->traced->model.target.flags & LEAKTRACE_TARGET_F_EXITED) {
		w->exit_code = i->traced->model.target.exit_code;
		if (i->traced->model.oom_killed) {
			last_words_oom(w, true, buf, len);
			return;
		}
	}
	if (w->ended || (i->traced && i->traced->model.target.flags & LEAKTRACE_TARGET_F_EXITED))
		last_words_end(w, buf, len);
}

static bool was_oom_killed(const struct inquiry *i)
{
	return (i->traced && i->traced->model.oom_killed) || watched_was_oom_killed(i->watched);
}

static void count(struct agent *a, enum inquiry_end end, bool ended, unsigned int leaks)
{
	a->counts.reports += !ended;
	a->counts.last_words += ended;
	a->counts.leaks += leaks;
	a->counts.stopped += end == END_BUDGET || end == END_SUFFERS;
}

void inquiry_end(struct agent *a, struct watched *w, enum inquiry_end end)
{
	struct inquiry *i = w->inquiry;
	char how[600], died[128], *text;
	struct json_object *json;
	unsigned int leaks;
	bool oom_killed;

	if (end == END_EXITED)
		watched_has_ended(w);
	if (i->traced)
		tracing_finish(a, i);
	else
		look_judge(i->look, &a->options.analysis);
	describe(i, end, how, sizeof(how));
	describe_end(i, died, sizeof(died));
	text = text_of(i);
	json = i->traced ? report_json(model_of(i)) : look_json(i->look);
	leaks = report_leak_count(model_of(i));
	oom_killed = *died && was_oom_killed(i);
	/* before anybody is told that it is over */
	if (i->traced)
		tracing_end(a, i);
	w->told = *died;
	tell(a, &(struct telling){ .watched = w, .stem = i->stem, .event = *died ? "last words" : "report", .how = how,
				   .end = died, .report = text ?: "", .json = json, .leaks = leaks,
				   .oom_killed = oom_killed });
	count(a, end, *died, leaks);
	free(text);
	rest(w);
	free_inquiry(a, i);
}

/* Creations and releases a second since the last time; negative: that was just now. */
static double events_per_s(struct inquiry *i, uint64_t now_ns)
{
	const struct target *t = &i->traced->model.target;
	uint64_t events = 0, before = i->events, since_ns = now_ns - i->events_ns;
	bool first = !i->events_ns;

	if (!first && since_ns < RATE_S * NSEC_PER_SEC)
		return -1;
	for (int k = 0; k < KINDS; k++)
		events += t->kind[k].born + t->kind[k].died;
	i->events = events;
	i->events_ns = now_ns;
	return first ? -1 : (events - before) / ((double)since_ns / NSEC_PER_SEC);
}

/* Between two times that a target's objects are read its sites have no verdicts. */
static bool has_leak(struct inquiry *i)
{
	return report_leaks(model_of(i)) || (i->traced && i->traced->leaks);
}

/* false: it goes on */
static bool is_answered(struct inquiry *i, uint64_t now_ns)
{
	uint64_t confirm_ns = (i->ends_ns - i->began_ns) / CONFIRM_PARTS;

	if (confirm_ns > CONFIRM_S * NSEC_PER_SEC)
		confirm_ns = CONFIRM_S * NSEC_PER_SEC;
	if (!has_leak(i))
		i->leak_ns = 0;
	else if (!i->leak_ns)
		i->leak_ns = now_ns;
	return i->leak_ns && now_ns - i->leak_ns >= confirm_ns;
}

static bool trace_on(struct agent *a, struct inquiry *i, uint64_t now_ns, enum inquiry_end *end)
{
	*end = i->traced->detached ? END_DETACHED : i->traced->done ? END_EXITED : END_TIME;
	if (i->traced->done)
		return false;
	if (is_answered(i, now_ns))
		*end = END_ANSWER;
	else if (events_per_s(i, now_ns) > a->configuration.events_per_s)
		*end = END_SUFFERS;
	return *end == END_TIME && now_ns < i->ends_ns;
}

static bool look_on(struct agent *a, struct inquiry *i, uint64_t now_ns, enum inquiry_end *end)
{
	uint64_t every_ns = (i->ends_ns - i->began_ns) / LOOKS, took_ns;
	bool last = now_ns >= i->ends_ns;

	*end = END_TIME;
	if (!last && now_ns < i->look_next_ns)
		return true;
	if (!look_again(i->look, last)) {
		*end = END_EXITED;
		return false;
	}
	if (i->look->looks >= JUDGE_FROM && !last) {
		look_judge(i->look, &a->options.analysis);
		last = is_answered(i, now_ns);
		if (last)
			*end = END_ANSWER;
	}
	took_ns = monotonic_ns() - now_ns;
	i->look_next_ns = now_ns + (every_ns > LOOK_PARTS * took_ns ? every_ns : LOOK_PARTS * took_ns);
	return !last;
}

void inquiries_step(struct agent *a)
{
	const char *over;

	tracing_step(a);
	over = budget_exceeded(&a->budget, a->configuration.processor_share, a->configuration.memory_bytes);
	for (struct watched *w = a->watched.first; w && a->inquiries; w = w->next) {
		enum inquiry_end end = END_BUDGET;
		uint64_t now_ns = monotonic_ns();

		if (w->inquiry && (over || !(w->inquiry->traced ? trace_on(a, w->inquiry, now_ns, &end) :
					     look_on(a, w->inquiry, now_ns, &end))))
			inquiry_end(a, w, end);
	}
	tracing_rest(a);
}

uint64_t inquiries_next_ns(const struct agent *a)
{
	uint64_t next_ns = a->session_is_open ? monotonic_ns() + TICK_S * NSEC_PER_SEC : UINT64_MAX;

	for (const struct watched *w = a->watched.first; w; w = w->next)
		if (w->inquiry && w->inquiry->look && w->inquiry->look_next_ns < next_ns)
			next_ns = w->inquiry->look_next_ns;
	return next_ns;
}

static struct inquiry *take_up(struct agent *a, const struct target *t, const char *watch)
{
	const struct watch *of = configuration_watch(&a->configuration, watch);
	struct watched *w = of ? watched_take(&a->watched, of, t->pid, t->comm) : NULL;

	if (w && !*w->reason)
		snprintf(w->reason, sizeof(w->reason), "a rule of an agent before this one");
	return w && !w->inquiry ? new_inquiry(a, w) : NULL;
}

void inquiries_take_up(struct agent *a)
{
	tracing_take_up(a, take_up);
	tracing_rest(a);
}
