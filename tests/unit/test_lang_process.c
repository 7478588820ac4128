// SPDX-License-Identifier: GPL-2.0
/* What a runtime knows of, in the report's order; whom it blames; thinned histories. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "go.h"
#include "lang.h"
#include "symbol_check.h"

static const struct judgement leak = { .verdict = VERDICT_LEAK }, suspect = { .verdict = VERDICT_SUSPECT };

static void order(void)
{
	struct lang_site many = { .live = 400, .judgement = &leak };
	struct lang_site bytes = { .live = 10, .bytes = 300 * PAGE_BYTES, .judgement = &leak };
	struct lang_site thin = { .live = 100000, .judgement = &suspect };

	CHECK(lang_site_weight(&many) == 400 && lang_site_weight(&bytes) == 300, "bytes count by page");
	CHECK(lang_site_worse(&many, VERDICT_LEAK, 399) && !lang_site_worse(&many, VERDICT_LEAK, 400));
	CHECK(lang_site_worse(&bytes, VERDICT_SUSPECT, 1000000), "a leak before a suspect");
	CHECK(!lang_site_worse(&thin, VERDICT_LEAK, 1));
}

static void place(void)
{
	struct symbol_frame by = { .function = "main.start", .file = "/a/main.go" };
	struct symbol_frame frames[] = {
		{ .function = "runtime.gopark", .file = "/usr/lib/go/src/runtime/proc.go" },
		{ .function = "net/http.(*persistConn).readLoop", .file = "/usr/lib/go/src/net/http/transport.go" },
		{ .function = "main.serve", .file = "/a/main.go" },
	};
	struct lang_site s = { .frames = frames, .nframes = 3, .by = &by };

	CHECK(lang_site_place(&s) == &frames[2], "the program's own");
	s.nframes = 2;
	CHECK(lang_site_place(&s) == &by, "all of it is the library: who made it");
	s.by = NULL;
	CHECK(lang_site_place(&s) == frames);
	s.nframes = 0;
	CHECK(!lang_site_place(&s));
}

static void threads(void)
{
	struct symbol_frame frames[] = { { .function = "runtime.clone" }, { .function = "runtime.newm" } };

	CHECK(lang_starts_thread(frames, 2) && !lang_starts_thread(frames, 1));
}

static void nobody(void)
{
	char err[128] = "x";

	CHECK(!lang_process_open(getpid(), err, sizeof(err)) && !*err, "this is no Go program");
	lang_process_close(NULL);
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
	nobody();
	thinning();
	return verdict("lang process");
}
