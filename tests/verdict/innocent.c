// SPDX-License-Identifier: GPL-2.0
/* Programs that don't leak, though most of them grow for a while. */
#include <math.h>
#include <stdbool.h>
#include <stdint.h>

#include <linux/leaktrace.h>

#include "world.h"

#define FD	LEAKTRACE_KIND_FD, LEAKTRACE_TYPE_FILE
#define SOCKET	LEAKTRACE_KIND_FD, LEAKTRACE_TYPE_SOCKET
#define TIMER	LEAKTRACE_KIND_TIMER, LEAKTRACE_TYPE_POSIX_TIMER
#define THREAD	LEAKTRACE_KIND_THREAD, LEAKTRACE_TYPE_THREAD
#define PAGE	LEAKTRACE_KIND_PAGE, LEAKTRACE_TYPE_ANON

static unsigned int good(struct world *w, double end_s, uint8_t kind, uint8_t type)
{
	w->end_s = end_s;
	background(w);
	return site(w, kind, type);
}

static void pool_at_start(struct world *w)
{
	unsigned int p = good(w, 600, SOCKET);

	for (int i = 0; i < 50; i++)
		life(w, p, between(w, 0, 1), NEVER_S);
}

/* The oldest makes room for the new. */
static void fifo(struct world *w, double end_s, double rate, double room)
{
	unsigned int p = good(w, end_s, FD);

	churn(w, p, 0, end_s, rate, FIXED(room / rate));
}

static void lru_of_40(struct world *w) { fifo(w, 600, 2, 40); }
static void lru_of_200(struct world *w) { fifo(w, 1200, 2, 200); }
static void lru_of_5000(struct world *w) { fifo(w, 3600, 8, 5000); }
static void ttl_of_ten_minutes(struct world *w) { fifo(w, 3600, 1, 600); }
static void keep_alive(struct world *w) { fifo(w, 1200, 1, 75); }

static void random_replacement(struct world *w)
{
	unsigned int p = good(w, 1800, FD);

	churn(w, p, 0, 1800, 5, EXP(100));
}

/* Births get rarer as the room fills: by coupons, by records, by a constant. */
static void fills_exponentially(struct world *w)
{
	unsigned int p = good(w, 1200, FD);
	double tau_s = between(w, 20, 90);

	for (int i = 0; i < 300; i++)
		life(w, p, draw(w, EXP(tau_s)), NEVER_S);
}

static void file_cache(struct world *w)
{
	unsigned int p = good(w, 3600, FD);

	/* the more popular, the sooner it is asked for */
	for (int i = 1; i <= 256; i++)
		life(w, p, draw(w, EXP(4.0 * i)), NEVER_S);
}

static void grows_on_demand(struct world *w)
{
	unsigned int p = good(w, 1800, THREAD);
	double t = 0.5;

	for (int i = 0; i < 64; i++, t *= between(w, 1.05, 1.3))
		life(w, p, t, NEVER_S);
}

static void fills_at_one_rate(struct world *w)
{
	unsigned int p = good(w, 1800, SOCKET);

	for (int i = 0; i < 120; i++)
		life(w, p, i * between(w, 0.95, 1.05), NEVER_S);
}

static void fills_in_two_steps(struct world *w)
{
	unsigned int p = good(w, 2400, SOCKET);

	for (int i = 0; i < 80; i++)
		life(w, p, (i < 40 ? 0 : 600) + between(w, 0, 40), NEVER_S);
}

static void fills_within_seconds(struct world *w)
{
	unsigned int p = good(w, 600, THREAD);

	for (int i = 0; i < 32; i++)
		life(w, p, 0.05 * i * between(w, 0.9, 1.1), NEVER_S);
}

/* Collected for a while, then released at once. */
static void sawtooth(struct world *w, double end_s, double period_s, double rate)
{
	unsigned int p = good(w, end_s, FD);

	for (double t = 0; t < end_s; t += period_s)
		for (double s = t; s < t + period_s; s += draw(w, EXP(1 / rate)))
			life(w, p, s, t + period_s - s);
}

static void collector(struct world *w) { sawtooth(w, 600, 40, 10); }
static void batch_of_five_minutes(struct world *w) { sawtooth(w, 3600, 300, 1); }
static void nightly(struct world *w) { sawtooth(w, 5 * 24 * 3600, 24 * 3600, 0.005); }

static void two_generations(struct world *w)
{
	unsigned int p = good(w, 3600, PAGE);

	w->place[p].heap = true;
	for (double t = 0; t < 3600; t += draw(w, EXP(0.2))) {
		double minor_s = 20 * ceil(t / 20 + 1e-9), major_s = 600 * ceil(t / 600 + 1e-9);

		life(w, p, t, (chance(w) < 0.1 ? major_s : minor_s) - t);
	}
}

static void batches(struct world *w, double every_s, double for_s, int size)
{
	unsigned int p = good(w, 3600, FD);

	for (double t = every_s * chance(w); t < 3600; t += every_s)
		for (int i = 0; i < size; i++)
			life(w, p, t + 0.01 * i, for_s);
}

static void batches_held_long(struct world *w) { batches(w, 600, 480, 100); }
static void clients_in_crowds(struct world *w) { batches(w, 120, 90, 100); }
static void periodic_job(struct world *w) { batches(w, 300, 180, 20); }
static void reload(struct world *w) { batches(w, 600, 600, 40); }

static void load(struct world *w, double end_s, double (*rate)(double x), double most,
		 struct law law)
{
	unsigned int p = good(w, end_s, SOCKET);

	for (double t = 0; t < end_s; t += draw(w, EXP(1 / most)))
		if (chance(w) < rate(t / end_s))
			life(w, p, t, draw(w, law));
}

static double hill(double x) { return 0.05 + 0.95 * sin(M_PI * x); }
static double day(double x) { return 0.55 + 0.45 * sin(2 * M_PI * 3 * x); }
static double ramp(double x) { return 0.05 + 0.95 * x; }
static double doubling(double x) { return pow(2, 6 * (x - 1)); }
static double step(double x) { return x < 0.5 ? 0.1 : 1; }

static void load_up_and_down(struct world *w) { load(w, 1200, hill, 10, EXP(10)); }
static void load_by_day(struct world *w) { load(w, 3 * 3600, day, 5, EXP(30)); }
static void load_that_only_grows(struct world *w) { load(w, 1800, ramp, 20, LOGNORMAL(5, 0.7)); }
static void load_that_doubles(struct world *w) { load(w, 1800, doubling, 20, EXP(8)); }
static void load_that_jumps(struct world *w) { load(w, 1800, step, 10, EXP(15)); }

static void sessions(struct world *w, double end_s, double rate, struct law law)
{
	unsigned int p = good(w, end_s, SOCKET);

	churn(w, p, 0, end_s, rate, law);
}

static void threads_by_request(struct world *w)
{
	unsigned int p = good(w, 300, THREAD);

	churn(w, p, 0, 300, 50, EXP(0.2));
}

static void uneven_lives(struct world *w) { sessions(w, 1200, 20, LOGNORMAL(0.1, 2)); }
static void heavy_tails(struct world *w) { sessions(w, 3600, 10, PARETO(0.1, 1.2, 3600)); }
static void web_sockets(struct world *w) { sessions(w, 3 * 3600, 0.2, EXP(600)); }
static void downloads(struct world *w) { sessions(w, 3600, 0.5, LOGNORMAL(30, 1)); }
static void long_polls(struct world *w) { sessions(w, 600, 3, FIXED(30)); }

static void few_stay_long(struct world *w)
{
	unsigned int p = good(w, 2 * 3600, SOCKET);

	churn(w, p, 0, w->end_s, 5, EXP(0.1));
	churn(w, p, 0, w->end_s, 0.25, UNIFORM(200, 600));
}

/* In the middle of its life: as many go as come. */
static void attached(struct world *w, double end_s, double rate, struct law law)
{
	unsigned int p = good(w, end_s, SOCKET);

	churn(w, p, -7200, end_s, rate, law);
}

static void attached_to_keep_alive(struct world *w) { attached(w, 600, 1, FIXED(65)); }
static void attached_to_sessions(struct world *w) { attached(w, 1800, 1, EXP(600)); }
static void attached_to_a_cache(struct world *w) { attached(w, 1800, 2, FIXED(900)); }

static void singletons(struct world *w)
{
	w->end_s = 1800;
	background(w);
	for (int i = 0; i < 40; i++) {
		unsigned int p = site(w, FD);

		for (int k = 0; k < 1 + i % 3; k++)
			life(w, p, draw(w, EXP(200)), NEVER_S);
	}
}

static void watchdogs(struct world *w)
{
	unsigned int p = good(w, 3600, TIMER);

	for (int i = 0; i < 20; i++)
		for (double t = between(w, 0, 30); t < 3600;) {
			double for_s = between(w, 100, 1000);

			life(w, p, t, for_s);
			t += for_s + 0.01;
		}
}

/* Twice as large each time it is full; the old one is given back. */
static void hash_table(struct world *w)
{
	unsigned int p = good(w, 1800, PAGE);

	for (double t = 5, n = 1; t < 1800; t *= 2, n *= 2)
		for (int i = 0; i < n; i++)
			life(w, p, t + 1e-4 * i, t);
}

static void idle_threads_end(struct world *w)
{
	unsigned int p = good(w, 1800, THREAD);

	for (double t = 0; t < 1800; t += between(w, 20, 90))
		for (int i = 0; i < 16; i++)
			life(w, p, t + 0.01 * i, between(w, 60, 70));
}

static void backlog(struct world *w)
{
	unsigned int p = good(w, 3600, FD);

	/* arrives faster than it is served for half of the time; first in, first out */
	for (double t = 0; t < 3600; t += draw(w, EXP(0.5))) {
		double into_s = fmod(t, 600);

		life(w, p, t, 0.2 + (into_s < 300 ? into_s : 600 - into_s) * 0.8);
	}
}

static void held_for_half_an_hour(struct world *w)
{
	unsigned int p = good(w, 5400, FD);

	for (int i = 0; i < 500; i++)
		life(w, p, 60 + between(w, 0, 120), 1800);
}

static void arena(struct world *w)
{
	unsigned int p = good(w, 1800, PAGE);

	w->place[p].heap = true;
	for (int i = 0; i < 2000; i++)
		life(w, p, draw(w, EXP(60)), NEVER_S);
	churn(w, p, 0, 1800, 10, EXP(20));
}

static void slow_to_close(struct world *w)
{
	unsigned int p = good(w, 1800, SOCKET);

	churn(w, p, 0, 1800, 3, UNIFORM(110, 130));
}

/* What a store is given to keep: keys, values and table share the allocator's range. */
static void inserts(struct world *w)
{
	unsigned int keys = good(w, 1200, PAGE), values = site(w, PAGE), table = site(w, PAGE);

	churn(w, keys, 0, 1200, 3, NEVER);
	churn(w, values, 0, 1200, 5, NEVER);
	churn(w, table, 0, 1200, 2, NEVER);
}

/* One function copies nearly all of it: it touches the allocator's fresh pages. */
static void values(struct world *w)
{
	unsigned int values = good(w, 1200, PAGE);

	churn(w, values, 0, 1200, 14, NEVER);
	for (int i = 0; i < 4; i++)
		churn(w, site(w, PAGE), 0, 1200, 0.05, NEVER);
}

const struct program innocent[] = {
	{ "a pool made at start", pool_at_start },
	{ "a pool made within seconds", fills_within_seconds },
	{ "a pool filled at one rate", fills_at_one_rate },
	{ "a pool filled in two steps", fills_in_two_steps },
	{ "a pool that grows on demand", grows_on_demand },
	{ "warm-up, exponential", fills_exponentially },
	{ "a file cache, by popularity", file_cache },
	{ "a cache of 40, oldest out", lru_of_40 },
	{ "a cache of 200, oldest out", lru_of_200 },
	{ "a cache of 5,000, oldest out", lru_of_5000 },
	{ "a cache of 500, any out", random_replacement },
	{ "entries that live for ten minutes", ttl_of_ten_minutes },
	{ "connections kept for 75 s", keep_alive },
	{ "a collector, each 40 s", collector },
	{ "two generations of garbage", two_generations },
	{ "batches of five minutes", batch_of_five_minutes },
	{ "a nightly batch, five days", nightly },
	{ "batches held for eight minutes", batches_held_long },
	{ "clients in crowds", clients_in_crowds },
	{ "a job each five minutes", periodic_job },
	{ "a reload each ten minutes", reload },
	{ "load up and down", load_up_and_down },
	{ "load by day and night", load_by_day },
	{ "load that only grows", load_that_only_grows },
	{ "load that doubles", load_that_doubles },
	{ "load that jumps", load_that_jumps },
	{ "a thread a request", threads_by_request },
	{ "uneven lives", uneven_lives },
	{ "heavy-tailed lives", heavy_tails },
	{ "sessions of ten minutes", web_sockets },
	{ "downloads", downloads },
	{ "long polls", long_polls },
	{ "one in twenty stays for minutes", few_stay_long },
	{ "attached to kept connections", attached_to_keep_alive },
	{ "attached to sessions", attached_to_sessions },
	{ "attached to a full cache", attached_to_a_cache },
	{ "singletons, one by one", singletons },
	{ "watchdogs, renewed", watchdogs },
	{ "a hash table that doubles", hash_table },
	{ "idle threads end", idle_threads_end },
	{ "a backlog that drains", backlog },
	{ "held for half an hour, once", held_for_half_an_hour },
	{ "an arena that fills", arena },
	{ "slow to close", slow_to_close },
	{ "keys that are inserted, for good", inserts },
	{ "values that are, by one function", values },
	{ 0 }
};
