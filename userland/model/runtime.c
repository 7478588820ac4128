// SPDX-License-Identifier: GPL-2.0
/*
 * A running program whose language runtime can be read: sampled now and then,
 * but using at most a twentieth of the time.
 */
#include <stdlib.h>
#include <string.h>

#include "model/alarm_limits.h"
#include "symbolize/language.h"
#include "symbolize/library.h"

#define SAMPLE_EVERY_NS	(2 * NSEC_PER_SEC)

struct lang_process {
	const struct lang_runtime *runtime;
	struct lang_look *look;
	uint64_t next_ns;
	struct lang_site *sites;	/* NULL: not requested since the last sample */
	size_t nsites;
	struct lang_told *told;		/* by id */
	size_t ntold;
};

enum { RUNTIMES_MAX = 16 };

static const struct lang_runtime *runtimes[RUNTIMES_MAX];
static size_t nruntimes;

/** lang_runtime_register() - register a runtime; called before main() */
void lang_runtime_register(const struct lang_runtime *runtime)
{
	if (nruntimes < RUNTIMES_MAX)
		runtimes[nruntimes++] = runtime;
}

/**
 * lang_process_open() - open the runtime of a running program
 * @err: one line, or empty if no runtime supports it
 */
struct lang_process *lang_process_open(pid_t pid, char *err, size_t errlen)
{
	struct lang_process *p = calloc(1, sizeof(*p));

	*err = '\0';
	for (size_t i = 0; p && !*err && i < nruntimes; i++) {
		p->runtime = runtimes[i];
		p->look = p->runtime->open(pid, err, errlen);
		if (p->look)
			return p;
	}
	free(p);
	return NULL;
}

/** lang_process_look() - take a sample if one is due, or @in_any_case */
bool lang_process_look(struct lang_process *p, bool in_any_case)
{
	uint64_t now = monotonic_ns();

	if (now < p->next_ns && !in_any_case)
		return false;
	free(p->sites);
	p->sites = NULL;
	p->runtime->look(p->look);
	p->next_ns = monotonic_ns() + SAMPLE_EVERY_NS + 20 * (monotonic_ns() - now);
	return true;
}

/** lang_site_weight() - for ranking against the kernel's sites */
uint64_t lang_site_weight(const struct lang_site *s)
{
	return s->bytes ? s->bytes / PAGE_BYTES : s->live;
}

/** lang_site_worse() - whether it ranks before a kernel's site or finding */
bool lang_site_worse(const struct lang_site *s, enum verdict v, uint64_t weight)
{
	return s->judgement->verdict != v ? s->judgement->verdict > v : lang_site_weight(s) > weight;
}

static int worst_first(const void *a, const void *b)
{
	const struct lang_site *x = a, *y = b;

	if (x->judgement->verdict != y->judgement->verdict)
		return x->judgement->verdict < y->judgement->verdict ? 1 : -1;
	if (lang_site_weight(x) != lang_site_weight(y))
		return lang_site_weight(x) < lang_site_weight(y) ? 1 : -1;
	return (x->id > y->id) - (x->id < y->id);
}

/** lang_process_sites() - all sites, worst first */
size_t lang_process_sites(struct lang_process *p, const struct lang_site **sites)
{
	if (!p->sites) {
		p->nsites = p->runtime->sites(p->look, &p->sites);
		if (p->nsites)
			qsort(p->sites, p->nsites, sizeof(*p->sites), worst_first);
	}
	*sites = p->sites;
	return p->nsites;
}

/** lang_process_totals() - totals by kind; returns the number of kinds */
int lang_process_totals(struct lang_process *p, struct lang_total totals[LANG_KINDS])
{
	const struct lang_site *s;
	size_t n = p ? lang_process_sites(p, &s) : 0;
	int have = 0, k;

	for (size_t i = 0; i < n; i++) {
		for (k = 0; k < have && strcmp(totals[k].kind, s[i].kind); k++)
			;
		if (k == LANG_KINDS)
			continue;
		if (k == have)
			totals[have++] = (struct lang_total){ .kind = s[i].kind };
		totals[k].baseline += s[i].baseline;
		totals[k].live += s[i].live;
		totals[k].bytes += s[i].bytes;
	}
	return have;
}

/** lang_process_leaks() - whether any of its sites leaks */
bool lang_process_leaks(struct lang_process *p)
{
	const struct lang_site *s;

	return lang_process_sites(p, &s) && s->judgement->verdict == VERDICT_LEAK;
}

static bool room_for(struct lang_process *p, uint32_t id)
{
	size_t n = 2 * ((size_t)id + 1);
	struct lang_told *more = id < p->ntold ? p->told : realloc(p->told, n * sizeof(*more));

	if (!more)
		return false;
	if (id >= p->ntold) {
		memset(more + p->ntold, 0, (n - p->ntold) * sizeof(*more));
		p->told = more;
		p->ntold = n;
	}
	return true;
}

static bool can_wait(const struct lang_told *t, const struct lang_site *s, uint64_t now_ns)
{
	uint64_t least_s = s->bytes ? ALARM_AFTER_HEAP_S : ALARM_AFTER_S;

	return s->judgement->confidence < 1 && now_ns - t->since_ns < least_s * NSEC_PER_SEC;
}

enum lang_news lang_news_of(struct lang_told *t, const struct lang_site *s, uint64_t now_ns,
			    bool last)
{
	if (s->judgement->verdict != VERDICT_LEAK) {
		t->since_ns = 0;
		if (++t->down < ALARM_CLEAR_SAMPLES && !last)
			return LANG_NO_NEWS;
		t->mentioned = false;
		if (!t->raised)
			return LANG_NO_NEWS;
		t->raised = false;
		return LANG_CLEARED;
	}
	t->down = 0;
	t->since_ns = t->since_ns ?: now_ns;
	if (t->raised || (t->mentioned && !last && can_wait(t, s, now_ns)))
		return LANG_NO_NEWS;
	t->raised = last || !can_wait(t, s, now_ns);
	t->mentioned = true;
	return t->raised ? LANG_LEAK : LANG_GROWTH;
}

/** lang_process_news() - call @fn for each site that became or ceased to be a leak */
void lang_process_news(struct lang_process *p, bool last,
		       void (*fn)(const struct lang_site *s, enum lang_news news, void *arg), void *arg)
{
	const struct lang_site *s;
	size_t n = lang_process_sites(p, &s);

	for (size_t i = 0; i < n; i++) {
		enum lang_news news = room_for(p, s[i].id) ?
			lang_news_of(&p->told[s[i].id], &s[i], monotonic_ns(), last) : LANG_NO_NEWS;

		if (news != LANG_NO_NEWS)
			fn(&s[i], news, arg);
	}
}

/** lang_process_close() - release it; NULL is fine */
void lang_process_close(struct lang_process *p)
{
	if (!p)
		return;
	free(p->sites);
	free(p->told);
	p->runtime->close(p->look);
	free(p);
}

/** lang_site_place() - the frame to blame */
const struct symbol_frame *lang_site_place(const struct lang_site *s)
{
	return frame_to_blame(s->frames, s->nframes) ?: s->by ?: s->nframes ? s->frames : NULL;
}
