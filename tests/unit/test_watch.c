// SPDX-License-Identifier: GPL-2.0
/* When an alarm is raised and called off: told of a verdict, second by second. */
#include <stdlib.h>

#include "cli.h"
#include "symbol_check.h"

static struct site site;
static struct finding finding;
static struct model m;
static struct watch *watch;
static int raised_s, cleared_s, now_s;

static void on_news(enum watch_news news, struct site *s, void *arg)
{
	(void)s;
	(void)arg;
	if (news == WATCH_LEAK && raised_s < 0)
		raised_s = now_s;
	if (news == WATCH_CLEARED && cleared_s < 0)
		cleared_s = now_s;
}

static void begin(void)
{
	static uint32_t parts[] = { 7 };

	watch_free(watch);
	watch = watch_new();
	site = (struct site){ .id = 7, .first_ns = NSEC_PER_SEC };
	site.judgement.finding = 1;
	finding = (struct finding){ .sites = parts, .nsites = 1 };
	m = (struct model){ .sites = &site, .nsites = 1, .findings = &finding, .nfindings = 1 };
	raised_s = cleared_s = -1;
	now_s = 0;
}

/* One more second, after which so many live. */
static void second(double live, enum verdict v, bool last)
{
	now_s++;
	m.target.now_ns = now_s * NSEC_PER_SEC;
	site.born = live;
	site.judgement.verdict = v;
	watch_sample(watch, &m);
	watch_judge(watch, &m, last, on_news, NULL);
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

/* Forty at once, and no more: told while it is news. */
static void a_burst_is_told(void)
{
	begin();
	while (now_s < 20)
		second(40, now_s < 8 ? VERDICT_SUSPECT : VERDICT_LEAK, false);
	CHECK(raised_s == 10, "at %d", raised_s);
}

static void the_last_look_needs_no_second(void)
{
	begin();
	second(10, VERDICT_LEAK, true);
	CHECK(raised_s == 1, "at %d", raised_s);
}

int main(void)
{
	two_looks_raise_four_call_off();
	a_burst_is_told();
	the_last_look_needs_no_second();
	watch_free(watch);
	return verdict("watch");
}
