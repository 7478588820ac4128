// SPDX-License-Identifier: GPL-2.0
/* When an alarm is raised and called off: told of a verdict, second by second. */
#include <stdlib.h>

#include "model/finding.h"
#include "model/judgement.h"
#include "model/model.h"
#include "model/site.h"
#include "session/alarm.h"
#include "util/units.h"
#include "check.h"

static struct site site;
static struct finding finding;
static struct model m;
static struct alarm_set *alarms;
static int raised_s, cleared_s, grew_s, growths, now_s;

static void on_news(enum alarm_news news, struct site *s, void *arg)
{
	(void)s;
	(void)arg;
	if (news == ALARM_LEAK && raised_s < 0)
		raised_s = now_s;
	if (news == ALARM_CLEARED && cleared_s < 0)
		cleared_s = now_s;
	if (news == ALARM_GROWTH && grew_s < 0)
		grew_s = now_s;
	growths += news == ALARM_GROWTH || news == ALARM_LEAK_GREW;
}

static void begin(void)
{
	static uint32_t parts[] = { 7 };

	alarm_set_free(alarms);
	alarms = alarm_set_new();
	site = (struct site){ .id = 7, .first_ns = NSEC_PER_SEC };
	site.judgement.finding = 1;
	finding = (struct finding){ .sites = parts, .nsites = 1 };
	m = (struct model){ .sites = &site, .nsites = 1, .findings = &finding, .nfindings = 1 };
	raised_s = cleared_s = grew_s = -1;
	now_s = growths = 0;
}

/* One more second, after which so many live. */
static void second(double live, enum verdict v, bool last)
{
	now_s++;
	m.target.now_ns = now_s * NSEC_PER_SEC;
	site.born = live;
	site.judgement.verdict = v;
	alarm_set_sample(alarms, &m);
	alarm_set_update(alarms, &m, last, on_news, NULL);
}

static void two_looks_raise_four_call_off(void)
{
	begin();
	second(10, VERDICT_LEAK, false);
	second(20, VERDICT_SUSPECT, false);
	CHECK(raised_s < 0, "one look is none");
	while (now_s < 120)
		second(10 * now_s, VERDICT_LEAK, false);
	CHECK(raised_s == 4 && cleared_s < 0, "at %d", raised_s);
	while (now_s < 123)
		second(1200, VERDICT_CACHE, false);
	second(1200, VERDICT_LEAK, false);
	CHECK(cleared_s < 0, "at %d", cleared_s);
	while (now_s < 140)
		second(1200, VERDICT_CACHE, false);
	CHECK(cleared_s == 128, "at %d", cleared_s);
}

/* Forty at once, and no more: as growth while it is news, as a leak in the end. */
static void early_growth_is_told_once(void)
{
	begin();
	finding.judgement.early = true;
	while (now_s < 60)
		second(40, now_s < 8 ? VERDICT_SUSPECT : VERDICT_LEAK, false);
	CHECK(grew_s == 10 && growths == 1 && raised_s < 0, "at %d, %d times, a leak at %d", grew_s,
	      growths, raised_s);
	second(40, VERDICT_LEAK, true);
	CHECK(raised_s == 61 && growths == 1, "a leak at %d", raised_s);
}

static void what_goes_on_is_a_leak(void)
{
	begin();
	while (now_s < 100) {
		finding.judgement.early = now_s < 45;
		second(10 * now_s, VERDICT_LEAK, false);
	}
	CHECK(grew_s == 2 && raised_s == 46 && cleared_s < 0, "at %d, a leak at %d", grew_s, raised_s);
}

/* It was full: the next time it grows is news again. */
static void a_pool_is_never_a_leak(void)
{
	begin();
	finding.judgement.early = true;
	while (now_s < 200)
		second(now_s, now_s % 100 < 40 ? VERDICT_LEAK : VERDICT_CACHE, false);
	CHECK(raised_s < 0 && cleared_s < 0 && growths == 2, "a leak at %d, %d times growth", raised_s,
	      growths);
}

static void near_a_limit_nobody_waits(void)
{
	begin();
	finding.judgement.early = true;
	finding.limit_s = 3600;
	while (now_s < 20)
		second(10 * now_s, VERDICT_LEAK, false);
	CHECK(raised_s < 0, "at %d", raised_s);
	finding.limit_s = 60;
	second(300, VERDICT_LEAK, false);
	CHECK(raised_s == 21, "at %d", raised_s);
}

static void the_last_look_needs_no_second(void)
{
	begin();
	second(10, VERDICT_LEAK, true);
	CHECK(raised_s == 1, "at %d", raised_s);
}

static void the_last_look_takes_an_alarm_back(void)
{
	begin();
	second(10, VERDICT_LEAK, false);
	second(20, VERDICT_LEAK, false);
	second(20, VERDICT_CACHE, true);
	CHECK(raised_s == 2 && cleared_s == 3, "a leak at %d, cleared at %d", raised_s, cleared_s);
}

/* Nobody is to blame for it, neither later nor in the end. */
static void that_the_heap_grows_is_told_once(void)
{
	begin();
	site.judgement.heap_grows = true;
	while (now_s < 900)
		second(now_s, VERDICT_SUSPECT, false);
	second(900, VERDICT_SUSPECT, true);
	CHECK(grew_s == 7 && growths == 1 && raised_s < 0, "at %d, %d times, a leak at %d", grew_s, growths, raised_s);
}

/* Its pages were told of before the samples of its blocks were enough. */
static void a_leak_that_explains_it_is_an_alarm(void)
{
	static struct site both[2];
	static uint32_t parts[] = { 7, 8 };

	begin();
	both[0] = both[1] = site;
	both[1].id = 8;
	both[1].judgement.heap_grows = true;
	both[1].judgement.verdict = VERDICT_SUSPECT;
	finding.sites = parts;
	finding.nsites = 2;
	m.sites = both;
	m.nsites = 2;
	for (now_s = 1; now_s < 40; now_s++) {
		m.target.now_ns = now_s * NSEC_PER_SEC;
		both[0].born = both[1].born = 10 * now_s;
		both[0].judgement.verdict = now_s < 20 ? VERDICT_OK : VERDICT_LEAK;
		parts[0] = now_s < 20 ? 8 : 7;
		parts[1] = now_s < 20 ? 7 : 8;
		alarm_set_sample(alarms, &m);
		alarm_set_update(alarms, &m, false, on_news, NULL);
	}
	CHECK(grew_s == 2 && raised_s == 21, "growth at %d, a leak at %d", grew_s, raised_s);
}

int main(void)
{
	that_the_heap_grows_is_told_once();
	a_leak_that_explains_it_is_an_alarm();
	two_looks_raise_four_call_off();
	early_growth_is_told_once();
	what_goes_on_is_a_leak();
	a_pool_is_never_a_leak();
	near_a_limit_nobody_waits();
	the_last_look_needs_no_second();
	the_last_look_takes_an_alarm_back();
	alarm_set_free(alarms);
	return verdict("watch");
}
