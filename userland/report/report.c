// SPDX-License-Identifier: GPL-2.0
/*
 * Shared by all report formats: the order of sites, losses, and whether
 * anything leaks.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "analysis/finding.h"
#include "analysis/heap_estimate.h"
#include "model/finding.h"
#include "model/judgement.h"
#include "model/kind.h"
#include "model/model.h"
#include "model/runtime.h"
#include "model/site.h"
#include "model/status.h"
#include "model/target.h"
#include "model/workload.h"
#include "report/report.h"
#include "symbolize/frame.h"
#include "symbolize/stack.h"
#include "symbolize/symbolizer.h"
#include "util/format.h"
#include "util/macros.h"
#include "util/units.h"

static const char *const inexact_reasons[] = {
	"the object table was full: some objects are not tracked",
	"the site table was full: some objects have no call path",
	"the stack table was full: some call paths have no stack",
	"not yet verified against the kernel's own state",
	"a required probe is missing on this kernel: see 'leaktrace status'",
	"too many threads have their own descriptor table: some are not tracked",
	"a probe fired inside another probe",
	"the pool for deferred work was empty",
	"more child processes than max_targets allows: some are not traced",
	"heap: blocks may have been freed unseen: somebody's probe is at a function of the allocator",
	"pair: too many calls had begun and not returned: some handles may not be known",
};

/* The share of objects created since attach that have a complete stack, and why others do not. */
static void count_stacks(struct model *m, struct losses *l)
{
	uint64_t all = 0, objects = 0, bytes = 0;

	for (size_t i = 0; i < m->nsites; i++) {
		const struct site *s = &m->sites[i];
		const struct stack *stack = model_stack(m, s->stack);
		uint64_t live = site_live(s), weight = s->kind == LEAKTRACE_KIND_PAGE ?
			live * PAGE_BYTES : 0;
		unsigned int why = stack && stack_ended(stack) < STACK_UNKNOWN ? stack_ended(stack) : STACK_UNKNOWN;

		all += live;
		l->bytes += weight;
		if (why == LEAKTRACE_STACK_ROOT) {
			objects += live;
			bytes += weight;
			continue;
		}
		l->ended[why].objects += live;
		l->ended[why].bytes += weight;
	}
	l->truncated_stacks = l->ended[LEAKTRACE_STACK_DEPTH].objects;
	l->complete_stacks = all ? (double)objects / all : 1;
	l->complete_bytes = l->bytes ? (double)bytes / l->bytes : 1;
}

enum { MISSING_FILES_MAX = 64 };

/* The files of split debug information that are not there, as far as findings would have used them. */
static void find_missing_debug(struct model *m, struct losses *l)
{
	const char *known[MISSING_FILES_MAX];
	unsigned int n = 0, k;

	for (size_t i = 0; i < m->nsites; i++) {
		const struct symbol_frame *f;
		int frames = m->sites[i].judgement.finding ? model_frames(m, m->sites[i].stack, &f) : 0;

		for (int j = 0; j < frames && n < MISSING_FILES_MAX; j++) {
			for (k = 0; f[j].missing_debug && k < n && strcmp(known[k], f[j].missing_debug); k++)
				;
			if (!f[j].missing_debug || k < n)
				continue;
			if (!n)
				l->missing_debug.module = f[j].module;
			known[n++] = f[j].missing_debug;
		}
	}
	l->missing_debug.files = n;
	l->missing_debug.file = n ? known[0] : NULL;
}

void report_losses(struct model *m, struct losses *l)
{
	const struct target *t = &m->target;
	const struct status *s = &m->status;
	const struct lost *lost = t->knows_lost ? &t->lost : &s->lost;
	uint32_t inexact = t->inexact;
	uint64_t untracked = 0;

	memset(l, 0, sizeof(*l));
	for (int k = 0; k < KINDS; k++) {
		l->reconciled += t->kind[k].missed_births + t->kind[k].missed_deaths;
		untracked += t->kind[k].untracked;
	}
	if (!t->reconciled_ns && !m->outside && !(t->flags & LEAKTRACE_TARGET_F_EXITED))
		inexact |= LEAKTRACE_INEXACT_NO_RECONCILE;
	for (size_t i = 0; i < ARRAY_SIZE(inexact_reasons); i++)
		if (inexact & 1U << i)
			l->inexact[l->ninexact++] = inexact_reasons[i];
	if (inexact >> ARRAY_SIZE(inexact_reasons))
		l->inexact[l->ninexact++] = "unknown reason: the module is newer than this program";
	if (m->outside)
		l->inexact[l->ninexact++] = "read from outside: what came and went between two looks was not seen, "
					    "and no call paths";
	if (m->dump_interrupted)
		l->inexact[l->ninexact++] = "the target changed while it was being read";
	if (m->incomplete)
		l->inexact[l->ninexact++] = "the end of the file is missing";
	if (*s->stopped)
		l->inexact[l->ninexact++] = "tracing was stopped: see 'leaktrace status'";
	l->exact = !l->ninexact;
	l->events = lost->ring + lost->socket;
	l->objects = untracked;
	if (inexact & LEAKTRACE_INEXACT_TABLE_FULL && lost->objects > untracked)
		l->objects = lost->objects;
	l->stacks = lost->stacks;
	l->skipped = lost->nested + lost->work;
	count_stacks(m, l);
	find_missing_debug(m, l);
	if (m->symbolizer)
		symbolizer_script_is_unknown(m->symbolizer, l->unknown_script, sizeof(l->unknown_script));
}

uint64_t report_weight(const struct site *s)
{
	return s->judgement.weight;
}

static int worst_first(const void *a, const void *b)
{
	const struct site *x = *(struct site *const *)a, *y = *(struct site *const *)b;
	int order = judgement_order(&x->judgement, report_weight(x), &y->judgement, report_weight(y));

	if (order)
		return order;
	if (x->born != y->born)
		return x->born < y->born ? 1 : -1;
	return (x->id > y->id) - (x->id < y->id);
}

size_t report_rank(struct model *m, struct site ***sites)
{
	*sites = calloc(m->nsites ?: 1, sizeof(**sites));
	if (!*sites)
		return 0;
	for (size_t i = 0; i < m->nsites; i++)
		(*sites)[i] = &m->sites[i];
	qsort(*sites, m->nsites, sizeof(**sites), worst_first);
	return m->nsites;
}

static const struct judgement *judgement_of(const struct report_item *item)
{
	return item->l ? item->l->judgement : item->g ? &item->g->judgement :
		item->children ? &item->children->judgement : item->kept_free;
}

enum verdict report_item_verdict(const struct report_item *item)
{
	return judgement_of(item)->verdict;
}

static uint64_t item_weight(const struct report_item *item)
{
	return item->l ? runtime_site_weight(item->l) : item->g ? finding_weight(item->g) :
		judgement_of(item)->weight;
}

/* Where its verdict and weight put it; returns whether it is a finding. */
static bool insert(struct report_item *items, size_t n, struct report_item item)
{
	enum verdict verdict = report_item_verdict(&item);
	uint64_t weight = item_weight(&item);
	size_t at = 0;

	if (verdict == VERDICT_OK)
		return false;
	while (at < n && (report_item_verdict(&items[at]) > verdict ||
			  (report_item_verdict(&items[at]) == verdict && item_weight(&items[at]) >= weight)))
		at++;
	memmove(&items[at + 1], &items[at], (n - at) * sizeof(*items));
	items[at] = item;
	return true;
}

size_t report_findings(struct model *m, struct report_item **items)
{
	const struct runtime_site *l = NULL;
	size_t nl = m->runtime ? runtime_sites(m->runtime, &l) : 0, k = 0, n = 0;

	*items = calloc(m->nfindings + nl + CHILD_GROUPS + 2, sizeof(**items));
	for (size_t i = 0; *items && i <= m->nfindings; i++) {
		const struct finding *g = i < m->nfindings ? &m->findings[i] : NULL;

		for (; k < nl && l[k].judgement->verdict > VERDICT_OK &&
		     (!g || runtime_site_worse(&l[k], g->judgement.verdict, finding_weight(g))); k++)
			(*items)[n++].l = &l[k];
		if (g)
			(*items)[n++].g = g;
	}
	for (int i = 0; *items && i < CHILD_GROUPS; i++)
		n += insert(*items, n, (struct report_item){ .children = &m->children.group[i], .group = i });
	if (*items)
		n += insert(*items, n, (struct report_item){ .kept_free = &m->kept_free });
	return n;
}

bool report_is_small(const struct report_item *item)
{
	return item->g && item->g->small;
}

bool report_too_short(struct model *m)
{
	struct report_item *items;
	bool told = false;
	size_t n;

	if (model_end_s(m) >= REPORT_TELLS_AFTER_S)
		return false;
	n = report_findings(m, &items);
	for (size_t i = 0; i < n; i++)
		told |= !report_is_small(&items[i]) && !items[i].kept_free;
	free(items);
	return !told;
}

bool report_leaks(const struct model *m)
{
	if (m->runtime && runtime_leaks(m->runtime))
		return true;
	for (size_t i = 0; i < m->nsites; i++)
		if (m->sites[i].judgement.verdict == VERDICT_LEAK)
			return true;
	for (int g = 0; g < CHILD_GROUPS; g++)
		if (m->children.group[g].judgement.verdict == VERDICT_LEAK)
			return true;
	return false;
}

/* As they are listed: sites with one cause are one finding. */
unsigned int report_leak_count(const struct model *m)
{
	const struct runtime_site *l = NULL;
	size_t n = m->runtime ? runtime_sites(m->runtime, &l) : 0;
	unsigned int leaks = 0;

	for (size_t i = 0; i < m->nfindings; i++)
		leaks += m->findings[i].judgement.verdict == VERDICT_LEAK;
	for (size_t i = 0; i < n; i++)
		leaks += !l[i].own && l[i].judgement->verdict == VERDICT_LEAK;
	for (int g = 0; g < CHILD_GROUPS; g++)
		leaks += m->children.group[g].judgement.verdict == VERDICT_LEAK;
	return leaks ?: report_leaks(m);
}

/* "nginx", in a container or unit "nginx@web" */
static void root_of(struct model *m, char *buf, size_t len)
{
	char label[600];

	workload_label(&m->workload, label, sizeof(label));
	snprintf(buf, len, "%s%s%s", *m->target.comm ? m->target.comm : "?", *label ? "@" : "", label);
	for (char *c = buf; *c; c++)
		if (*c == ';' || *c == ' ')
			*c = '_';
}

/* One line per stack, outermost frame first, for flame graphs of live objects. */
static void fold(FILE *f, const char *comm, const char *kind, const struct symbol_frame *frames,
		 int n, uint64_t live)
{
	fprintf(f, "%s;%s", comm, kind);
	for (int j = n - 1; j >= 0; j--) {
		if (frames[j].function)
			fputc(';', f);
		for (const char *c = frames[j].function; c && *c; c++)
			fputc(*c == ';' || (unsigned char)*c < ' ' ? ':' : *c, f);
		if (!frames[j].function)
			fprintf(f, ";%s+%#llx", frames[j].module ? path_base(frames[j].module) : "[unknown]",
				(unsigned long long)frames[j].offset);
	}
	fprintf(f, " %llu\n", (unsigned long long)live);
}

/* Of heap: what its samples stand for. */
static uint64_t blocks_of(struct model *m, const struct site *s)
{
	struct heap_estimate e;

	if (s->kind != LEAKTRACE_KIND_HEAP)
		return site_live(s);
	heap_estimate_site(m, s, &e);
	return e.live;
}

void report_folded(FILE *f, struct model *m)
{
	const struct runtime_site *known;
	size_t nknown = m->runtime ? runtime_sites(m->runtime, &known) : 0;
	char comm[700];

	root_of(m, comm, sizeof(comm));
	for (size_t i = 0; i < m->nsites; i++) {
		const struct site *s = &m->sites[i];
		const struct symbol_frame *frames;
		int n;

		if (!site_live(s))
			continue;
		n = model_frames(m, s->stack, &frames);
		fold(f, comm, kind_name(s->kind), frames, n, blocks_of(m, s));
	}
	for (size_t i = 0; i < nknown; i++)
		if (known[i].live && !known[i].holder)
			fold(f, comm, known[i].kind, known[i].frames, known[i].nframes, known[i].live);
}
