// SPDX-License-Identifier: GPL-2.0
/* What a runtime knows of, in the report's order; whom it blames; thinned histories. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <linux/leaktrace.h>

#include "model/judgement.h"
#include "model/limits.h"
#include "model/runtime.h"
#include "runtime/go/process.h"
#include "runtime/go/view.h"
#include "symbolize/frame.h"
#include "symbolize/language.h"
#include "util/units.h"
#include "check.h"

static struct judgement leak = { .verdict = VERDICT_LEAK }, suspect = { .verdict = VERDICT_SUSPECT };

static void order(void)
{
	struct runtime_site many = { .live = 400, .judgement = &leak };
	struct runtime_site bytes = { .live = 10, .bytes = 300 * PAGE_BYTES, .judgement = &leak };
	struct runtime_site thin = { .live = 100000, .judgement = &suspect };

	CHECK(runtime_site_weight(&many) == limit_weight(NULL, LEAKTRACE_KIND_PAGE, 400) &&
	      runtime_site_weight(&bytes) == limit_weight(NULL, LEAKTRACE_KIND_PAGE, 300), "bytes count by page");
	CHECK(runtime_site_worse(&many, VERDICT_LEAK, runtime_site_weight(&many) - 1) &&
	      !runtime_site_worse(&many, VERDICT_LEAK, runtime_site_weight(&many)));
	CHECK(runtime_site_worse(&bytes, VERDICT_SUSPECT, 1000000), "a leak before a suspect");
	CHECK(!runtime_site_worse(&thin, VERDICT_LEAK, 1));
}

static void place(void)
{
	struct symbol_frame by = { .function = "main.start", .file = "/a/main.go" };
	struct symbol_frame frames[] = {
		{ .function = "runtime.gopark", .file = "/usr/lib/go/src/runtime/proc.go" },
		{ .function = "net/http.(*persistConn).readLoop", .file = "/usr/lib/go/src/net/http/transport.go" },
		{ .function = "main.serve", .file = "/a/main.go" },
	};
	struct runtime_site s = { .frames = frames, .nframes = 3, .by = &by };

	CHECK(runtime_site_blamed_frame(&s) == &frames[2], "the program's own");
	s.nframes = 2;
	CHECK(runtime_site_blamed_frame(&s) == &by, "all of it is the library: who made it");
	s.by = NULL;
	CHECK(runtime_site_blamed_frame(&s) == &frames[1], "what says most about the library");
	s.nframes = 0;
	CHECK(!runtime_site_blamed_frame(&s));
}

static void threads(void)
{
	struct symbol_frame frames[] = { { .function = "runtime.clone" }, { .function = "runtime.newm" } };

	CHECK(language_starts_thread(frames, 2) && !language_starts_thread(frames, 1));
}

static enum alarm_news after(struct alarm *t, struct runtime_site *s, enum verdict v, double at_s,
			     bool last)
{
	struct judgement j = { .verdict = v, .confidence = 0.9 };

	s->judgement = &j;
	return runtime_news_of(t, s, at_s * NSEC_PER_SEC, last);
}

/* A service that warms up is no alarm; and one look that fell does not take one back. */
static void news(void)
{
	const enum verdict yes = VERDICT_LEAK, no = VERDICT_OK;
	struct judgement proven = { .verdict = VERDICT_LEAK, .confidence = 1 };
	struct alarm t = { 0 }, last = { 0 }, heap = { 0 }, sure = { 0 };
	struct runtime_site s = { .live = 10 }, h = { .live = 10, .bytes = 1 };

	CHECK(after(&t, &s, yes, 8, false) == ALARM_GROWTH);
	CHECK(after(&t, &s, yes, 10, false) == ALARM_NO_NEWS);
	CHECK(after(&t, &s, yes, 52, false) == ALARM_NO_NEWS);
	CHECK(after(&t, &s, yes, 54, false) == ALARM_LEAK);
	CHECK(after(&t, &s, yes, 60, false) == ALARM_NO_NEWS);
	CHECK(after(&t, &s, no, 62, false) == ALARM_NO_NEWS && after(&t, &s, yes, 64, false) == ALARM_NO_NEWS);
	for (int i = 0; i < 3; i++)
		CHECK(after(&t, &s, no, 66 + 2 * i, false) == ALARM_NO_NEWS);
	CHECK(after(&t, &s, no, 72, false) == ALARM_CLEARED);
	CHECK(after(&t, &s, yes, 74, false) == ALARM_GROWTH, "from the beginning");
	CHECK(after(&last, &s, yes, 8, true) == ALARM_LEAK, "there is nothing to wait for");
	CHECK(after(&heap, &h, yes, 8, false) == ALARM_GROWTH);
	CHECK(after(&heap, &h, yes, 600, false) == ALARM_NO_NEWS && after(&heap, &h, yes, 609, false) == ALARM_LEAK);
	s.judgement = &proven;
	CHECK(runtime_news_of(&sure, &s, NSEC_PER_SEC, false) == ALARM_LEAK, "the runtime says so");
}

static void nobody(void)
{
	char err[128] = "x";

	CHECK(!runtime_open(getpid(), err, sizeof(err)) && !*err, "this is not a supported Go program");
	runtime_close(NULL);
}

/* What is kept of a full history is as it was, and there is room again. */
static void thinning(void)
{
	struct go_view *v = calloc(1, sizeof(*v));
	struct go_process nobody = { .pid = 1, .tid = 1 };
	uint64_t pc = 1;
	struct go_site key = { .kind = GO_GOROUTINE, .type = "select", .npcs = 1, .pcs = &pc };

	v->process = &nobody;
	CHECK(go_view_site(v, &key) != NULL);
	for (int i = 0; i < 2500; i++) {
		go_view_begin(v);
		go_view_site(v, &key)->live = i;
		go_view_end(v);
	}
	CHECK(v->snapshots <= GO_SERIES_MAX && v->snapshots >= GO_SERIES_MAX / 2);
	CHECK(v->sites[0].series[0] == 0 && v->sites[0].series[v->snapshots - 1] == 2499);
	for (unsigned int i = 1; i < v->snapshots; i++)
		if (v->sites[0].series[i] <= v->sites[0].series[i - 1] || v->at_s[i] < v->at_s[i - 1])
			CHECK(false, "out of order at %u", i);
	go_view_free(v);
	free(v);
}

int main(void)
{
	order();
	place();
	threads();
	news();
	nobody();
	thinning();
	return verdict("lang process");
}
