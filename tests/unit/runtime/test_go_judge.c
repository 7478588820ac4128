// SPDX-License-Identifier: GPL-2.0
/* Growth of goroutines and of Go's heap over looks: what leaks, and what does not. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/judgement.h"
#include "runtime/go/judge.h"
#include "runtime/go/process.h"
#include "runtime/go/view.h"
#include "check.h"

enum { LOOKS = 6 };

/*
 * One site that had so many, a look every ten seconds; each look another collection,
 * at which so many goroutines could not be read.
 */
static enum verdict judged_missing(struct go_site key, unsigned int n, const double *y,
				   bool collects, const uint64_t *missed)
{
	static struct go_view v;
	struct go_site s = key;
	enum verdict have;

	memset(&v, 0, sizeof(v));
	v.sites = &s;
	v.nsites = 1;
	v.snapshots = n;
	v.counts.heap_rate = 512 << 10;
	s.series = calloc(GO_SERIES_MAX, sizeof(*s.series));
	memcpy(s.series, y, n * sizeof(*y));
	s.live = y[n - 1];
	for (unsigned int i = 0; i < n; i++) {
		v.at_s[i] = 10 * i;
		v.cycle[i] = collects ? i : 1;
		v.missed[i] = missed[i];
	}
	go_judge(&v);
	have = s.judgement.verdict;
	CHECK(go_leaks(&v) == (have == VERDICT_LEAK));
	judgement_clear(&s.judgement);
	free(s.series);
	return have;
}

static enum verdict judged(struct go_site key, unsigned int n, const double *y, bool collects)
{
	static const uint64_t none[LOOKS];

	return judged_missing(key, n, y, collects, none);
}

#define ROW(...) ((const double[LOOKS]){ __VA_ARGS__ })

static void goroutines(void)
{
	struct go_site g = { .kind = GO_GOROUTINE, .type = "chan receive" };

	CHECK(judged(g, 6, ROW(0, 10, 20, 30, 40, 50), true) == VERDICT_LEAK);
	CHECK(judged(g, 4, ROW(0, 10, 20, 30), true) == VERDICT_LEAK);
	CHECK(judged(g, 2, ROW(0, 30), true) == VERDICT_SUSPECT, "two looks are thin");
	CHECK(judged(g, 1, ROW(5000), true) == VERDICT_OK, "many are no growth");
	CHECK(judged(g, 6, ROW(0, 40, 80, 0, 40, 80), true) == VERDICT_OK, "a saw");
	CHECK(judged(g, 6, ROW(0, 0, 0, 0, 0, 50), true) == VERDICT_OK, "a burst");
	CHECK(judged(g, 6, ROW(0, 30, 60, 90, 90, 90), true) == VERDICT_OK, "a pool that is full");
	CHECK(judged(g, 6, ROW(0, 2, 4, 6, 8, 10), true) == VERDICT_OK, "too few");
	CHECK(judged(g, 6, ROW(1000, 1010, 1020, 1030, 1040, 1050), true) == VERDICT_OK, "a twentieth");
	CHECK(judged(g, 6, ROW(0, 10, 20, 19, 40, 50), true) == VERDICT_OK, "it fell");
	CHECK(judged_missing(g, 6, ROW(0, 10, 20, 19, 40, 50), true,
			     (const uint64_t[LOOKS]){ 0, 0, 0, 1, 0, 0 }) == VERDICT_LEAK,
	      "one could not be read");
	g.system = true;
	CHECK(judged(g, 6, ROW(0, 10, 20, 30, 40, 50), true) == VERDICT_OK, "the runtime's own");
	g.system = false;
	strcpy(g.type, "runnable");
	CHECK(judged(g, 6, ROW(0, 10, 20, 30, 40, 50), true) == VERDICT_OK, "they wait for a processor");
	g.proven = 1;
	CHECK(judged(g, 1, ROW(1), true) == VERDICT_LEAK, "the runtime has proven it");
}

/* A lock that nobody lets go of, however few wait for it; all else may take as long as it likes. */
static void locks(void)
{
	struct symbol_frame mutex[] = { { .function = "sync.runtime_SemacquireMutex" }, { .function = "sync.(*Mutex).lockSlow" },
					{ .function = "main.store" } };
	struct symbol_frame group[] = { { .function = "sync.(*WaitGroup).Wait" }, { .function = "main.store" } };
	struct symbol_frame main_own[] = { { .function = "sync.(*Mutex).Lock" }, { .function = "runtime.main" } };
	struct go_site g = { .kind = GO_GOROUTINE, .type = "semacquire", .age_max_ns = 61 * 1000000000ULL,
			     .frames = mutex, .nframes = 3 };
	const double *two = ROW(2, 2, 2, 2, 2, 2);

	CHECK(judged(g, 1, two, true) == VERDICT_SUSPECT);
	CHECK(judged(g, 6, two, true) == VERDICT_SUSPECT);
	g.age_max_ns = 59 * 1000000000ULL;
	CHECK(judged(g, 6, two, true) == VERDICT_OK, "for a moment");
	g.age_max_ns *= 100;
	g.frames = group;
	g.nframes = 2;
	CHECK(judged(g, 6, two, true) == VERDICT_OK, "others are to end first");
	g.frames = main_own;
	CHECK(judged(g, 6, two, true) == VERDICT_OK, "it keeps the program from ending");
	g.frames = group;
	for (const char *const *type = (const char *const []){ "chan receive", "select", "IO wait", "sleep",
			"sync.Cond.Wait", "sync.WaitGroup.Wait", NULL }; *type; type++) {
		snprintf(g.type, sizeof(g.type), "%s", *type);
		CHECK(judged(g, 6, two, true) == VERDICT_OK, "%s", *type);
	}
	strcpy(g.type, "sync.RWMutex.RLock");
	CHECK(judged(g, 6, two, true) == VERDICT_SUSPECT);
	strcpy(g.type, "sync.Mutex.Lock");
	CHECK(judged(g, 6, two, true) == VERDICT_SUSPECT);
}

static void heap(void)
{
	struct go_site h = { .kind = GO_HEAP, .type = "heap", .size_bytes = 4096 };
	const double mib = 1 << 20;

	CHECK(judged(h, 5, ROW(0, 2 * mib, 4 * mib, 6 * mib, 8 * mib), true) == VERDICT_LEAK);
	CHECK(judged(h, 5, ROW(0, 2 * mib, 4 * mib, 6 * mib, 8 * mib), false) == VERDICT_OK,
	      "no collection has looked whether it is garbage");
	CHECK(judged(h, 5, ROW(0, mib / 2, mib, 2 * mib, 3 * mib), true) == VERDICT_OK,
	      "six samples may be chance");
	CHECK(judged(h, 5, ROW(60 * mib, 62 * mib, 64 * mib, 66 * mib, 72 * mib), true) ==
	      VERDICT_OK, "of 120 samples, 24 more may be chance");
	CHECK(judged(h, 5, ROW(60 * mib, 66 * mib, 72 * mib, 76 * mib, 90 * mib), true) ==
	      VERDICT_LEAK, "of 120 samples, 60 more are none");
	CHECK(judged(h, 5, ROW(0, 8 * mib, 2 * mib, 9 * mib, 10 * mib), true) == VERDICT_OK);
	h.size_bytes = 64 << 20;	/* each is sampled */
	CHECK(judged(h, 4, ROW(0, 640 * mib, 1280 * mib, 1920 * mib), true) == VERDICT_LEAK);
}

/* Of two call paths that allocate timers, the one that has more of them. */
static void maker(void)
{
	static struct go_process process;	/* of no pid: nothing is known outside */
	struct symbol_frame sends[] = { { .function = "time.sendTime" } };
	struct symbol_frame few[] = {
		{ .function = "time.NewTimer" }, { .function = "main.awaitOnce", .file = "/a/once.go", .line = 7 },
	};
	struct symbol_frame many[] = {
		{ .function = "time.NewTimer" }, { .function = "time.After" },
		{ .function = "main.awaitPayment", .file = "/a/pay.go", .line = 12 }, { .function = "main.main" },
	};
	struct symbol_frame others[] = { { .function = "main.remember", .file = "/a/cache.go", .line = 3 } };
	struct go_site sites[] = {
		{ .kind = GO_TIMER, .type = "timer", .frames = sends, .nframes = 1, .proven = 1 },
		{ .kind = GO_HEAP, .frames = few, .nframes = 2, .live = 10 },
		{ .kind = GO_HEAP, .frames = many, .nframes = 4, .live = 400 },
		{ .kind = GO_HEAP, .frames = others, .nframes = 1, .live = 9000 },
	};
	static struct go_view v = { .process = &process };
	const struct judgement *j = &sites[0].judgement;

	v.sites = sites;
	v.nsites = 4;
	CHECK(go_maker(&v, &sites[0]) == &many[2]);
	go_judge(&v);
	CHECK(j->evidence[2] && strstr(j->evidence[2], "main.awaitPayment") && strstr(j->evidence[2], "pay.go:12"));
	judgement_clear(&sites[0].judgement);
	strcpy(sites[0].type, "ticker");
	CHECK(!go_maker(&v, &sites[0]), "nobody was seen to make a ticker");
	CHECK(!go_maker(&v, &sites[3]), "no timer");
}

/* Who writes to a connection is advised as who reads from it. */
static void advice(void)
{
	struct symbol_frame reads[] = { { .function = "net/http.(*persistConn).readLoop" } };
	struct symbol_frame writes[] = { { .function = "net/http.(*persistConn).writeLoop" } };
	struct go_site s[] = {
		{ .kind = GO_GOROUTINE, .type = "select", .frames = writes, .nframes = 1, .live = 9 },
		{ .kind = GO_GOROUTINE, .type = "IO wait", .frames = reads, .nframes = 1, .live = 7 },
		{ .kind = GO_GOROUTINE, .type = "select", .frames = reads, .nframes = 1, .live = 2 },
	};
	static struct go_process process;	/* of no pid: nothing is known outside */
	struct go_view v = { .process = &process, .sites = s, .nsites = 3 };

	CHECK(strstr(go_advice(&v, &s[1]), "idle") && strstr(go_advice(&v, &s[2]), "body"));
	CHECK(go_advice(&v, &s[0]) == go_advice(&v, &s[1]), "most are idle");
	s[2].live = 8;
	CHECK(go_advice(&v, &s[0]) == go_advice(&v, &s[2]), "most are in use");
}

/* The process went while it was looked at: what was seen before is the answer. */
static void undone(void)
{
	static struct go_process process;	/* of no pid: nothing is known outside */
	static struct go_view v = { .process = &process };
	struct go_site s = { .kind = GO_GOROUTINE, .type = "chan receive" };

	v.sites = &s;
	v.nsites = 1;
	s.series = calloc(GO_SERIES_MAX, sizeof(*s.series));
	go_view_begin(&v);
	s.live = 9;
	s.proven = 7;
	s.age_max_ns = 5;
	go_view_end(&v);
	go_view_begin(&v);
	s.live = 1;
	go_view_end(&v);
	go_view_undo(&v);
	go_judge(&v);
	CHECK(s.live == 9 && s.proven == 7 && s.age_max_ns == 5 && v.snapshots == 1);
	CHECK(go_leaks(&v));
	judgement_clear(&s.judgement);
	free(s.series);
}

/*
 * A go statement has made so many; at each look other @ended of them are gone, and others
 * are at the first of two places. What is said of the second one, where more are.
 */
static enum verdict judged_creator(const double *y, const double *first, unsigned int ended)
{
	static struct go_process process;	/* of no pid: nothing is known outside */
	static struct go_view v;
	struct go_site s[] = {
		{ .kind = GO_GOROUTINE, .type = "sleep", .creator = 7 },
		{ .kind = GO_GOROUTINE, .type = "runnable", .creator = 7 },
	};
	enum verdict have;

	v = (struct go_view){ .process = &process, .sites = s, .nsites = 2 };
	s[0].series = calloc(GO_SERIES_MAX, sizeof(double));
	s[1].series = calloc(GO_SERIES_MAX, sizeof(double));
	for (unsigned int i = 0; i < LOOKS; i++) {
		go_view_begin(&v);
		for (unsigned int k = 0; k < y[i]; k++)
			go_creators_count(&v.creators, 7, i * ended + k + 1);
		s[0].live = first[i];
		s[1].live = y[i] - first[i];
		go_view_end(&v);
		v.at_s[i] = 10 * i;
	}
	go_judge(&v);
	have = s[1].judgement.verdict;
	CHECK(s[0].judgement.verdict == VERDICT_OK);
	judgement_clear(&s[1].judgement);
	free(s[0].series);
	free(s[1].series);
	go_creators_free(&v.creators);
	return have;
}

static void creators(void)
{
	const double *rises = ROW(10, 20, 30, 40, 50, 60), *here = ROW(0, 4, 1, 3, 1, 4);

	CHECK(judged_creator(rises, here, 0) == VERDICT_LEAK, "some run, others wait");
	CHECK(judged_creator(rises, here, 1) == VERDICT_LEAK, "hardly one ends");
	CHECK(judged_creator(rises, here, 2) == VERDICT_OK, "many end");
	CHECK(judged_creator(rises, here, 1000) == VERDICT_OK, "all end");
	CHECK(judged_creator(ROW(50, 50, 50, 50, 50, 50), here, 0) == VERDICT_OK, "as many as there were");
	CHECK(judged_creator(ROW(10, 40, 70, 70, 70, 70), here, 0) == VERDICT_OK, "a pool that is full");
	CHECK(judged_creator(ROW(10, 20, 30, 29, 50, 60), here, 0) == VERDICT_OK, "it fell");
}

int main(void)
{
	goroutines();
	creators();
	locks();
	heap();
	maker();
	advice();
	undone();
	return verdict("go judge");
}
