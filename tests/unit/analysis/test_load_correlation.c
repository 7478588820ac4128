// SPDX-License-Identifier: GPL-2.0
/* Growth beside load: what follows it, what goes by the clock, what cannot be told. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "analysis/load_correlation.h"
#include "model/curve.h"
#include "model/history.h"
#include "model/proc_load.h"
#include "util/units.h"
#include "check.h"

enum { SECONDS = 200 };

static struct history *h;
static struct curve curve;

/* Bytes read in second s, and objects that come to stay in it; looked at every four. */
static void play(double (*bytes)(int s), double (*born)(int s), double per_byte)
{
	double read = 1e6, live = 0;

	history_free(h);
	h = history_new();
	curve.n = 0;
	for (int s = 0; s <= SECONDS; s++) {
		struct proc_load l = { .known = true, .done = { read, 10 * (uint64_t)s, 2000 * (uint64_t)s } };

		if (s % 4 == 0) {
			CHECK(!history_add_load(h, (s + 5) * NSEC_PER_SEC, &l));
			curve.t_s[curve.n] = s + 5;
			curve.live[curve.n++] = floor(live);
		}
		read += bytes(s);
		live += born ? born(s) : bytes(s) * per_byte;
	}
}

static double bursts(int s) { return s / 20 % 2 ? 0 : 50000; }
static double uneven(int s) { return 1000 * (1 + (s * 7919) % 41); }
static double steady(int s) { return 50000 + s % 2; }
static double nothing(int s) { return 0 * s; }
static double each_second(int s) { return 1 + 0 * s; }
static double now_and_then(int s) { return (s * 31) % 7 / 3.0; }

static struct load_correlation followed(void)
{
	struct load_correlation f;

	correlate_with_load(&f, &curve, 0, h);
	return f;
}

static void follows(void)
{
	struct load_correlation f;

	play(bursts, NULL, 1 / 4096.0);
	f = followed();
	CHECK(f.how == FOLLOWS_LOAD && f.by == LOAD_READ && f.stops && f.r > 0.95, "%d %d %f", f.how, f.by, f.r);
	CHECK(fabs(f.per_unit * 4096 - 1) < 0.02, "%f", f.per_unit * 4096);
	play(uneven, NULL, 1 / 20000.0);
	f = followed();
	CHECK(f.how == FOLLOWS_LOAD && f.by == LOAD_READ && !f.stops, "%d %f", f.how, f.r);
	/* since the growth began */
	correlate_with_load(&f, &curve, 150, h);
	CHECK(f.steps < 15);
}

static void follows_not(void)
{
	play(bursts, now_and_then, 0);
	CHECK(followed().how == FOLLOWS_NOT, "%d", followed().how);
	play(uneven, now_and_then, 0);
	CHECK(followed().how != FOLLOWS_LOAD);
	play(bursts, nothing, 0);
	CHECK(followed().how == FOLLOWS_UNKNOWN);
}

static void cannot_tell(void)
{
	struct load_correlation f;

	play(steady, each_second, 0);
	f = followed();
	CHECK(f.how == FOLLOWS_STEADY && fabs(f.per_unit * 50000 - 1) < 0.05);
	play(nothing, each_second, 0);
	CHECK(followed().how == FOLLOWS_UNKNOWN);
	correlate_with_load(&f, NULL, 0, h);
	CHECK(f.how == FOLLOWS_UNKNOWN);
	correlate_with_load(&f, &curve, 0, NULL);
	CHECK(f.how == FOLLOWS_UNKNOWN);
	curve.n = 5;
	CHECK(followed().how == FOLLOWS_UNKNOWN);
	curve.n = 0;
	CHECK(followed().how == FOLLOWS_UNKNOWN);
}

static void between_points(void)
{
	struct proc_load l;

	play(steady, each_second, 0);
	CHECK(history_load_at(h, 5, &l) && l.known && l.done[LOAD_READ] == 1000000);
	CHECK(history_load_at(h, 7, &l) && l.done[LOAD_CPU] == 4000 && l.done[LOAD_WRITTEN] == 20);
	CHECK(history_load_at(h, 205, &l) && l.done[LOAD_CPU] == 400000);
	CHECK(!history_load_at(h, 4.9, &l) && !history_load_at(h, 205.1, &l));
}

/* Looks when the machine found time for them, as a recording has them. */
static struct load_correlation seen_unevenly(double (*bytes)(int s))
{
	const struct curve *c;
	struct load_correlation f;
	double read = 0;
	int look_s = 0;

	history_free(h);
	h = history_new();
	for (int s = 0; s <= 3 * SECONDS; s++, read += bytes(s)) {
		uint64_t t_ns = (s + 5) * NSEC_PER_SEC;
		struct proc_load l = { .known = true, .done = { read, 0, 0 } };
		struct history_point p = { .t_ns = t_ns, .born = read / 4096, .live = read / 4096 };

		if (s < look_s)
			continue;
		look_s = s + 6 + s * 7919 % 17;
		CHECK(!history_add_load(h, t_ns, &l) && !history_add_kind(h, 0, &p) &&
		      !history_add_site(h, 1, &p));
	}
	c = history_curve(1, h);
	correlate_with_load(&f, c, 0, h);
	return f;
}

static void uneven_looks(void)
{
	struct load_correlation f = seen_unevenly(bursts);

	CHECK(f.how == FOLLOWS_LOAD && f.r > 0.95, "%d %f in %u steps", f.how, f.r, f.steps);
	f = seen_unevenly(steady);
	CHECK(f.how == FOLLOWS_STEADY, "%d %f in %u steps", f.how, f.r, f.steps);
}

static void of_this_process(void)
{
	struct proc_load before, after;
	char path[] = "/proc/self/io", chunk[64];
	FILE *f;

	proc_load_read(getpid(), &before);
	f = fopen(path, "re");
	CHECK(f && fread(chunk, 1, sizeof(chunk), f) == sizeof(chunk));
	if (f)
		fclose(f);
	proc_load_read(getpid(), &after);
	CHECK(before.known && after.known);
	CHECK(after.done[LOAD_READ] >= before.done[LOAD_READ] + sizeof(chunk));
	CHECK(after.done[LOAD_CPU] >= before.done[LOAD_CPU]);
	proc_load_read(0, &after);
	CHECK(!after.known);
}

int main(void)
{
	follows();
	follows_not();
	cannot_tell();
	between_points();
	uneven_looks();
	of_this_process();
	history_free(h);
	return verdict("follow");
}
