// SPDX-License-Identifier: GPL-2.0
/*
 * A running program whose language runtime can be read: sampled now and then,
 * but using at most a twentieth of the time.
 */
#include <stdlib.h>
#include <string.h>

#include <linux/leaktrace.h>

#include "model/hysteresis.h"
#include "model/judgement.h"
#include "model/limits.h"
#include "model/runtime.h"
#include "symbolize/frame.h"
#include "symbolize/library.h"
#include "util/array.h"
#include "util/clock.h"
#include "util/units.h"

#define SAMPLE_EVERY_NS	(2 * NSEC_PER_SEC)

struct runtime {
	const struct runtime_ops *ops;
	struct runtime_reader *reader;
	uint64_t next_ns;
	struct runtime_site *sites;	/* NULL: not requested since the last sample */
	size_t nsites;
	struct alarm *told;		/* by id */
	size_t ntold;
};

enum { RUNTIMES_MAX = 16 };

static const struct runtime_ops *runtimes[RUNTIMES_MAX];
static size_t nruntimes;

/** runtime_register() - register a runtime; called before main() */
void runtime_register(const struct runtime_ops *runtime)
{
	if (nruntimes < RUNTIMES_MAX)
		runtimes[nruntimes++] = runtime;
}

/**
 * runtime_open() - open the runtime of a running program
 * @err: one line, or empty if no runtime supports it
 */
struct runtime *runtime_open(pid_t pid, char *err, size_t errlen)
{
	struct runtime *p = calloc(1, sizeof(*p));

	*err = '\0';
	for (size_t i = 0; p && !*err && i < nruntimes; i++) {
		p->ops = runtimes[i];
		p->reader = p->ops->open(pid, err, errlen);
		if (p->reader)
			return p;
	}
	free(p);
	return NULL;
}

/** runtime_of() - a runtime that is read in another way; NULL without memory */
struct runtime *runtime_of(const struct runtime_ops *ops, struct runtime_reader *reader)
{
	struct runtime *p = calloc(1, sizeof(*p));

	if (p)
		*p = (struct runtime){ .ops = ops, .reader = reader };
	return p;
}

/** runtime_reader_of() - the reader that was given to runtime_of() */
struct runtime_reader *runtime_reader_of(struct runtime *p)
{
	return p->reader;
}

/** runtime_find_holders() - have samples tell what keeps more and more alive, using at most @max_bytes */
void runtime_find_holders(struct runtime *p, uint64_t max_bytes)
{
	p->ops->find_holders(p->reader, max_bytes);
}

/** runtime_sample() - take a sample if one is due, or @in_any_case */
bool runtime_sample(struct runtime *p, bool in_any_case)
{
	uint64_t now = monotonic_ns();

	if (now < p->next_ns && !in_any_case)
		return false;
	free(p->sites);
	p->sites = NULL;
	p->ops->sample(p->reader, in_any_case);
	p->next_ns = monotonic_ns() + SAMPLE_EVERY_NS + 20 * (monotonic_ns() - now);
	return true;
}

/** runtime_site_weight() - for ranking against the kernel's sites; a goroutine takes about a page */
uint64_t runtime_site_weight(const struct runtime_site *s)
{
	return limit_weight(NULL, LEAKTRACE_KIND_PAGE, s->bytes ? s->bytes / PAGE_BYTES : s->live);
}

/** runtime_site_worse() - whether it ranks before a kernel's site or finding */
bool runtime_site_worse(const struct runtime_site *s, enum verdict v, uint64_t weight)
{
	return s->judgement->verdict != v ? s->judgement->verdict > v : runtime_site_weight(s) > weight;
}

static int worst_first(const void *a, const void *b)
{
	const struct runtime_site *x = a, *y = b;

	return judgement_order(x->judgement, runtime_site_weight(x), y->judgement, runtime_site_weight(y)) ?:
		(x->id > y->id) - (x->id < y->id);
}

/** runtime_sites() - all sites, worst first */
size_t runtime_sites(struct runtime *p, const struct runtime_site **sites)
{
	if (!p->sites) {
		p->nsites = p->ops->sites(p->reader, &p->sites);
		if (p->nsites)
			qsort(p->sites, p->nsites, sizeof(*p->sites), worst_first);
	}
	*sites = p->sites;
	return p->nsites;
}

/** runtime_totals() - totals by kind; returns the number of kinds */
int runtime_totals(struct runtime *p, struct runtime_total totals[RUNTIME_KINDS])
{
	const struct runtime_site *s;
	size_t n = p ? runtime_sites(p, &s) : 0;
	int have = 0, k;

	for (size_t i = 0; i < n; i++) {
		for (k = 0; k < have && strcmp(totals[k].kind, s[i].kind); k++)
			;
		/* what is held is counted where it was allocated */
		if (k == RUNTIME_KINDS || s[i].holder)
			continue;
		if (k == have)
			totals[have++] = (struct runtime_total){ .kind = s[i].kind };
		totals[k].baseline += s[i].baseline;
		totals[k].live += s[i].live;
		totals[k].bytes += s[i].bytes;
	}
	return have;
}

/** runtime_leaks() - whether any of its sites leaks */
bool runtime_leaks(struct runtime *p)
{
	const struct runtime_site *s;

	return runtime_sites(p, &s) && s->judgement->verdict == VERDICT_LEAK;
}

static bool room_for(struct runtime *p, uint32_t id)
{
	size_t before = p->ntold;

	if (!array_reserve(p->told, p->ntold, id, 1))
		return false;
	memset(p->told + before, 0, (p->ntold - before) * sizeof(*p->told));
	return true;
}

/** runtime_news_of() - one more sample of a site; what the runtime has proven is reported at once */
enum alarm_news runtime_news_of(struct alarm *a, const struct runtime_site *s, uint64_t now_ns,
				bool last)
{
	const struct alarm_sample sample = {
		.now_s = now_ns / 1e9, .leak = s->judgement->verdict == VERDICT_LEAK, .last = last,
		.wait_s = s->judgement->confidence >= 1 ? 0 : s->bytes ? ALARM_AFTER_HEAP_S : ALARM_AFTER_S,
	};

	return alarm_update(a, &sample);
}

/** runtime_report_news() - call @fn for each site that became or ceased to be a leak */
void runtime_report_news(struct runtime *p, bool last,
			 void (*fn)(const struct runtime_site *s, enum alarm_news news, void *arg), void *arg)
{
	const struct runtime_site *s;
	size_t n = runtime_sites(p, &s);

	for (size_t i = 0; i < n; i++) {
		enum alarm_news news = room_for(p, s[i].id) ?
			runtime_news_of(&p->told[s[i].id], &s[i], monotonic_ns(), last) : ALARM_NO_NEWS;

		if (news != ALARM_NO_NEWS)
			fn(&s[i], news, arg);
	}
}

/** runtime_close() - release it; NULL is fine */
void runtime_close(struct runtime *p)
{
	if (!p)
		return;
	free(p->sites);
	free(p->told);
	p->ops->close(p->reader);
	free(p);
}

/** runtime_site_blamed_frame() - the frame to blame */
const struct symbol_frame *runtime_site_blamed_frame(const struct runtime_site *s)
{
	return frame_to_blame(s->frames, s->nframes) ?: s->by ?: frame_most_useful(s->frames, s->nframes);
}
