// SPDX-License-Identifier: GPL-2.0
/* The judge, on invented sites: leaks, and what only looks like one. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/analysis.h"
#include "analysis/heap_growth.h"
#include "model/curve.h"
#include "model/finding.h"
#include "model/judgement.h"
#include "model/limits.h"
#include "model/model.h"
#include "model/object.h"
#include "model/object_notes.h"
#include "model/site.h"
#include "model/target.h"
#include "symbolize/frame.h"
#include "symbolize/stack.h"
#include "util/format.h"
#include "util/proc_maps.h"
#include "check.h"

#define START_S 1000.0

static struct model m;

static uint64_t ns(double s)
{
	return (START_S + s) * 1e9;
}

/* One site of a target that has been traced from 0 to end_s. */
static struct site *begin(double end_s)
{
	model_free(&m);
	model_init(&m);
	m.target = (struct target){ .id = 1, .pid = 1, .kinds = 1, .attached_ns = ns(0),
				    .now_ns = ns(end_s), .reconciled_ns = ns(end_s) };
	m.sites = calloc(1, sizeof(*m.sites));
	m.objects = calloc(200000, sizeof(*m.objects));
	m.nsites = m.sites_room = 1;
	m.objects_room = 200000;
	m.offline = true;
	m.sites[0] = (struct site){ .id = 1, .kind = LEAKTRACE_KIND_FD, .type = LEAKTRACE_TYPE_FILE };
	return &m.sites[0];
}

static void born(double at_s, double dies_s)
{
	struct site *s = &m.sites[0];
	uint64_t now = m.target.now_ns;
	int bucket = 0;

	if (ns(at_s) > now)
		return;
	s->born++;
	if (!s->first_ns)
		s->first_ns = ns(at_s);
	s->last_ns = ns(at_s);
	if (dies_s >= 0 && ns(dies_s) <= now) {
		uint64_t life_us = (dies_s - at_s) * 1e6;

		while (bucket < LEAKTRACE_LIFETIME_BUCKETS - 1 && life_us >> (bucket + 1))
			bucket++;
		s->lifetimes[bucket]++;
		s->died++;
		if (life_us * 1000 > s->lifetime_max_ns)
			s->lifetime_max_ns = life_us * 1000;
		return;
	}
	m.objects[m.nobjects++] = (struct object){ .kind = s->kind, .type = s->type, .count = 1,
						   .site = 1, .id = m.nobjects, .born_ns = ns(at_s) };
}

static enum verdict judged(void)
{
	struct analysis_options opts = { 0 };

	model_settle(&m);
	analysis_run(&m, &opts, NULL, NULL);
	return m.sites[0].judgement.verdict;
}

#define NEVER (-1.0)
#define EXPECT(want, what)							\
	do {									\
		enum verdict have_ = judged();					\
		CHECK(have_ == (want), "%s: %s, not %s (%s; %s)", what,		\
		      verdict_name(have_), verdict_name(want),			\
		      m.sites[0].judgement.evidence[0] ?: "",			\
		      m.sites[0].judgement.evidence[1] ?: "");			\
	} while (0)

static void leaks(void)
{
	begin(8.5);
	for (int i = 0; i < 40; i++)
		born(i * 0.2, NEVER);
	EXPECT(VERDICT_LEAK, "40 in 8 s");
	CHECK(strstr(m.sites[0].judgement.evidence[0], "40 opened"));
	CHECK(m.sites[0].judgement.confidence > 0.7);

	begin(5.5);
	for (int i = 0; i < 50; i++)
		born(i * 0.1, NEVER);
	EXPECT(VERDICT_LEAK, "50 in 5 s");

	begin(14);
	for (int i = 0; i < 40; i++)
		born(i * 0.2, NEVER);
	EXPECT(VERDICT_LEAK, "40 in 8 s, then 6 s of rest");

	begin(12 * 3600);
	for (int i = 0; i < 12; i++)
		born(i * 3600 + 100, NEVER);
	EXPECT(VERDICT_LEAK, "one an hour");

	begin(30);
	for (int i = 0; i < 30000; i++)
		born(i * 0.001, i % 200 ? i * 0.001 + 0.01 : NEVER);
	EXPECT(VERDICT_LEAK, "one in 200 is never closed");

	begin(10);
	m.target.flags = LEAKTRACE_TARGET_F_EXITED;
	m.target.exited_ns = ns(7);
	for (int i = 0; i < 35; i++)
		born(i * 0.2, NEVER);
	EXPECT(VERDICT_LEAK, "exited");
}

static bool says(const struct judgement *j, const char *what)
{
	for (int i = 0; i < EVIDENCE_MAX && j->evidence[i]; i++)
		if (strstr(j->evidence[i], what))
			return true;
	return false;
}

/* 64 are open, five more come each second: 192 s to 1,024. */
static void limit(void)
{
	begin(10);
	m.limits[LIMIT_FDS] = (struct limit){ .max = 1024, .name = "RLIMIT_NOFILE" };
	m.target.kind[LEAKTRACE_KIND_FD].live = 64;
	for (int i = 0; i < 50; i++)
		born(i * 0.2, NEVER);
	EXPECT(VERDICT_LEAK, "towards a limit");
	CHECK(says(&m.findings[0].judgement, "RLIMIT_NOFILE (1,024) is reached in"));
	CHECK(m.findings[0].limit == LIMIT_FDS && m.findings[0].limit_s > 180 &&
	      m.findings[0].limit_s < 205, "in %f s", m.findings[0].limit_s);
	CHECK(says(&m.sites[0].judgement, "RLIMIT_NOFILE (1,024) is reached in"));
}

/* Five a second for 10 s; which limit is reached first, and in how many seconds. */
static void check_limit(unsigned int kind, unsigned int type, unsigned int which, double in_s,
			const char *name)
{
	const struct finding *f = &m.findings[0];
	char sentence[128];

	m.sites[0].kind = kind;
	m.sites[0].type = type;
	for (size_t i = 0; i < m.nobjects; i++) {
		m.objects[i].kind = kind;
		m.objects[i].type = type;
	}
	judged();
	f = &m.findings[0];
	CHECK(m.nfindings == 1 && f->limit == which && fabs(f->limit_s - in_s) < in_s / 20,
	      "%s: limit %u in %f s", name, f->limit, f->limit_s);
	snprintf(sentence, sizeof(sentence), "at this rate, %s (", name);
	CHECK(says(&f->judgement, sentence), "%s", sentence);
	m.limits[which].max = m.limits[which].now = 1;
	judged();
	f = &m.findings[0];
	CHECK(says(&f->judgement, "(1) is reached") || limit_is_bytes(which), "%s", name);
}

static void five_a_second(void)
{
	begin(10);
	for (int i = 0; i < 50; i++)
		born(i * 0.2, NEVER);
}

static void other_limits(void)
{
	struct map map[100] = { 0 };
	struct maps maps = { .map = map, .n = 100 };

	five_a_second();
	m.limits[LIMIT_TIMERS] = (struct limit){ .max = 1100, .now = 100, .name = "RLIMIT_SIGPENDING" };
	check_limit(LEAKTRACE_KIND_TIMER, LEAKTRACE_TYPE_POSIX_TIMER, LIMIT_TIMERS, 200, "RLIMIT_SIGPENDING");

	/* instances run out long before descriptors */
	five_a_second();
	m.limits[LIMIT_FDS] = (struct limit){ .max = 1024, .name = "RLIMIT_NOFILE" };
	m.limits[LIMIT_INOTIFY] = (struct limit){ .max = 128, .name = "fs.inotify.max_user_instances" };
	check_limit(LEAKTRACE_KIND_FD, LEAKTRACE_TYPE_INOTIFY, LIMIT_INOTIFY, 78 / 5.0,
		    "fs.inotify.max_user_instances");

	/* each has ten watches */
	five_a_second();
	m.limits[LIMIT_EPOLL_WATCHES] = (struct limit){ .max = 1500, .now = 500, .name = "fs.epoll.max_user_watches" };
	check_limit(LEAKTRACE_KIND_FD, LEAKTRACE_TYPE_EPOLL, LIMIT_EPOLL_WATCHES, 20, "fs.epoll.max_user_watches");

	/* each page has a mapping of its own, and the inaccessible one below it */
	five_a_second();
	for (int i = 0; i < 100; i++)
		map[i] = (struct map){ .start = i * 0x1000, .end = (i + 1) * 0x1000, .path = "",
				       .read = i % 2, .write = i % 2 };
	for (int i = 0; i < 50; i++)
		m.objects[i].id = (2 * i + 1) * 0x1000;
	m.maps = &maps;
	m.limits[LIMIT_MEMORY] = (struct limit){ .max = 8ULL << 30, .now = 1ULL << 30, .name = "memory" };
	m.limits[LIMIT_MAPS] = (struct limit){ .max = 65530, .name = "vm.max_map_count" };
	check_limit(LEAKTRACE_KIND_PAGE, LEAKTRACE_TYPE_ANON, LIMIT_MAPS, 6543, "vm.max_map_count");
	m.maps = NULL;

	/* 1 MiB each */
	five_a_second();
	for (int i = 0; i < 50; i++)
		m.objects[i].bytes = 1 << 20;
	m.limits[LIMIT_ADDRESS_SPACE] = (struct limit){ .max = 2ULL << 30, .now = 1ULL << 30, .name = "RLIMIT_AS" };
	check_limit(LEAKTRACE_KIND_MAP, LEAKTRACE_TYPE_ANON, LIMIT_ADDRESS_SPACE, 1024 / 5.0, "RLIMIT_AS");
}

/* One page of memory each fifth of a second for end_s, the first at an address, the others step above. */
static void pages(double end_s, uint64_t at, uint64_t step)
{
	begin(end_s);
	m.target.kinds = 1 << LEAKTRACE_KIND_PAGE;
	m.sites[0].kind = LEAKTRACE_KIND_PAGE;
	m.sites[0].type = LEAKTRACE_TYPE_ANON;
	for (int i = 0; i * 0.2 < end_s - 0.5; i++) {
		born(i * 0.2, NEVER);
		m.objects[i].id = at + i * step;
	}
}

/* Memory that was there before and is only looked at, and shared memory that becomes more. */
static void shared_memory(void)
{
	struct map map[500] = { { .start = 0x10000000, .end = 0x20000000, .path = "/dev/zero (deleted)",
				  .read = true, .write = true, .shared = true } };
	struct maps maps = { .map = map, .n = 1 };

	pages(90, 0x10000000, 0x1000);
	m.maps = &maps;
	EXPECT(VERDICT_OK, "looks at a shared mapping page by page");
	for (int i = 0; i < 500; i++) {
		map[i] = map[0];
		map[i].start = 0x10000000 + i * 0x10000ULL;
		map[i].end = map[i].start + 0x10000;
	}
	maps.n = 500;
	for (size_t i = 0; i < m.nobjects; i++)
		m.objects[i].id = map[i].start;
	EXPECT(VERDICT_LEAK, "a shared mapping for each page");
	m.limits[LIMIT_SHARED_MAPS] = (struct limit){ .growth = { .first = 500, .looks = 1 } };
	EXPECT(VERDICT_OK, "as many shared mappings as before, each looked at for the first time");
	m.limits[LIMIT_SHARED_MAPS].growth.first = 3;
	EXPECT(VERDICT_LEAK, "shared mappings that became more");
	m.maps = NULL;
}

static const struct curve *sampled(uint32_t site, void *arg)
{
	(void)site;
	return arg;
}

/* Kept in three bursts, the rest given back; what was sampled of it rose for so many looks of 20. */
static int grown_in_bursts(struct maps *maps, int given_back, int rising)
{
	const struct analysis_options opts = { 0 };
	struct curve curve = { .n = 20 };

	pages(0, 0x10000000, 0x1000);
	m.target.now_ns = m.target.reconciled_ns = ns(150);
	for (int i = 0; i < given_back; i++)
		born(1 + i * 0.24, 1.2 + i * 0.24);
	for (int i = 0; i < 350; i++)
		born((i < 100 ? 1 : i < 200 ? 30 : 75) + i % 7 * 0.1, NEVER);
	for (unsigned int i = 0; i < m.nobjects; i++)
		m.objects[i].id = 0x10000000 + i * 0x1000;
	for (unsigned int i = 0; i < curve.n; i++) {
		curve.t_s[i] = START_S + 7.5 * (i + 1);
		curve.live[i] = i < (unsigned int)rising ? 10 + i : 350;
	}
	m.maps = maps;
	model_settle(&m);
	analysis_run(&m, &opts, sampled, &curve);
	m.maps = NULL;
	return m.sites[0].judgement.verdict;
}

static void heap(void)
{
	struct map map[] = { { .start = 0x10000000, .end = 0x20000000, .path = "[heap]", .read = true, .write = true } };
	struct maps maps = { .map = map, .n = 1 };
	struct site *s;
	char rate[32];

	pages(90, 0x10000000, 0x1000);
	m.maps = &maps;
	EXPECT(VERDICT_SUSPECT, "the heap grows");
	CHECK(m.sites[0].judgement.first_touch && m.findings[0].judgement.first_touch);
	CHECK(m.sites[0].judgement.heap_grows && heap_growth_is(&m.findings[0]));
	CHECK(!strcmp(heap_growth_rate(&m.findings[0], rate), "20 KiB/s"), "%s", rate);
	CHECK(says(&m.findings[0].judgement, "--kinds heap names the code"));
	m.target.kind[LEAKTRACE_KIND_HEAP].born = 1;
	judged();
	CHECK(says(&m.findings[0].judgement, "samples of kind heap"));
	/* its exit changes nothing */
	m.target.flags = LEAKTRACE_TARGET_F_EXITED;
	m.target.exited_ns = m.target.now_ns;
	EXPECT(VERDICT_SUSPECT, "the heap grew until the end");
	CHECK(m.sites[0].judgement.heap_grows);

	/* peaks, of which some are given back after 16 to 33 s */
	m.maps = NULL;
	pages(300, 0x10000000, 0x1000);
	m.maps = &maps;
	s = &m.sites[0];
	s->born += s->born / 2;
	s->died = s->born / 3;
	s->lifetimes[24] = s->died;
	s->lifetime_max_ns = 33e9;
	judged();
	CHECK(!s->judgement.heap_grows, "a third of it was given back");
	m.maps = NULL;

	/* it grew three times; the rest is given back at once, or all is kept */
	CHECK(grown_in_bursts(&maps, 600, 3) < VERDICT_SUSPECT, "no more than before for most of the time");
	CHECK(grown_in_bursts(&maps, 600, 12) == VERDICT_SUSPECT, "more for most of the time");
	CHECK(grown_in_bursts(&maps, 0, 3) == VERDICT_SUSPECT, "nothing is given back");

	/* the heap has grown since its mapping was read */
	pages(90, 0x30000000, 0x1000);
	m.maps = &maps;
	m.target.flags = LEAKTRACE_TARGET_F_EXITED;
	m.target.exited_ns = m.target.now_ns;
	judged();
	CHECK(says(&m.sites[0].judgement, "in the heap"));
	m.maps = NULL;
	EXPECT(VERDICT_SUSPECT, "nothing is known of the memory of a process that has exited");
}

/* A suspect of 240 KiB, in processes of another size, and near a limit. */
static void little_memory(void)
{
	pages(12.5, 0x10000000, 0x1000);
	m.target.kind[LEAKTRACE_KIND_PAGE] = (struct kind_totals){ .present = true, .live = 1000 };
	m.sites[0].last_died_ns = 0;
	m.sites[0].kind = LEAKTRACE_KIND_PAGE;
	while (m.nobjects > 40)
		m.nobjects--;
	m.sites[0].born = 40;
	for (int i = 0; i < 40; i++)
		m.objects[i].born_ns = ns(0.3 * i);
	judged();
	m.target.flags = LEAKTRACE_TARGET_F_EXITED;
	m.target.exited_ns = m.target.now_ns;
	EXPECT(VERDICT_SUSPECT, "40 pages");
	CHECK(m.nfindings == 1 && !m.findings[0].small, "160 KiB of 4 MiB are told");
	m.target.kind[LEAKTRACE_KIND_PAGE].live = 10000;
	judged();
	CHECK(m.findings[0].small, "160 KiB of 40 MiB are not");
	m.target.kind[LEAKTRACE_KIND_PAGE].live = 1000;
	m.target.kind[LEAKTRACE_KIND_PAGE].baseline = 1001;
	judged();
	CHECK(m.findings[0].small, "the process has become smaller");
	m.target.kind[LEAKTRACE_KIND_PAGE].baseline = 0;
	m.sites[0].born = m.nobjects = 20;
	judged();
	CHECK(m.nfindings == 0 || m.findings[0].small, "80 KiB");
}

/* A share of the limit is comparable between kinds, a number of objects is not. */
static void weight(void)
{
	struct model *none = NULL;

	begin(10);
	m.limits[LIMIT_FDS] = (struct limit){ .max = 4096 };
	m.limits[LIMIT_MEMORY] = (struct limit){ .max = 1ULL << 30 };
	CHECK(limit_weight(&m, LEAKTRACE_KIND_FD, 1024) == 250000000);
	CHECK(limit_weight(&m, LEAKTRACE_KIND_PAGE, 16384) == 62500000, "64 MiB of 1 GiB");
	CHECK(limit_weight(none, LEAKTRACE_KIND_FD, 251) > limit_weight(none, LEAKTRACE_KIND_PAGE, 16315));
	CHECK(limit_weight(none, 99, 1) == 0 && limit_weight(none, LEAKTRACE_KIND_PAGE, UINT64_MAX) > 0);
}

/* Others had more to do with the baseline objects that were released. */
static void turnover(void)
{
	five_a_second();
	m.target.kind[LEAKTRACE_KIND_FD] = (struct kind_totals){ .present = true, .baseline = 40, .born = 500,
								 .died = 40, .live = 500 };
	EXPECT(VERDICT_LEAK, "a tenth of what is new, while the baseline was released");
	m.target.kind[LEAKTRACE_KIND_FD].live = 50;
	EXPECT(VERDICT_SUSPECT, "all of what is new, while as much was released");
	m.baseline_seen[LEAKTRACE_KIND_FD][LEAKTRACE_TYPE_FILE] = 40;
	EXPECT(VERDICT_SUSPECT, "all of what is new, while as many files were closed");
	m.baseline_seen[LEAKTRACE_KIND_FD][LEAKTRACE_TYPE_FILE] = 0;
	m.baseline_seen[LEAKTRACE_KIND_FD][LEAKTRACE_TYPE_DEVICE] = 40;
	EXPECT(VERDICT_LEAK, "files stay, while as many devices were closed");
}

/* Is what the judge calls a leak early growth, too? Judged under bench. */
static void check_early(bool want, const struct analysis_options *opts, const char *what)
{
	model_settle(&m);
	analysis_run(&m, opts, NULL, NULL);
	CHECK(m.sites[0].judgement.early == want, "%s: %searly (%s)", what, want ? "not " : "",
	      m.sites[0].judgement.evidence[0] ?: "");
}

/* One a second, until something happens. */
static void one_a_second(double end_s, double until_s)
{
	begin(end_s);
	for (double t = 0.5; t < until_s; t++)
		born(t, NEVER);
}

static void early_growth(void)
{
	struct analysis_options as_ever = { 0 }, impatient = { .min_age_s = 1 }, narrow = { .window_s = 20 };

	one_a_second(40, 40);
	EXPECT(VERDICT_LEAK, "one a second for 40 s");
	check_early(true, &as_ever, "one a second for 40 s");
	check_early(false, &impatient, "one a second for 40 s, to the impatient");
	check_early(false, &narrow, "one a second for 40 s, of which 20 are looked at");
	one_a_second(50, 50);
	check_early(false, &as_ever, "one a second for 50 s");
	one_a_second(70, 52);
	EXPECT(VERDICT_LEAK, "one a second, which stopped");
	check_early(true, &as_ever, "one a second, which stopped");
	begin(120);
	for (int i = 1; i < 90; i++)
		born(-60 * log(1 - i / 100.0), NEVER);
	EXPECT(VERDICT_LEAK, "ever more slowly, so far");
	check_early(true, &as_ever, "ever more slowly, so far");
}

static void late_leak(void)
{
	begin(7200);
	for (int i = 0; i < 100; i++)
		born(i * 0.001, NEVER);
	for (int i = 0; i < 6900; i++)
		born(10 + i, 10 + i + 0.1);
	for (int i = 0; i < 100; i++)
		born(7000 + 2 * i, NEVER);
	EXPECT(VERDICT_LEAK, "begins to leak after two hours");
}

static void suspects(void)
{
	begin(2.5);
	for (int i = 0; i < 10; i++)
		born(i * 0.25, NEVER);
	EXPECT(VERDICT_SUSPECT, "too early to tell");

	begin(6);
	for (int i = 0; i < 6; i++)
		born(i, NEVER);
	EXPECT(VERDICT_SUSPECT, "too few to tell");
}

static void innocents(void)
{
	begin(9);
	for (int i = 0; i < 50; i++)
		born(i * 0.002, NEVER);
	EXPECT(VERDICT_OK, "a pool made at start");

	begin(30);
	for (int i = 0; i < 30000; i++)
		born(i * 0.001, i * 0.001 + 0.05);
	EXPECT(VERDICT_OK, "churn");

	begin(10);
	for (int i = 0; i < 40; i++)
		born(i * 0.2, i < 36 ? i * 0.2 + 0.8 : NEVER);
	EXPECT(VERDICT_OK, "the last four are kept");

	begin(600);
	for (int i = 0; i < 6000; i++)
		born(i * 0.1, i * 0.1 + 20);
	EXPECT(VERDICT_OK, "an LRU of 200");

	begin(120);
	for (int i = 0; i < 1000; i++)
		born(i * 0.12, i * 0.12 + 40);
	CHECK(judged() < VERDICT_SUSPECT, "connections of 40 s");

	begin(600);
	for (int i = 0; i < 3; i++)
		born(i * 100, NEVER);
	EXPECT(VERDICT_OK, "three for life");

	begin(10);
	EXPECT(VERDICT_OK, "nothing at all");
}

static void caches(void)
{
	begin(120);
	for (int i = 0; i < 60; i++)
		born(i * 0.2, NEVER);
	EXPECT(VERDICT_CACHE, "filled in 12 s, then rest");

	begin(100);
	for (int i = 0; i < 200; i++)
		born(-15.0 * __builtin_log(1 - i / 201.0), NEVER);
	EXPECT(VERDICT_CACHE, "an exponential approach");
}

/* Five frames, of which the second site's stack has two more in the middle. */
static void two_chains(void)
{
	static const uint64_t one[] = { 0x10, 0x20, 0x30, 0x90 };
	static const uint64_t two[] = { 0x10, 0x20, 0x21, 0x22, 0x30, 0x90 };
	struct stack *s;

	m.sites = reallocarray(m.sites, 2, sizeof(*m.sites));
	m.sites[1] = m.sites[0];
	m.nsites = m.sites_room = 2;
	m.sites[1].id = 2;
	m.stacks = s = calloc(2, sizeof(*s));
	m.nstacks = m.stacks_room = 2;
	s[0] = (struct stack){ .id = 1, .npcs = 4, .pcs = malloc(sizeof(one)) };
	s[1] = (struct stack){ .id = 2, .npcs = 6, .pcs = malloc(sizeof(two)) };
	memcpy(s[0].pcs, one, sizeof(one));
	memcpy(s[1].pcs, two, sizeof(two));
	m.sites[0].stack = 1;
	m.sites[1].stack = 2;
}

/* The first six of forty came by another chain of frames. */
static void one_root(void)
{
	struct finding *f;

	begin(9);
	for (int i = 0; i < 40; i++)
		born(i * 0.2, NEVER);
	two_chains();
	for (int i = 0; i < 6; i++)
		m.objects[i].site = 2;
	m.sites[0].born = 34;
	m.sites[1].born = 6;
	m.sites[1].last_ns = ns(1.0);
	EXPECT(VERDICT_LEAK, "the greater part");
	f = &m.findings[0];
	CHECK(m.nfindings == 1 && f->nsites == 2, "%zu findings", m.nfindings);
	CHECK(f->judgement.verdict == VERDICT_LEAK && f->live[LEAKTRACE_KIND_FD] == 40);
	CHECK(f->sites[0] == 1 && f->sites[1] == 2);
	CHECK(m.sites[1].judgement.verdict == VERDICT_LEAK && m.sites[1].judgement.finding == 1);

	/* another function at the end: another root */
	m.stacks[1].pcs[0] = 0x11;
	free(m.stacks[1].frames);
	m.stacks[1].frames = NULL;
	judged();
	CHECK(m.nfindings == 1 && m.findings[0].nsites == 1 &&
	      m.findings[0].live[LEAKTRACE_KIND_FD] == 34);
	CHECK(m.sites[1].judgement.verdict == VERDICT_OK);
}

/* Neither part of it has enough to stand alone. */
static void many_roots(void)
{
	begin(40);
	for (int i = 0; i < 12; i++)
		born(i * 3, NEVER);
	two_chains();
	for (int i = 0; i < 12; i++)
		m.objects[i].site = 1 + i % 2;
	m.sites[0].born = m.sites[1].born = 6;
	EXPECT(VERDICT_LEAK, "together they leak");
	CHECK(m.nfindings == 1 && m.findings[0].nsites == 2);
}

/* One context, two places: the limit is said once, at the pace of both. */
static void one_limit(void)
{
	const struct finding *f;
	char in[32], sentence[128];

	begin(40);
	m.limits[LIMIT_FDS] = (struct limit){ .max = 1024, .name = "RLIMIT_NOFILE" };
	for (int i = 0; i < 80; i++)
		born(i / 2 + 0.001 * (i % 2), NEVER);
	two_chains();
	m.stacks[1].pcs[0] = 0x11;
	for (int i = 0; i < 80; i++)
		m.objects[i].site = 1 + i % 2;
	m.sites[0].born = m.sites[1].born = 40;
	m.target.kind[LEAKTRACE_KIND_FD].live = 80;
	judged();
	f = &m.findings[0];
	CHECK(m.nfindings == 1 && f->mixed && f->nsites == 2, "%zu findings", m.nfindings);
	CHECK(f->cause == CAUSE_TIME && says(&f->judgement, "created together under ") &&
	      says(&f->judgement, "by one cause or by several: 2 file fds each time"));
	CHECK(f->limit_s > 420 && f->limit_s < 520, "in %f s", f->limit_s);
	snprintf(sentence, sizeof(sentence), "combined rate of all parts, RLIMIT_NOFILE (1,024) is reached in %s",
		 format_seconds(f->limit_s, in));
	CHECK(says(&f->judgement, sentence), "%s", sentence);
	CHECK(says(&m.sites[0].judgement, sentence) && says(&m.sites[1].judgement, sentence));
	CHECK(!says(&m.sites[0].judgement, "at this rate"));
}

/* Where pages are: of the allocator, or a mapping of the program's own. */
static void allocators(void)
{
	struct map arena[] = {
		{ .start = 0x7f0010000000, .end = 0x7f0010800000, .path = "", .read = true, .write = true },
		{ .start = 0x7f0010800000, .end = 0x7f0014000000, .path = "" },
	}, named[] = {
		{ .start = 0x7f0010000000, .end = 0x7f0020000000, .path = "[anon: glibc: malloc]",
		  .read = true, .write = true },
	}, mapped[] = {
		{ .start = 0x7f0010000000, .end = 0x7f0020000000, .path = "", .read = true, .write = true },
		{ .start = 0x7f0020000000, .end = 0x7f0020010000, .path = "/usr/lib/libc.so.6", .inode = 7,
		  .read = true, .exec = true },
	};
	struct maps maps = { .map = arena, .n = 2 };

	pages(90, 0x7f0010000000, 0x1000);
	m.maps = &maps;
	EXPECT(VERDICT_SUSPECT, "an arena");
	m.maps = NULL;
	pages(90, 0x7f0010900000, 0x1000);
	m.maps = &maps;
	EXPECT(VERDICT_SUSPECT, "an arena that has grown since its mapping was read");
	maps = (struct maps){ .map = named, .n = 1 };
	EXPECT(VERDICT_SUSPECT, "a mapping that is named as malloc's");
	CHECK(!heap_growth_owner(&m, &m.findings[0]), "malloc's is the heap without a name");
	named[0].path = "[anon: Go: heap]";
	EXPECT(VERDICT_SUSPECT, "a mapping that a language's runtime has named");
	CHECK(heap_growth_is(&m.findings[0]) && !strcmp(heap_growth_owner(&m, &m.findings[0]) ?: "", "Go"));
	named[0].path = "[anon:Go tables]";
	EXPECT(VERDICT_LEAK, "a mapping that the program has named");
	maps = (struct maps){ .map = mapped, .n = 2 };
	EXPECT(VERDICT_LEAK, "a mapping of the program's own");
	mapped[1].path = "/usr/lib/libjemalloc.so.2";
	EXPECT(VERDICT_SUSPECT, "any mapping may be that allocator's");
	CHECK(heap_growth_is(&m.findings[0]));
	m.maps = NULL;
}

#define MIB	(1ULL << 20)

/* The heap grows by 1.8 MiB; what malloc has in use, and what it keeps although it is free. */
static void kept_free(void)
{
	struct map map[] = {
		{ .start = 0x10000000, .end = 0x20000000, .path = "[heap]", .read = true, .write = true },
		{ .start = 0x7f0020000000, .end = 0x7f0020010000, .path = "/usr/lib/libjemalloc.so.2", .inode = 7,
		  .read = true, .exec = true },
	};
	struct maps maps = { .map = map, .n = 1 };
	struct ledger_malloc *now = &m.ledger.malloc_last;

	pages(90, 0x10000000, 0x1000);
	m.maps = &maps;
	m.ledger.malloc_first = (struct ledger_malloc){ .known = true, .bytes = 98 * MIB, .live_bytes = 40 * MIB };
	EXPECT(VERDICT_SUSPECT, "what is in use at the end is not known");
	CHECK(m.kept_free.verdict == VERDICT_OK);
	*now = (struct ledger_malloc){ .known = true, .bytes = 100 * MIB, .live_bytes = 42 * MIB,
				       .fragmented_bytes = 50 * MIB, .end_bytes = 8 * MIB,
				       .returnable_bytes = 12 * MIB };
	EXPECT(VERDICT_SUSPECT, "what is in use grew as well");
	CHECK(m.kept_free.verdict == VERDICT_CACHE && says(&m.kept_free, "50 MiB of the 100 MiB that malloc has are "
	      "free blocks between live ones; malloc_trim would give back 12 MiB"), "%s", m.kept_free.evidence[0]);
	CHECK(says(&m.kept_free, "live blocks changed by +2.0 MiB since attach, what malloc has by +2.0 MiB"));
	now->live_bytes = 40 * MIB;
	now->fragmented_bytes = 52 * MIB;
	EXPECT(VERDICT_CACHE, "only what is free grew");
	CHECK(m.findings[0].judgement.verdict == VERDICT_CACHE && !m.sites[0].judgement.heap_grows &&
	      says(&m.findings[0].judgement, "live blocks changed by +0 B since attach") &&
	      m.findings[0].judgement.confidence <= 0.3);
	now->unread_bytes = 1 * MIB;
	EXPECT(VERDICT_SUSPECT, "what could not be read may be in use");
	now->unread_bytes = 0;
	maps.n = 2;
	EXPECT(VERDICT_SUSPECT, "of another allocator's blocks nothing is known");
	maps.n = 1;

	m.ledger.process = (struct ledger_account){ .known = true, .bytes[LEDGER_ANONYMOUS] = 60 * MIB };
	judged();
	CHECK(m.kept_free.verdict == VERDICT_OK, "most of it was given back");
	m.ledger.process.bytes[LEDGER_ANONYMOUS] = 100 * MIB;
	now->fragmented_bytes = 2 * MIB;
	now->end_bytes = 30 * MIB;
	judged();
	CHECK(says(&m.kept_free, "30 MiB of the 100 MiB that malloc has are free at the ends of arenas"));
	now->end_bytes = 22 * MIB;
	judged();
	CHECK(m.kept_free.verdict == VERDICT_OK, "less than a quarter");
	*now = (struct ledger_malloc){ .known = true, .bytes = 30 * MIB, .fragmented_bytes = 15 * MIB };
	judged();
	CHECK(m.kept_free.verdict == VERDICT_OK, "not much");
	m.ledger = (struct ledger){ 0 };
	m.maps = NULL;
}

/* Two functions touch the heap; a third one maps memory, which stays its own leak. */
static void one_heap(void)
{
	struct map map[] = {
		{ .start = 0x10000000, .end = 0x20000000, .path = "[heap]", .read = true, .write = true },
		{ .start = 0x7f0000000000, .end = 0x7f0010000000, .path = "", .read = true, .write = true },
	};
	static const uint64_t two[] = { 0x12, 0x31, 0x41, 0x90 };
	struct maps maps = { .map = map, .n = 2 };
	const struct finding *f;

	pages(200, 0x10000000, 0x1000);
	m.maps = &maps;
	two_chains();
	memcpy(m.stacks[1].pcs, two, sizeof(two));
	m.stacks[1].npcs = 4;
	m.sites[0].born = m.sites[1].born = 0;
	for (size_t i = 0; i < m.nobjects; i++) {
		m.objects[i].site = 1 + (i % 100 >= 56);
		m.sites[m.objects[i].site - 1].born++;
	}
	judged();
	f = &m.findings[0];
	CHECK(m.nfindings == 1 && f->nsites == 2 && f->judgement.verdict == VERDICT_SUSPECT,
	      "%zu findings, %s", m.nfindings, verdict_name(f->judgement.verdict));
	CHECK(f->cause == CAUSE_HEAP && f->judgement.heap_grows && heap_growth_is(f), "cause %d", f->cause);
	CHECK(!f->small);
	/* each part is less than 1 % of the process, both are 1.7 % */
	m.target.kind[LEAKTRACE_KIND_PAGE].live = 60000;
	judged();
	CHECK(m.nfindings == 1 && m.findings[0].small);
	m.target.kind[LEAKTRACE_KIND_PAGE].live = 50000;
	judged();
	CHECK(m.nfindings == 1 && !m.findings[0].small, "one part is more than 1 %%");

	for (size_t i = 0; i < m.nobjects; i++)
		if (m.objects[i].site == 2)
			m.objects[i].id += 0x7f0000000000 - 0x10000000;
	judged();
	CHECK(m.nfindings == 2 && m.findings[0].judgement.verdict == VERDICT_LEAK &&
	      m.findings[0].sites[0] == 2, "%zu findings", m.nfindings);
	CHECK(heap_growth_is(&m.findings[1]));
	m.maps = NULL;
}

/* Blocks that are sampled, and the pages that they are in, by one function and at the same times. */
static void blocks_and_their_pages(void)
{
	struct map map[] = { { .start = 0x10000000, .end = 0x20000000, .path = "[heap]", .read = true, .write = true } };
	struct maps maps = { .map = map, .n = 1 };
	size_t pages_n;

	pages(200, 0x10000000, 0x1000);
	m.maps = &maps;
	two_chains();
	m.sites[1].kind = LEAKTRACE_KIND_HEAP;
	m.sites[1].type = LEAKTRACE_TYPE_GLIBC;
	pages_n = m.nobjects;
	m.sites[1].born = pages_n;
	for (size_t i = 0; i < pages_n; i++)
		m.objects[m.nobjects++] = (struct object){
			.kind = LEAKTRACE_KIND_HEAP, .type = LEAKTRACE_TYPE_GLIBC, .count = 1, .site = 2,
			.id = 0x10000010 + i * 0x1000, .born_ns = m.objects[i].born_ns, .bytes = 1000, .mean_bytes = 4096,
		};
	judged();
	CHECK(m.nfindings == 1 && m.findings[0].cause == CAUSE_HEAP && m.findings[0].sites[0] == 2,
	      "%zu findings, cause %d", m.nfindings, m.findings[0].cause);
	CHECK(says(&m.findings[0].judgement, "pages agree") && !says(&m.findings[0].judgement, "created together"));
	m.maps = NULL;
}

/* Blocks that stay were sampled, and the heap grew by what they stand for, or by far more. */
static void sampled_heap(void)
{
	struct map map[] = { { .start = 0x10000000, .end = 0x20000000, .path = "[heap]", .read = true, .write = true } };
	static const uint64_t two[] = { 0x12, 0x31, 0x41, 0x90 };
	struct maps maps = { .map = map, .n = 1 };
	const struct finding *f;

	pages(200, 0x10000000, 0x1000);
	m.maps = &maps;
	m.target.kinds |= 1 << LEAKTRACE_KIND_HEAP;
	two_chains();
	memcpy(m.stacks[1].pcs, two, sizeof(two));
	m.stacks[1].npcs = 4;
	m.sites[1].kind = LEAKTRACE_KIND_HEAP;
	m.sites[1].type = LEAKTRACE_TYPE_GLIBC;
	m.sites[1].born = 60;
	m.sites[1].id = 2;
	for (int i = 0; i < 60; i++)
		m.objects[m.nobjects++] = (struct object){
			.kind = LEAKTRACE_KIND_HEAP, .type = LEAKTRACE_TYPE_GLIBC, .count = 1, .site = 2,
			.id = 0x10000010 + i * 0x10000ULL, .born_ns = ns(3.3 * i), .bytes = 1000, .mean_bytes = 65536,
		};
	judged();
	f = &m.findings[0];
	CHECK(m.nfindings == 1 && f->nsites == 2 && f->judgement.verdict == VERDICT_LEAK && f->sites[0] == 2,
	      "%zu findings, %s", m.nfindings, verdict_name(f->judgement.verdict));
	CHECK(says(&f->judgement, "pages agree: the heap grew by 3.9 MiB"));
	/* sixty samples are sure to a quarter, however even they came */
	CHECK(says(&f->judgement, "grows by 19 KiB per second (95 % CI 14 KiB to 25 KiB)"));
	for (size_t i = 0; i < m.nobjects; i++)
		if (m.objects[i].kind == LEAKTRACE_KIND_HEAP)
			m.objects[i].mean_bytes = 16384;
	judged();
	CHECK(m.nfindings == 2 && m.findings[0].sites[0] == 2 && heap_growth_is(&m.findings[1]),
	      "%zu findings", m.nfindings);
	m.maps = NULL;
}

/* Each thread that nobody joins keeps a stack, which it has touched itself. */
static void stacks_of_threads(void)
{
	struct map map[100];
	struct maps maps = { .map = map, .n = 50 };

	five_a_second();
	m.target.kinds = 1 << LEAKTRACE_KIND_THREAD | 1 << LEAKTRACE_KIND_PAGE;
	two_chains();
	for (int i = 0; i < 4; i++)
		m.stacks[0].pcs[i] += 0x1000;
	m.sites[0].kind = LEAKTRACE_KIND_THREAD;
	m.sites[0].type = LEAKTRACE_TYPE_THREAD;
	m.sites[0].died = 50;
	m.sites[1].kind = LEAKTRACE_KIND_PAGE;
	for (int i = 0; i < 50; i++) {
		struct object *o = &m.objects[i];

		map[i] = (struct map){ .start = (i + 1) * 0x100000, .end = (i + 1) * 0x100000 + 0x80000,
				       .path = "", .read = true, .write = true };
		m.objects[50 + i] = *o;
		m.objects[50 + i].site = 2;
		m.objects[50 + i].kind = LEAKTRACE_KIND_PAGE;
		m.objects[50 + i].id = map[i].end - 0x2000;
		/* much later than the thread was made */
		m.objects[50 + i].born_ns += i % 2 ? 100000000 : 0;
		o->kind = LEAKTRACE_KIND_THREAD;
		o->type = LEAKTRACE_TYPE_THREAD;
		o->flags = LEAKTRACE_OBJECT_F_EXITED;
		o->exited_ns = o->born_ns + 1000000;
		o->ctid = map[i].end - 0x100;
		object_notes_add(&m.seen, o, THREAD_UNJOINED);
	}
	m.nobjects = 100;
	m.maps = &maps;
	judged();
	CHECK(m.nfindings == 1 && m.findings[0].nsites == 2, "%zu findings", m.nfindings);
	CHECK(says(&m.findings[0].judgement, "200 KiB are stacks of these threads"));
	CHECK(m.findings[0].cause == CAUSE_THREAD && m.findings[0].unjoined == 50);
	m.maps = NULL;
}

static void name(struct stack *s, const struct symbol_frame *frames, int n)
{
	free(s->frames);
	s->frames = malloc(n * sizeof(*frames));
	memcpy(s->frames, frames, n * sizeof(*frames));
	s->nframes = n;
}

/* put() allocates a block, and an inlined memset() fills it: one place, not two leaks in step. */
static void one_function(void)
{
	static const struct symbol_frame put[] = {
		{ .function = "put", .file = "app.c", .module = "app" },
		{ .function = "serve", .file = "app.c", .module = "app" },
		{ .function = "main", .file = "app.c", .module = "app" },
	}, filled[] = {
		{ .function = "memset", .file = "/usr/include/x86_64-linux-gnu/bits/string_fortified.h",
		  .module = "app", .inlined = true },
		{ .function = "put", .file = "app.c", .module = "app" },
		{ .function = "serve", .file = "app.c", .module = "app" },
		{ .function = "main", .file = "app.c", .module = "app" },
	}, other[] = {
		{ .function = "take", .file = "app.c", .module = "app" },
		{ .function = "serve", .file = "app.c", .module = "app" },
		{ .function = "main", .file = "app.c", .module = "app" },
	};

	begin(40);
	for (int i = 0; i < 80; i++)
		born(i / 2 + 0.001 * (i % 2), NEVER);
	two_chains();
	for (int i = 0; i < 80; i++)
		m.objects[i].site = 1 + i % 2;
	m.sites[0].born = m.sites[1].born = 40;
	name(&m.stacks[0], put, 3);
	name(&m.stacks[1], filled, 4);
	judged();
	CHECK(m.nfindings == 1 && m.findings[0].cause == CAUSE_PATH, "%zu findings", m.nfindings);
	CHECK(!says(&m.findings[0].judgement, "created together"));
	name(&m.stacks[1], other, 3);
	judged();
	CHECK(m.nfindings == 1 && m.findings[0].cause == CAUSE_TIME, "%zu findings", m.nfindings);
	CHECK(says(&m.findings[0].judgement, "created together under serve, by one cause or by several"));
}

/* Whatever is made up, the judge must neither fall nor print nonsense. */
static void absurd(void)
{
	struct site *s;

	s = begin(5);
	for (int i = 0; i < 20; i++)
		born(i * 0.2, NEVER);
	s->first_ns = UINT64_MAX;
	judged();
	s->first_ns = 0;
	s->last_ns = 0;
	s->born = 0;
	judged();
	memset(s->lifetimes, 0xff, sizeof(s->lifetimes));
	s->born = s->died = UINT64_MAX;
	judged();
	m.target.now_ns = 0;
	judged();
	m.objects[3].born_ns = UINT64_MAX;
	m.objects[4].count = UINT32_MAX;
	judged();
	s->kind = LEAKTRACE_KIND_PAGE;
	s->type = 255;
	judged();
	CHECK(s->judgement.confidence >= 0 && s->judgement.confidence <= 1);
}

int main(void)
{
	leaks();
	limit();
	other_limits();
	shared_memory();
	heap();
	turnover();
	little_memory();
	weight();
	early_growth();
	late_leak();
	suspects();
	innocents();
	caches();
	one_root();
	many_roots();
	one_limit();
	allocators();
	kept_free();
	one_heap();
	sampled_heap();
	blocks_and_their_pages();
	stacks_of_threads();
	one_function();
	absurd();
	model_free(&m);
	return verdict("verdict");
}
