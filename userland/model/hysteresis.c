// SPDX-License-Identifier: GPL-2.0
/*
 * The hysteresis between verdicts and reports, for all kinds.
 */
#include "model/hysteresis.h"

enum { PAUSE_S = 10 };		/* between reports of an alarm that grows */

static bool has_grown(const struct alarm *a, const struct alarm_sample *s)
{
	return s->repeats && s->live >= a->live_reported * 2 && s->now_s - a->reported_s >= PAUSE_S;
}

static enum alarm_news without_leak(struct alarm *a, bool last)
{
	a->up = 0;
	if (++a->down < ALARM_CLEAR_SAMPLES && !last)
		return ALARM_NO_NEWS;
	a->mentioned = false;
	if (!a->raised)
		return ALARM_NO_NEWS;
	a->raised = false;
	return ALARM_CLEARED;
}

static enum alarm_news with_leak(struct alarm *a, const struct alarm_sample *s)
{
	if (!a->up++)
		a->since_s = s->now_s;
	a->down = 0;
	if (a->raised)
		return has_grown(a, s) ? ALARM_LEAK_GREW : ALARM_NO_NEWS;
	if (s->silent || (a->up < s->raise_samples && !s->last))
		return ALARM_NO_NEWS;
	if (s->last || s->now_s - a->since_s >= s->wait_s) {
		a->raised = true;
		return ALARM_LEAK;
	}
	if (a->mentioned)
		return ALARM_NO_NEWS;
	a->mentioned = true;
	return ALARM_GROWTH;
}

/** alarm_update() - one more sample; what there is to report of it */
enum alarm_news alarm_update(struct alarm *a, const struct alarm_sample *sample)
{
	enum alarm_news news = sample->leak ? with_leak(a, sample) : without_leak(a, sample->last);

	if (news != ALARM_NO_NEWS) {
		a->live_reported = sample->live;
		a->reported_s = sample->now_s;
	}
	return news;
}

const char *alarm_news_name(enum alarm_news news)
{
	static const char *const names[] = {
		[ALARM_NO_NEWS] = "", [ALARM_GROWTH] = "growth", [ALARM_LEAK] = "leak",
		[ALARM_LEAK_GREW] = "growth", [ALARM_CLEARED] = "cleared",
	};

	return names[news];
}

const char *alarm_news_text(enum alarm_news news)
{
	static const char *const words[] = {
		[ALARM_NO_NEWS] = "", [ALARM_GROWTH] = "suspect", [ALARM_LEAK] = "LEAK",
		[ALARM_LEAK_GREW] = "still leaking", [ALARM_CLEARED] = "cleared",
	};

	return words[news];
}
