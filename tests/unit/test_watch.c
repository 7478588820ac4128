// SPDX-License-Identifier: GPL-2.0
/* When an alarm is raised and called off: told of a verdict, second by second. */
#include <math.h>
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

static void waits(void)
{
	begin();
	while (now_s < 120)
		second(now_s, VERDICT_LEAK, false);
	CHECK(raised_s == 11 && cleared_s < 0, "at %d", raised_s);
	while (now_s < 130)
		second(120, VERDICT_CACHE, false);
	CHECK(cleared_s == 124, "at %d", cleared_s);
}

/* Nobody waits for the end of a pool that would be the end of the process. */
static void urgent(void)
{
	begin();
	finding.limit_s = 300;
	while (now_s < 60)
		second(5 * now_s, VERDICT_LEAK, false);
	CHECK(raised_s == 2, "at %d", raised_s);
	begin();
	finding.limit_s = 6000;
	while (now_s < 60)
		second(5 * now_s, VERDICT_LEAK, false);
	CHECK(raised_s == 11, "at %d", raised_s);
	/* nor does a report */
	begin();
	while (now_s < 8)
		second(now_s, VERDICT_LEAK, false);
	CHECK(raised_s < 0);
	second(9, VERDICT_LEAK, true);
	CHECK(raised_s == 9);
}

static void slows_down(void)
{
	begin();
	while (now_s < 300)
		second(300 * (1 - exp(-now_s / 10.0)), VERDICT_LEAK, false);
	CHECK(raised_s < 0, "at %d", raised_s);
	while (now_s < 700)
		second(300 * (1 - exp(-now_s / 10.0)), VERDICT_LEAK, false);
	CHECK(raised_s == 601, "at %d", raised_s);
	begin();
	while (now_s < 100)
		second(now_s * now_s / 10.0, VERDICT_LEAK, false);
	CHECK(raised_s == 11, "at %d", raised_s);
}

int main(void)
{
	waits();
	urgent();
	slows_down();
	watch_free(watch);
	return verdict("watch");
}
