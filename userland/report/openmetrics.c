// SPDX-License-Identifier: GPL-2.0
/*
 * Metrics as OpenMetrics text, or as Prometheus' older text. The number of series is bounded: the worst sites of a kind
 * have one each, the others are added up as "other", so that the sum over
 * 'site' is that of the process. Counters are by kind only: a sum over a
 * changing set of sites could decrease.
 */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/blame.h"
#include "analysis/heap_estimate.h"
#include "model/judgement.h"
#include "model/kind.h"
#include "model/model.h"
#include "model/runtime.h"
#include "model/site.h"
#include "model/site_hash.h"
#include "model/target.h"
#include "report/openmetrics.h"
#include "report/report.h"
#include "symbolize/frame.h"
#include "util/units.h"
#include "util/utf8.h"

enum { SITES_MAX = 32 };	/* of a kind */

enum family { LIVE, BYTES, HEAP, BORN, DIED, LEAK, SITES, LIMIT, WINDOW, EXITED, EXACT, LOST, STACKS,
	      CHILDREN, FAMILIES };

static const struct {
	const char *name, *type, *unit, *help;
} families[FAMILIES] = {
	[LIVE] = { "leaktrace_live", "gauge", NULL, "Live objects, by kind and call path; of heap: samples." },
	[BYTES] = { "leaktrace_live_bytes", "gauge", "bytes", "Memory of live objects." },
	[HEAP] = { "leaktrace_heap_bytes", "gauge", "bytes", "Memory of live heap blocks by call path, estimated from samples: the estimate, and both ends of its interval of 95 %." },
	[BORN] = { "leaktrace_born", "counter", NULL, "Objects created since attach." },
	[DIED] = { "leaktrace_died", "counter", NULL, "Objects released since attach, including baseline objects." },
	[LEAK] = { "leaktrace_leak_confidence_ratio", "gauge", "ratio", "Confidence that a call path leaks, for each with the verdict leak." },
	[SITES] = { "leaktrace_sites", "gauge", NULL, "Call paths by verdict." },
	[LIMIT] = { "leaktrace_limit", "gauge", NULL, "Limit of the number of objects, where it is known." },
	[WINDOW] = { "leaktrace_window_seconds", "gauge", "seconds", "Time from attach to this report." },
	[EXITED] = { "leaktrace_exited", "gauge", NULL, "1 if the process has exited and the numbers are its last." },
	[EXACT] = { "leaktrace_exact", "gauge", NULL, "1 if every number was verified against the kernel's own state." },
	[LOST] = { "leaktrace_lost", "gauge", NULL, "Losses and corrections, by cause." },
	[CHILDREN] = { "leaktrace_children", "gauge", NULL, "Child processes, by whether they have exited and are not reaped, and by whether they are traced." },
	[STACKS] = { "leaktrace_complete_stacks_ratio", "gauge", "ratio", "Share of live objects with a complete stack." },
};

struct metrics {
	FILE *f[FAMILIES];
	char *text[FAMILIES];
	size_t len[FAMILIES];
};

struct metrics *metrics_new(void)
{
	struct metrics *x = calloc(1, sizeof(*x));

	for (int i = 0; x && i < FAMILIES; i++) {
		x->f[i] = open_memstream(&x->text[i], &x->len[i]);
		if (!x->f[i]) {
			metrics_free(x);
			return NULL;
		}
	}
	return x;
}

void metrics_free(struct metrics *x)
{
	if (!x)
		return;
	for (int i = 0; i < FAMILIES; i++) {
		if (x->f[i])
			fclose(x->f[i]);
		free(x->text[i]);
	}
	free(x);
}

/* Names come from the process: they are made valid UTF-8 without control characters. */
static void put_quoted(FILE *f, const char *s)
{
	char *copy = utf8_copy(s);

	fputc('"', f);
	for (const char *c = copy; c && *c; c++) {
		if (*c == '"' || *c == '\\')
			fputc('\\', f);
		fputc((unsigned char)*c < 0x20 || *c == 0x7f ? '?' : *c, f);
	}
	fputc('"', f);
	free(copy);
}

static void put_label(FILE *f, const char *name, const char *value)
{
	if (!value || !*value)
		return;
	fprintf(f, ",%s=", name);
	put_quoted(f, value);
}

/*
 * Writes a sample with the labels that all have; further labels are name, value
 * pairs up to NULL.
 */
static void put(struct metrics *x, enum family family, const struct model *m, double value, ...)
{
	FILE *f = x->f[family];
	const char *key;
	va_list ap;

	fprintf(f, "%s%s{pid=\"%u\",comm=", families[family].name,
		strcmp(families[family].type, "counter") ? "" : "_total", m->target.pid);
	put_quoted(f, m->target.comm);
	put_label(f, "unit", m->workload.unit);
	put_label(f, "container", m->workload.container ?: m->workload.container_id);
	put_label(f, "pod", m->workload.pod);
	va_start(ap, value);
	while ((key = va_arg(ap, const char *))) {
		fprintf(f, ",%s=", key);
		put_quoted(f, va_arg(ap, const char *) ?: "");
	}
	va_end(ap);
	if (value == (double)(uint64_t)value)
		fprintf(f, "} %" PRIu64 "\n", (uint64_t)value);
	else
		fprintf(f, "} %.6g\n", value);
}

static void put_heap(struct metrics *x, struct model *m, const struct site *s, const char *id, const char *function)
{
	struct heap_sums sums;
	struct heap_interval i;

	heap_sums_of_sites(m, &s->id, 1, &sums);
	i = heap_sums_interval(&sums);
	put(x, HEAP, m, round(sums.bytes), "site", id, "function", function, "bound", "estimate", NULL);
	put(x, HEAP, m, round(i.low), "site", id, "function", function, "bound", "low", NULL);
	put(x, HEAP, m, round(i.high), "site", id, "function", function, "bound", "high", NULL);
}

static void put_site(struct metrics *x, struct model *m, const struct site *s, const char *id)
{
	const struct symbol_frame *frame = blamed_frame_of_site(m, s);
	const char *kind = kind_name(s->kind), *function;
	char name[FRAME_NAME_BYTES];

	function = frame ? frame_name(frame, name, sizeof(name)) : NULL;
	put(x, LIVE, m, site_live(s), "kind", kind, "site", id, "function", function, NULL);
	if (s->kind == LEAKTRACE_KIND_HEAP)
		put_heap(x, m, s, id, function);
	if (s->judgement.verdict == VERDICT_LEAK)
		put(x, LEAK, m, s->judgement.confidence, "kind", kind, "site", id, "function", function,
		    NULL);
}

/* Labels of one family: a series must not occur twice, should two paths have one hash. */
struct labels {
	char id[SITES_MAX + 1][SITE_HASH_DIGITS + 1];
	unsigned int n;
};

/* Whether there is room for the label in id[n], and it is new. */
static bool is_new(const struct labels *l)
{
	for (unsigned int i = 0; i < l->n; i++)
		if (!strcmp(l->id[i], l->id[l->n]))
			return false;
	return true;
}

/* Worst sites first; the rest is added up. */
static void put_sites(struct metrics *x, struct model *m, struct site **sites, size_t n, int kind)
{
	const struct kind_totals *t = &m->target.kind[kind];
	uint64_t told = t->baseline_live, verdicts[VERDICT_LEAK + 1] = { 0 };
	struct labels l = { .n = 0 };

	for (size_t i = 0; i < n; i++) {
		if (sites[i]->kind != kind)
			continue;
		verdicts[sites[i]->judgement.verdict]++;
		if (l.n == SITES_MAX || !site_live(sites[i]))
			continue;
		site_hash(m, sites[i], l.id[l.n]);
		if (!is_new(&l))
			continue;
		put_site(x, m, sites[i], l.id[l.n++]);
		told += site_live(sites[i]);
	}
	put(x, LIVE, m, t->baseline_live, "kind", kind_name(kind), "site", "before attach", NULL);
	put(x, LIVE, m, t->live > told ? t->live - told : 0, "kind", kind_name(kind), "site", "other",
	    NULL);
	for (int v = 0; v <= VERDICT_LEAK; v++)
		put(x, SITES, m, verdicts[v], "kind", kind_name(kind), "verdict", verdict_name(v), NULL);
}

/* The same for a runtime's kinds, which have no baseline. */
static void put_runtime_kind(struct metrics *x, struct model *m, const struct runtime_total *t)
{
	uint64_t told = 0, verdicts[VERDICT_LEAK + 1] = { 0 };
	const struct runtime_site *s;
	size_t n = runtime_sites(m->runtime, &s);
	struct labels l = { .n = 0 };

	for (size_t i = 0; i < n; i++) {
		const struct judgement *j = s[i].judgement;
		const struct symbol_frame *place = runtime_site_blamed_frame(&s[i]);
		char name[FRAME_NAME_BYTES], *id = l.id[l.n];
		const char *function = place ? frame_name(place, name, sizeof(name)) : NULL;

		if (strcmp(s[i].kind, t->kind))
			continue;
		verdicts[j->verdict]++;
		if (l.n == SITES_MAX || !s[i].live)
			continue;
		runtime_site_hash(&s[i], id);
		if (!is_new(&l))
			continue;
		put(x, LIVE, m, s[i].live, "kind", t->kind, "site", id, "function", function, NULL);
		if (j->verdict == VERDICT_LEAK)
			put(x, LEAK, m, j->confidence, "kind", t->kind, "site", id, "function",
			    function, NULL);
		told += s[i].live;
		l.n++;
	}
	put(x, LIVE, m, t->live - told, "kind", t->kind, "site", "other", NULL);
	for (int v = 0; v <= VERDICT_LEAK; v++)
		put(x, SITES, m, verdicts[v], "kind", t->kind, "verdict", verdict_name(v), NULL);
	if (t->bytes)
		put(x, BYTES, m, t->bytes, "kind", t->kind, NULL);
}

static void put_runtime(struct metrics *x, struct model *m)
{
	struct runtime_total totals[RUNTIME_KINDS];
	int n = runtime_totals(m->runtime, totals);

	for (int k = 0; k < n; k++)
		put_runtime_kind(x, m, &totals[k]);
}

static void put_losses(struct metrics *x, struct model *m)
{
	struct losses l;

	report_losses(m, &l);
	put(x, EXACT, m, l.exact, NULL);
	put(x, LOST, m, l.events, "cause", "events", NULL);
	put(x, LOST, m, l.objects, "cause", "objects", NULL);
	put(x, LOST, m, l.stacks, "cause", "stacks", NULL);
	put(x, LOST, m, l.truncated_stacks, "cause", "truncated_stacks", NULL);
	put(x, LOST, m, l.reconciled, "cause", "reconciled", NULL);
	put(x, STACKS, m, l.complete_stacks, NULL);
}

static void put_children(struct metrics *x, struct model *m)
{
	static const char *const states[] = { "running", "zombie" }, *const traced[] = { "no", "yes" };
	const struct children *c = &m->children;
	uint64_t n[2][2] = { { 0 } };

	for (size_t i = 0; i < c->n; i++)
		n[c->child[i].zombie][c->child[i].traced]++;
	for (int i = 0; i < 4 && c->known; i++)
		put(x, CHILDREN, m, n[i / 2][i % 2], "state", states[i / 2], "traced", traced[i % 2], NULL);
	for (int g = 0; g < CHILD_GROUPS; g++)
		if (c->group[g].judgement.verdict == VERDICT_LEAK)
			put(x, LEAK, m, c->group[g].judgement.confidence, "kind", "process", "site",
			    child_group_name(g), "function", NULL, NULL);
}

void metrics_add(struct metrics *x, struct model *m)
{
	struct site **sites;
	size_t n = report_rank(m, &sites);

	for (int k = 0; k < KINDS; k++) {
		const struct kind_totals *t = &m->target.kind[k];

		if (!t->present || !(m->target.kinds & 1U << k))
			continue;
		put_sites(x, m, sites, n, k);
		put(x, BORN, m, t->born, "kind", kind_name(k), NULL);
		put(x, DIED, m, t->died, "kind", kind_name(k), NULL);
		if (k == LEAKTRACE_KIND_PAGE)
			put(x, BYTES, m, t->live * PAGE_BYTES, "kind", kind_name(k), NULL);
		else if (k == LEAKTRACE_KIND_HEAP)
			put(x, BYTES, m, heap_live_bytes(m), "kind", kind_name(k), NULL);
	}
	put_runtime(x, m);
	put_children(x, m);
	if (m->fd_limit)
		put(x, LIMIT, m, m->fd_limit, "kind", "fd", NULL);
	put(x, WINDOW, m, model_end_s(m), NULL);
	put(x, EXITED, m, !!(m->target.flags & LEAKTRACE_TARGET_F_EXITED), NULL);
	put_losses(x, m);
	free(sites);
}

/*
 * A counter's family has the name of its samples in the older format, and that
 * without "_total" in OpenMetrics; with the wrong one a counter is untyped.
 */
static void write_head(FILE *f, int family, bool openmetrics)
{
	const char *name = families[family].name, *type = families[family].type;
	const char *suffix = openmetrics || strcmp(type, "counter") ? "" : "_total";

	fprintf(f, "# HELP %s%s %s\n# TYPE %s%s %s\n", name, suffix, families[family].help, name, suffix, type);
	if (openmetrics && families[family].unit)
		fprintf(f, "# UNIT %s %s\n", name, families[family].unit);
}

int metrics_write(struct metrics *x, FILE *f, bool openmetrics)
{
	for (int i = 0; i < FAMILIES; i++) {
		if (fflush(x->f[i]) || ferror(x->f[i]))
			return -ENOMEM;
		if (!x->len[i])
			continue;
		write_head(f, i, openmetrics);
		fwrite(x->text[i], 1, x->len[i], f);
	}
	if (openmetrics)
		fputs("# EOF\n", f);
	return fflush(f) || ferror(f) ? -(errno ?: EIO) : 0;
}
