// SPDX-License-Identifier: GPL-2.0
/* A Go program as text: its state in a few lines, what grows, what waits. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/judgement.h"
#include "runtime/go/judge.h"
#include "runtime/go/process.h"
#include "runtime/go/report.h"
#include "runtime/go/snapshot.h"
#include "runtime/go/view.h"
#include "symbolize/frame.h"
#include "util/format.h"
#include "util/style.h"

enum { FRAMES = 8, FRAMES_ALL = 64, SITES = 5, NAME_END = 48 /* column */ };

#define PAINT(l, code) ((l)->color ? (code) : "")

static void write_frame(FILE *f, const char *lead, const struct symbol_frame *s)
{
	if (s->function && s->file)
		fprintf(f, "%s%-*s  %s:%d%s\n", lead, NAME_END - (int)strlen(lead), s->function,
			path_short(s->file), s->line, s->inlined ? " (inlined)" : "");
	else if (s->function)
		fprintf(f, "%s%s\n", lead, s->function);
	else
		fprintf(f, "%s%#" PRIx64 "  %s\n", lead, s->offset, s->module ?: "unknown");
}

static void write_memory(FILE *f, const struct go_counts *c)
{
	uint64_t held = c->gc_in_use + c->gc_free;
	char a[32], b[32], d[32], e[32];

	if (!c->memory_known)
		return;
	fprintf(f, "memory: %s of Go objects, %s survived the last collection, next collection at %s",
		format_bytes(c->gc_live, a), format_bytes(c->gc_marked, b),
		c->gc_goal < 1ULL << 47 ? format_bytes(c->gc_goal, d) : "the memory limit");
	if (c->rss_bytes > held)
		fprintf(f, "; %s outside the Go heap", format_bytes(c->rss_bytes - held, e));
	fputc('\n', f);
}

static void write_head(FILE *f, const struct go_view *v)
{
	const struct go_counts *c = &v->counts;
	char a[32], b[32];

	fprintf(f, "%s (%d), %s: RSS %s, %s threads", v->process->comm, v->process->pid,
		v->process->table.version, format_bytes(c->rss_bytes, a), format_count(c->threads, b));
	if (v->snapshots > 1)
		fprintf(f, "; %u samples in %s", v->snapshots,
			format_seconds(v->at_s[v->snapshots - 1], a));
	fprintf(f, "\n%s goroutines, %s of them the runtime's", format_count(c->goroutines, a),
		format_count(c->system, b));
	if (!c->timers_unknown)
		fprintf(f, "; %s timers", format_count(c->timers, a));
	fputc('\n', f);
	write_memory(f, c);
	if (c->heap_off)
		fprintf(f, "heap: %s: 'leaktrace go %d --arm' turns it on\n", go_heap_is_removed(v->process) ?
			"the linker has removed heap profiling (nothing in the program reads it)" :
			"the program has turned heap profiling off (MemProfileRate is 0)",
			v->process->pid);
	else if (c->heap_unknown)
		fputs("heap: no heap profile was found in this program\n", f);
	else
		fprintf(f, "heap: profiled, one sample per %s\n", format_bytes(c->heap_rate, a));
}

static void write_what(FILE *f, const struct go_site *s)
{
	char live[32], bytes[32], age[32];

	if (s->kind == GO_HEAP) {
		fprintf(f, "%s in %s objects of %" PRIu64 " bytes", format_bytes(s->bytes, bytes),
			format_count(s->live, live), s->size_bytes);
		return;
	}
	fprintf(f, "%s %s%s", format_count(s->live, live),
		s->kind == GO_TIMER ? s->type : "goroutine", s->live == 1 ? "" : "s");
	if (s->kind == GO_GOROUTINE)
		fprintf(f, ": %s", s->type);
	if (s->age_max_ns)
		fprintf(f, ", for at least %s", format_seconds(s->age_max_ns / 1e9, age));
	if (s->in_thread)
		fprintf(f, ", %s occupying a thread", format_count(s->in_thread, age));
}

/* Skips the runtime's functions that park a goroutine, which are always the same. */
static int skip_runtime(const struct symbol_frame *frames, int n)
{
	int i = 0;

	while (i < n && frames[i].function && !strncmp(frames[i].function, "runtime.", 8))
		i++;
	return i < n ? i : 0;
}

static void write_site(FILE *f, struct go_view *v, struct go_site *s, const struct report_style *style)
{
	static const char *const colors[] = {
		[VERDICT_OK] = "", [VERDICT_CACHE] = "", [VERDICT_SUSPECT] = "\033[33m",
		[VERDICT_LEAK] = "\033[1;31m",
	};
	const struct judgement *j = &s->judgement;
	const struct symbol_frame *frames, *by = go_site_creator(v, s);
	int n = go_site_frames(v, s, &frames), max = style->all ? FRAMES_ALL : FRAMES;
	int first = style->all ? 0 : skip_runtime(frames, n);

	fputc('\n', f);
	if (j->verdict != VERDICT_OK)
		fprintf(f, "%s%s%s  ", PAINT(style, colors[j->verdict]), verdict_name(j->verdict),
			PAINT(style, "\033[0m"));
	write_what(f, s);
	fputc('\n', f);
	for (int i = 0; i < EVIDENCE_MAX && j->evidence[i]; i++)
		fprintf(f, "  %s\n", j->evidence[i]);
	for (int i = first; i < n && i < first + max; i++)
		write_frame(f, "    ", &frames[i]);
	if (n > first + max)
		fprintf(f, "    … %d more\n", n - first - max);
	if (by && strncmp(by->function, "runtime.", 8))
		write_frame(f, "  created by ", by);
}

/* What holds more than before: known without a garbage collection in between. */
static void write_growth(FILE *f, const struct go_held *held, const struct report_style *style)
{
	char grown[40], window[32], bytes[32];

	for (size_t i = 0; i < held->n && (style->all || i < SITES); i++) {
		const struct go_held_growth *g = &held->growth[i];

		fprintf(f, "\n%s%s%s  %s in %s, %s now: held by %s\n", PAINT(style, g->is_steady ? "\033[33m" : ""),
			g->is_steady ? "suspect" : "grows", PAINT(style, "\033[0m"),
			format_bytes_change(g->grown_bytes, grown), format_seconds(held->window_s, window),
			format_bytes(g->bytes, bytes), g->root);
		for (const char *c = g->chain; *c; c += strcspn(c, "\n"), c += *c == '\n')
			fprintf(f, "    -> %.*s\n", (int)strcspn(c, "\n"), c);
	}
	if (held->error[0])
		fprintf(f, "\nwhat holds the heap was not read: %s\n", held->error);
}

static void write_trust(FILE *f, const struct go_counts *c)
{
	char a[32], b[32];

	if (c->running)
		fprintf(f, "\n%s goroutines were running: their stacks could not be read", format_count(c->running, a));
	if (c->given_up)
		fprintf(f, "\n%s goroutines changed during every attempt to read them", format_count(c->given_up, a));
	if (c->incomplete || c->unsorted)
		fprintf(f, "\n%s stacks are incomplete, %s goroutines are missing (table full)",
			format_count(c->incomplete, a), format_count(c->unsorted, b));
	if (c->unplaced)
		fprintf(f, "\n%s timers and heap stacks are missing (table full)",
			format_count(c->unplaced, a));
	if (c->running || c->given_up || c->incomplete || c->unsorted || c->unplaced)
		fputc('\n', f);
}

/** go_text() - print all samples with verdicts */
void go_text(FILE *f, struct go_view *v, const struct report_style *style)
{
	unsigned int shown[GO_KINDS] = { 0 };
	struct go_site **sites;
	size_t n = go_rank(v, &sites), left = 0;
	/* if something leaks, sites that are merely large are not shown */
	bool calm = !n || sites[0]->judgement.verdict == VERDICT_OK;
	char count[32];

	write_head(f, v);
	write_growth(f, &v->held, style);
	for (size_t i = 0; i < n; i++) {
		bool finding = sites[i]->judgement.verdict > VERDICT_OK;

		if (style->all || finding ||
		    (calm && !sites[i]->system && shown[sites[i]->kind] < SITES)) {
			write_site(f, v, sites[i], style);
			shown[sites[i]->kind] += !finding;
		} else {
			left++;
		}
	}
	if (left)
		fprintf(f, "\n%s more call paths (--all shows them)\n", format_count(left, count));
	write_trust(f, &v->counts);
	free(sites);
}
