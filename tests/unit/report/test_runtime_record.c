// SPDX-License-Identifier: GPL-2.0
/* What a language runtime has, written to a file and read again: all of it, and of which look. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "recording.h"

#include "model/delta.h"
#include "model/judgement.h"
#include "model/model.h"
#include "model/runtime.h"
#include "model/runtime_delta.h"
#include "model/runtime_saved.h"
#include "symbolize/frame.h"
#include "tracefile/compact.h"
#include "tracefile/runtime_record.h"
#include "util/format.h"

enum { GOROUTINES = 4, MIB = 1 << 20 };

static struct symbol_frame frames[] = {
	{ .function = "runtime.gopark", .file = "/usr/lib/go/src/runtime/proc.go", .line = 460, .module = "/bin/server" },
	{ .function = "main.wait", .file = "/src/server.go", .line = 32, .module = "/bin/server", .inlined = true },
};
static struct symbol_frame by = { .function = "main.ask", .file = "/src/server.go", .line = 23 };
static struct judgement leak = {
	.verdict = VERDICT_LEAK, .confidence = 0.75, .rate_per_min = -2.5, .evidence = { "grew", "never\nshrank" },
};
static struct judgement grows = { .verdict = VERDICT_SUSPECT, .confidence = 0.5, .evidence = { "holds more" } };

static void put_runtime(struct file_writer *w, const struct runtime_site *s)
{
	begin_message();
	trace_fill_runtime_site(msg, s);
	end_message(w, RECORD_RUNTIME_SITE);
}

/* At second s there are s goroutines, and s MiB are held, of which 1 MiB from the beginning. */
static void put_look(struct file_writer *w, unsigned int s)
{
	struct runtime_holder holder = { "main.cache", "map[string]*main.Record\nmain.Record.Blob", (s - 1) * MIB };
	struct runtime_site goroutines = {
		.id = GOROUTINES, .kind = "goroutine", .type = "chan send", .baseline = 1, .live = s, .in_thread = 3,
		.age_max_s = 12.5, .judgement = &leak, .frames = frames, .nframes = 2, .by = &by,
	};
	struct runtime_site held = {
		.id = 9, .kind = "goholder", .type = "main.cache", .baseline = s, .live = s, .bytes = s * MIB,
		.baseline_bytes = MIB, .judgement = &grows, .holder = &holder, .own = true,
	};
	struct target t = target_at(TARGET, s);

	trace_write_edge(w, RECORD_BEGIN, &t);
	put_state(w, &t, s, s == 10 ? 0x400000 : 0);
	put_runtime(w, &goroutines);
	put_runtime(w, &held);
	trace_write_edge(w, RECORD_END, &t);
	file_flush(w);
}

static void check_look(struct model *m, unsigned int s)
{
	const struct runtime_site *site = NULL;
	struct runtime_total totals[RUNTIME_KINDS];
	size_t n = m->runtime ? runtime_sites(m->runtime, &site) : 0;

	CHECK(n == 2, "%zu sites", n);
	if (n != 2)
		return;
	/* the leak is the worst */
	CHECK(site[0].id == GOROUTINES && !strcmp(site[0].kind, "goroutine") && !strcmp(site[0].type, "chan send"));
	CHECK(site[0].live == s && site[0].in_thread == 3 && site[0].age_max_s == 12.5 && !site[0].own);
	CHECK(site[0].judgement->verdict == VERDICT_LEAK && site[0].judgement->confidence == 0.75 &&
	      site[0].judgement->rate_per_min == -2.5);
	CHECK(!strcmp(site[0].judgement->evidence[0], "grew") && !strcmp(site[0].judgement->evidence[1], "never?shrank") &&
	      !site[0].judgement->evidence[2], "no control characters");
	CHECK(site[0].nframes == 2 && site[0].frames[1].inlined && site[0].frames[1].line == 32 &&
	      !strcmp(site[0].frames[1].function, "main.wait") && !strcmp(site[0].by->function, "main.ask"));
	CHECK(site[1].own && site[1].bytes == s * MIB && site[1].holder && site[1].holder->grown_bytes == (s - 1) * MIB);
	CHECK(!strcmp(site[1].holder->root, "main.cache") &&
	      !strcmp(site[1].holder->chain, "map[string]*main.Record\nmain.Record.Blob"), "%s", site[1].holder->chain);
	CHECK(runtime_totals(m->runtime, totals) == 1 && totals[0].live == s && !strcmp(totals[0].kind, "goroutine"));
	say_all(m);
}

static void write_looks(void)
{
	struct file_writer *w = file_record(path, err, sizeof(err));

	for (unsigned int s = 10; s <= 100; s += 10)
		put_look(w, s);
	CHECK(!file_finish(w));
}

static void whole(void)
{
	struct model m;

	write_looks();
	CHECK(!look(&m, NULL, NULL), "%s", err);
	check_look(&m, 100);
	CHECK(m.runtime && runtime_leaks(m.runtime));
	model_free(&m);
}

/* Of --between: the look at its end, as if tracing had begun at the other. */
static void window(void)
{
	const struct trace_part part = { .from_ns = (ATTACHED_S + 30) * NSEC_PER_SEC, .to_ns = (ATTACHED_S + 70) * NSEC_PER_SEC };
	const struct runtime_site *site;
	struct model m, base;

	CHECK(!look(&m, &part, &base), "%s", err);
	CHECK(!delta_rebase(&m, &base));
	check_look(&m, 70);
	CHECK(runtime_sites(m.runtime, &site) == 2 && site[0].baseline == 30 && site[1].baseline_bytes == 30 * MIB);
	model_free(&m);
	model_free(&base);
}

static void thinned(void)
{
	char *into = strdup_printf("%s.thinned", path);
	struct model m;

	CHECK(!trace_compact(path, into, UINT64_MAX) && !rename(into, path));
	CHECK(!look(&m, NULL, NULL), "%s", err);
	check_look(&m, 100);
	model_free(&m);
	free(into);
}

static void differences(void)
{
	const struct trace_part part = { .to_ns = (ATTACHED_S + 40) * NSEC_PER_SEC };
	struct runtime_difference *d;
	struct model older, newer;

	write_looks();
	CHECK(!look(&older, &part, NULL) && !look(&newer, NULL, NULL));
	/* most pages first */
	CHECK(runtime_delta_compare(older.runtime, newer.runtime, &d) == 2);
	CHECK(d[0].site->holder && d[0].bytes == 100 * MIB && d[0].bytes_before == 40 * MIB);
	CHECK(d[1].site->id == GOROUTINES && d[1].live == 100 && d[1].live_before == 40 && d[1].before);
	free(d);
	CHECK(runtime_delta_compare(NULL, newer.runtime, &d) == 2 && !d[0].before && d[0].bytes_before == MIB,
	      "what it held at the first look is known");
	free(d);
	CHECK(runtime_delta_compare(newer.runtime, NULL, &d) == 2 && !d[0].site && d[0].before);
	free(d);
	CHECK(!runtime_delta_compare(newer.runtime, newer.runtime, &d));
	free(d);
	model_free(&older);
	model_free(&newer);
}

/* A program may have more call paths than a file keeps: no object is lost by that. */
static void many(void)
{
	struct runtime_site timers = { .kind = "gotimer", .type = "timer", .live = 2, .judgement = &(struct judgement){ 0 } };
	struct file_writer *w = file_create(path, err, sizeof(err));
	struct target t = target_at(TARGET, 10);
	struct runtime_total totals[RUNTIME_KINDS];
	struct written_set known = { 0 };
	const struct runtime_site *site;
	struct model m;

	model_init(&m);
	m.runtime = runtime_saved_new();
	for (timers.id = 1; timers.id <= RUNTIME_SITES_MAX + 500; timers.id++)
		CHECK(!runtime_saved_add(m.runtime, &timers));
	put_state(w, &t, 10, 0x400000);
	CHECK(!trace_write_names(&m, w, true, &known) && !file_finish(w));
	written_set_clear(&known);
	model_free(&m);
	CHECK(!look(&m, NULL, NULL) && m.runtime, "%s", err);
	CHECK(runtime_sites(m.runtime, &site) == RUNTIME_SITES_MAX + 1 && !strcmp(site[0].type, "others"));
	CHECK(runtime_totals(m.runtime, totals) == 1 && totals[0].live == 2 * (RUNTIME_SITES_MAX + 500));
	model_free(&m);
}

/* A kind is part of the names of files, and a verdict indexes a table. */
static void damage(void)
{
	static const char *const kinds[] = { "../../etc", "fd", "", "Goroutine", "goroutinegoroutinegoroutine" };
	struct judgement worse = { .verdict = VERDICT_LEAK + 1 };
	struct runtime_site s = { .id = 1, .kind = "goroutine", .type = "", .judgement = &leak };
	struct model m = { 0 };

	for (unsigned int i = 0; i <= 5; i++) {
		s.kind = i < 5 ? kinds[i] : "goroutine";
		s.judgement = i < 5 ? &leak : &worse;
		begin_message();
		trace_fill_runtime_site(msg, &s);
		CHECK(trace_decode_runtime_site(&m, nlmsg_data(nlmsg_hdr(msg)), nlmsg_datalen(nlmsg_hdr(msg))) == -EBADMSG,
		      "%u", i);
		nlmsg_free(msg);
	}
	CHECK(!m.runtime);
}

int main(void)
{
	close(mkstemp(path));
	whole();
	window();
	thinned();
	differences();
	many();
	damage();
	unlink(path);
	return verdict("runtime in files");
}
