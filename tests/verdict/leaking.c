// SPDX-License-Identifier: GPL-2.0
/* Programs that leak. Where a number is drawn, another seed is another program. */
#include <math.h>
#include <stdbool.h>
#include <stdint.h>

#include <linux/leaktrace.h>

#include "world.h"

#define FD	LEAKTRACE_KIND_FD, LEAKTRACE_TYPE_FILE
#define SOCKET	LEAKTRACE_KIND_FD, LEAKTRACE_TYPE_SOCKET
#define EVENT	LEAKTRACE_KIND_FD, LEAKTRACE_TYPE_EVENTFD
#define EPOLL	LEAKTRACE_KIND_FD, LEAKTRACE_TYPE_EPOLL
#define TIMER	LEAKTRACE_KIND_TIMER, LEAKTRACE_TYPE_POSIX_TIMER
#define THREAD	LEAKTRACE_KIND_THREAD, LEAKTRACE_TYPE_THREAD
#define PAGE	LEAKTRACE_KIND_PAGE, LEAKTRACE_TYPE_ANON
#define BLOCK	LEAKTRACE_KIND_HEAP, LEAKTRACE_TYPE_GLIBC

static unsigned int leaky(struct world *w, double end_s, uint8_t kind, uint8_t type)
{
	unsigned int p;

	w->end_s = end_s;
	background(w);
	p = site(w, kind, type);
	leaks(w, p, 0);
	return p;
}

static void steady(struct world *w, double end_s, double every_s, uint8_t kind, uint8_t type)
{
	unsigned int p = leaky(w, end_s, kind, type);

	drip(w, p, 0, end_s, every_s);
}

static void every_second(struct world *w) { steady(w, 180, 1, FD); }
static void ten_a_second(struct world *w) { steady(w, 90, 0.1, SOCKET); }
static void hundred_a_second(struct world *w) { steady(w, 40, 0.01, TIMER); }
static void forty_in_eight(struct world *w) { steady(w, 8.5, 0.2, FD); }
static void each_ten_seconds(struct world *w) { steady(w, 1800, 10, THREAD); }
static void each_minute(struct world *w) { steady(w, 7200, 60, FD); }
static void each_hour(struct world *w) { steady(w, 36 * 3600, 3600, TIMER); }

/* Of what a busy site makes, a share is forgotten. */
static void share(struct world *w, double end_s, double rate, double forgotten, struct law law)
{
	unsigned int p = leaky(w, end_s, SOCKET);

	for (double t = 0; t < end_s; t += draw(w, EXP(1 / rate)))
		life(w, p, t, chance(w) < forgotten ? NEVER_S : draw(w, law));
}

static void one_in_a_hundred(struct world *w) { share(w, 300, 50, 0.01, EXP(0.05)); }
static void one_in_200(struct world *w) { share(w, 600, 40, 0.005, LOGNORMAL(0.04, 1)); }
static void one_in_ten_thousand(struct world *w) { share(w, 1500, 400, 0.0001, EXP(0.02)); }
static void one_in_1000_slow(struct world *w) { share(w, 3600, 60, 0.001, LOGNORMAL(0.3, 1)); }
static void one_in_twenty_of_long(struct world *w) { share(w, 1200, 5, 0.05, EXP(30)); }
static void one_in_fifty_of_heavy(struct world *w) { share(w, 2400, 20, 0.02, PARETO(0.1, 1.5, 600)); }
static void half_of_pairs(struct world *w) { share(w, 120, 2, 0.5, EXP(0.01)); }
static void tenth_of_sessions(struct world *w) { share(w, 7200, 1, 0.1, UNIFORM(300, 600)); }
static void error_path(struct world *w) { share(w, 1800, 50, 0.0007, LOGNORMAL(0.01, 0.5)); }

static void bursts(struct world *w, double end_s, double every_s, int size)
{
	unsigned int p = leaky(w, end_s, FD);

	for (double t = every_s * chance(w); t < end_s; t += every_s * between(w, 0.7, 1.3))
		for (int i = 0; i < size; i++)
			life(w, p, t + 0.02 * i, NEVER_S);
}

static void ten_each_half_minute(struct world *w) { bursts(w, 900, 30, 10); }
static void fifty_each_five_minutes(struct world *w) { bursts(w, 7200, 300, 50); }
static void three_each_quarter_hour(struct world *w) { bursts(w, 6 * 3600, 900, 3); }

/* Bursts of work and long rests: only work leaks. */
static void by_shifts(struct world *w)
{
	unsigned int p = leaky(w, 3 * 3600, SOCKET);

	for (double t = 0; t < w->end_s; t += 600)
		for (double s = t; s < t + 60; s += draw(w, EXP(0.2)))
			life(w, p, s, chance(w) < 0.05 ? NEVER_S : draw(w, EXP(0.1)));
}

/* Load that changes over time, a share of it forgotten. */
static void by_load(struct world *w, double end_s, double (*rate)(double x), double most,
		    double forgotten, struct law law)
{
	unsigned int p = leaky(w, end_s, SOCKET);

	for (double t = 0; t < end_s; t += draw(w, EXP(1 / most)))
		if (chance(w) < rate(t / end_s))
			life(w, p, t, chance(w) < forgotten ? NEVER_S : draw(w, law));
}

static double ramp(double x) { return 0.05 + 0.95 * x; }
static double doubling(double x) { return pow(2, 6 * (x - 1)); }
static double day(double x) { return 0.55 + 0.45 * sin(2 * M_PI * 3 * x); }
static double evening(double x) { return 1 - 0.8 * x; }

static void under_growing_load(struct world *w) { by_load(w, 900, ramp, 20, 0.05, EXP(0.2)); }
static void under_doubling_load(struct world *w) { by_load(w, 1200, doubling, 30, 0.05, EXP(0.2)); }
static void day_and_night(struct world *w) { by_load(w, 3 * 3600, day, 5, 0.02, EXP(1)); }
static void under_falling_load(struct world *w) { by_load(w, 1800, evening, 4, 0.05, EXP(0.5)); }

static void late(struct world *w, double from_s, double end_s, double every_s)
{
	unsigned int p = leaky(w, end_s, FD);

	leaks(w, p, from_s);
	churn(w, p, 0, end_s, 2, EXP(0.1));
	for (int i = 0; i < 30; i++)
		life(w, p, between(w, 0, 10), NEVER_S);
	drip(w, p, from_s, end_s, every_s);
}

static void after_twenty_minutes(struct world *w) { late(w, 1200, 1500, 1); }
static void after_two_hours(struct world *w) { late(w, 7200, 8400, 5); }
static void after_an_hour_slowly(struct world *w) { late(w, 3600, 3 * 3600, 60); }

static void beside_a_cache(struct world *w)
{
	unsigned int p = leaky(w, 900, FD), cache = site(w, SOCKET), pages = site(w, PAGE);

	drip(w, p, 0, 900, 1);
	churn(w, cache, 0, 900, 3, FIXED(80));
	churn(w, pages, 0, 900, 20, EXP(5));
}

static void beside_a_pool_of_its_own(struct world *w)
{
	unsigned int p = leaky(w, 600, SOCKET);

	for (int i = 0; i < 50; i++)
		life(w, p, between(w, 0, 2), NEVER_S);
	drip(w, p, 5, 600, 2);
}

/* After an outage: the waits between attempts double up to a minute. */
static void by_reconnects(struct world *w)
{
	unsigned int p = leaky(w, 3600, SOCKET);

	for (double t = 0, wait = 1; t < 3600; t += wait, wait = fmin(60, wait * 1.5))
		life(w, p, t, NEVER_S);
}

static void now_and_then(struct world *w)
{
	unsigned int p = leaky(w, 1200, TIMER);
	double t = 0;

	while (t < 1200) {
		double rest_s = t + between(w, 20, 60);

		drip(w, p, t, rest_s, 1.5);
		t = rest_s + between(w, 10, 60);
	}
}

static void attached_late(struct world *w)
{
	unsigned int p = leaky(w, 300, SOCKET);

	drip(w, p, -900, 300, 1);
	churn(w, p, -900, 300, 2, EXP(20));
}

/* A context: three eventfds, an epoll, a thread, a timer. */
static void context(struct world *w)
{
	unsigned int p[6] = { leaky(w, 180, EVENT) };

	p[1] = site_under(w, EVENT, p[0]);
	p[2] = site_under(w, EVENT, p[0]);
	p[3] = site_under(w, EPOLL, p[0]);
	p[4] = site_under(w, THREAD, p[0]);
	p[5] = site_under(w, TIMER, p[0]);
	for (double t = 1; t < 180; t += between(w, 0.5, 1.5))
		for (int i = 0; i < 6; i++) {
			leaks(w, p[i], 0);
			life(w, p[i], t + 0.0003 * i, NEVER_S);
		}
}

/* One line of an interpreted program, two chains of frames. */
static void two_chains(struct world *w)
{
	unsigned int p = leaky(w, 60, FD), q = site_under(w, FD, p);

	leaks(w, q, 0);
	w->place[q].pcs[1] = w->place[p].pcs[1];
	w->place[q].pcs[6] = w->place[q].pcs[5];
	w->place[q].pcs[5] = w->place[q].pcs[4];
	w->place[q].pcs[4] = w->place[q].pcs[3];
	w->place[q].pcs[3] = 0x60000;
	w->place[q].npcs = 7;
	drip(w, q, 0, 6, 1);
	drip(w, p, 6, 60, 1);
}

static void mapped_pages(struct world *w)
{
	unsigned int p = leaky(w, 300, PAGE);

	for (double t = 1; t < 300; t += between(w, 3, 6))
		for (int i = 0; i < 64; i++)
			life(w, p, t + 1e-5 * i, NEVER_S);
}

static void heap_blocks(struct world *w)
{
	unsigned int p = leaky(w, 300, BLOCK);

	churn(w, p, 0, 300, 20, EXP(2));
	drip(w, p, 0, 300, 1);
}

static unsigned int growing_heap(struct world *w)
{
	unsigned int p;

	w->end_s = 900;
	background(w);
	p = site(w, PAGE);
	grows(w, p);
	return p;
}

static void heap_pages(struct world *w)
{
	unsigned int p = growing_heap(w);

	churn(w, p, 0, 900, 20, EXP(2));
	drip(w, p, 0, 900, 0.3);
}

static void heap_pages_of_three(struct world *w)
{
	unsigned int p[3] = { growing_heap(w), site(w, PAGE), site(w, PAGE) };

	for (int i = 0; i < 3; i++) {
		grows(w, p[i]);
		drip(w, p[i], 0, 900, 1 + i);
	}
}

static void load_ends(struct world *w)
{
	unsigned int p = leaky(w, 150, FD);

	churn(w, p, 0, 130, 5, EXP(0.1));
	drip(w, p, 0, 130, 1);
}

const struct program leaking[] = {
	{ "steady, one a second", every_second },
	{ "steady, ten a second", ten_a_second },
	{ "steady, a hundred a second", hundred_a_second },
	{ "forty in eight seconds", forty_in_eight },
	{ "one in ten seconds", each_ten_seconds },
	{ "one a minute", each_minute },
	{ "one an hour", each_hour },
	{ "1 of 100", one_in_a_hundred },
	{ "1 of 200, uneven lives", one_in_200 },
	{ "1 of 10,000", one_in_ten_thousand },
	{ "1 of 1,000, uneven lives", one_in_1000_slow },
	{ "1 of 20, others live for 30 s", one_in_twenty_of_long },
	{ "1 of 50, heavy-tailed lives", one_in_fifty_of_heavy },
	{ "one end of each pipe", half_of_pairs },
	{ "1 of 10 sessions of minutes", tenth_of_sessions },
	{ "an error path", error_path },
	{ "bursts of 10, twice a minute", ten_each_half_minute },
	{ "bursts of 50 each 5 minutes", fifty_each_five_minutes },
	{ "bursts of 3 each 15 minutes", three_each_quarter_hour },
	{ "a minute of work each ten", by_shifts },
	{ "under growing load", under_growing_load },
	{ "under doubling load", under_doubling_load },
	{ "by day and night", day_and_night },
	{ "under falling load", under_falling_load },
	{ "starts after 20 minutes", after_twenty_minutes },
	{ "starts after two hours", after_two_hours },
	{ "starts after an hour, one a minute", after_an_hour_slowly },
	{ "beside a cache", beside_a_cache },
	{ "beside a pool of the same site", beside_a_pool_of_its_own },
	{ "by reconnects that get rarer", by_reconnects },
	{ "now and then", now_and_then },
	{ "attached after 15 minutes of it", attached_late },
	{ "a context of six objects", context },
	{ "one line, two chains of frames", two_chains },
	{ "mapped memory", mapped_pages },
	{ "blocks of the heap, sampled, among transients", heap_blocks },
	{ "the load ends before we look", load_ends },
	{ 0 }
};

const struct program growing[] = {
	{ "pages of the heap, among transients", heap_pages },
	{ "pages of the heap, at three places", heap_pages_of_three },
	{ 0 }
};
