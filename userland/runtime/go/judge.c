// SPDX-License-Identifier: GPL-2.0
/*
 * Which sites leak. That goroutines wait, even many, proves nothing: a leak
 * grows from sample to sample and never shrinks. Heap memory is compared at
 * garbage collections only, and must grow by more than the sampling error. What
 * the runtime has found unreachable is proven.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "model/judgement.h"
#include "runtime/go/judge.h"
#include "runtime/go/view.h"
#include "symbolize/frame.h"
#include "util/format.h"
#include "util/units.h"

enum { SAMPLES_SUSPECT = 2, SAMPLES_LEAK = 4, GROWTH = 20, SAMPLES = 10, CROWD = 10000, LOCK_S = 60 };

const char *go_kind_name(enum go_kind kind)
{
	static const char *const names[] = {
		[GO_GOROUTINE] = "goroutine", [GO_TIMER] = "gotimer", [GO_HEAP] = "goheap",
	};

	return names[kind];
}

static void say(struct judgement *j, char *sentence)
{
	int i = 0;

	while (i < EVIDENCE_MAX - 1 && j->evidence[i])
		i++;
	if (j->evidence[i])
		free(sentence);
	else
		j->evidence[i] = sentence;
}

struct samples {
	unsigned int n;
	double t_s[GO_SERIES_MAX], y[GO_SERIES_MAX];
	double missed[GO_SERIES_MAX];	/* possible undercount */
};

/* The samples with new information: for memory, those after another collection. */
static void samples_of(const struct go_view *v, enum go_kind kind, const double *series, struct samples *l)
{
	l->n = 0;

	for (unsigned int i = 0; i < v->snapshots; i++) {
		if (kind == GO_HEAP && i && v->cycle[i] == v->cycle[i - 1])
			continue;
		l->t_s[l->n] = v->at_s[i];
		l->missed[l->n] = kind == GO_GOROUTINE ? v->missed[i] : 0;
		l->y[l->n++] = series[i];
	}
}

static bool never_falls(const struct samples *l)
{
	for (unsigned int i = 1; i < l->n; i++)
		if (l->y[i] + l->missed[i] < l->y[i - 1])
			return false;
	return true;
}

/*
 * A server that warms up reaches a plateau, and a burst happens once: growth
 * must continue in the last half, and be spread over the samples.
 */
static bool goes_on(const double *y, unsigned int n)
{
	unsigned int rises = 0;

	for (unsigned int i = 1; i < n; i++)
		rises += y[i] > y[i - 1];
	return n < SAMPLES_LEAK || (rises >= SAMPLES_LEAK - 1 && 2 * rises >= n - 1 &&
				    y[n - 1] - y[n / 2] >= (y[n - 1] - y[0]) / 8);
}

/* The minimum growth of a number that is exact. */
static double least_of_count(double first)
{
	return fmax(GROWTH, first / 10);
}

/*
 * The minimum growth that is significant: a sampled count varies by the square
 * root of the number of samples even if the true value is constant, and so do
 * both ends of a series.
 */
static double least(const struct go_view *v, const struct go_site *s, double first)
{
	double rate = v->counts.heap_rate, share, samples;

	if (s->kind != GO_HEAP)
		return least_of_count(first);
	share = rate > 1 ? 1 - exp(-(double)s->size_bytes / rate) : 1;
	samples = first / s->size_bytes * share;
	return fmax(fmax(SAMPLES, 3 * sqrt(2 * samples * (1 - share))) / share * s->size_bytes,
		    first / 10);
}

/* No goroutine from a while ago is left: there are many, but different ones each time. */
static bool turns_over(const struct go_site *s)
{
	return s->kind == GO_GOROUTINE && s->newest_then && s->oldest > s->newest_then;
}

/* Whether it is main: if that blocks forever, it was written to do so. */
static bool is_main(struct go_view *v, struct go_site *s)
{
	const struct symbol_frame *f;
	int n = go_site_frames(v, s, &f);

	return n && f[n - 1].function && !strcmp(f[n - 1].function, "runtime.main");
}

static void judge_growth(struct go_view *v, struct go_site *s)
{
	struct judgement *j = &s->judgement;
	char span[32], more[32];
	struct samples l;
	double grown, span_s;
	unsigned int n;

	samples_of(v, s->kind, s->series, &l);
	n = l.n;
	span_s = n ? l.t_s[n - 1] - l.t_s[0] : 0;
	if (n < SAMPLES_SUSPECT || span_s <= 0)
		return;
	grown = l.y[n - 1] - l.y[0];
	j->rate_per_min = grown / span_s * 60;
	if (!never_falls(&l) || turns_over(s) || grown < least(v, s, l.y[0]) || !goes_on(l.y, n))
		return;
	j->verdict = n >= SAMPLES_LEAK ? VERDICT_LEAK : VERDICT_SUSPECT;
	j->confidence = 1 - pow(0.5, n - 1);
	format_seconds(span_s, span);
	if (s->kind == GO_HEAP)
		say(j, strdup_printf("grew by %s in %s and never shrank over %u garbage collections",
				     format_bytes(grown, more), span, n));
	else
		say(j, strdup_printf("grew by %s in %s and never shrank in %u samples",
				     format_count(grown, more), span, n));
}

/*
 * Whether it waits to lock a mutex, which nobody should hold for long. For a channel a
 * program may well wait all its life.
 */
static bool waits_for_lock(struct go_view *v, struct go_site *s)
{
	const struct symbol_frame *f;
	int n;

	if (!strncmp(s->type, "sync.Mutex.", 11) || !strncmp(s->type, "sync.RWMutex.", 13))
		return true;
	if (strcmp(s->type, "semacquire"))	/* before Go 1.20 of everything in sync */
		return false;
	n = go_site_frames(v, s, &f);
	for (int i = 0; i < n; i++)
		if (f[i].function && (!strncmp(f[i].function, "sync.(*Mutex).", 14) ||
				      !strncmp(f[i].function, "sync.(*RWMutex).", 16)))
			return true;
	return false;
}

/* What can be said of goroutines that need not grow in number. */
static void judge_wait(struct go_view *v, struct go_site *s)
{
	struct judgement *j = &s->judgement;
	char text[32];

	if (s->live > CROWD) {
		say(j, strdup_printf("%s are blocked at the same place", format_count(s->live, text)));
	} else if (s->age_max_ns >= LOCK_S * NSEC_PER_SEC && !is_main(v, s) && waits_for_lock(v, s)) {
		say(j, strdup_printf("the lock has not been released for %s: who holds it is stuck, or has forgotten it",
				     format_seconds(j->age_max_s, text)));
	} else {
		return;
	}
	j->verdict = VERDICT_SUSPECT;
	j->confidence = 0.5;
}

static void judge_site(struct go_view *v, struct go_site *s)
{
	struct judgement *j = &s->judgement;
	char count[32];

	judgement_clear(j);
	memset(j, 0, sizeof(*j));
	j->age_max_s = s->age_max_ns / 1e9;
	if (s->system)
		return;
	if (strcmp(s->type, "runnable"))
		judge_growth(v, s);
	if (s->proven && !is_main(v, s)) {
		j->verdict = VERDICT_LEAK;
		j->confidence = 1;
		say(j, strdup_printf("the Go runtime has proven that %s of them are leaked",
				     format_count(s->proven, count)));
	} else if (s->kind == GO_GOROUTINE && j->verdict == VERDICT_OK) {
		judge_wait(v, s);
	}
}

/* Adds the probable cause to the evidence. */
static void advise(struct go_view *v, struct go_site *s)
{
	const struct symbol_frame *maker;
	const char *advice;

	if (s->judgement.verdict <= VERDICT_OK)
		return;
	advice = go_advice(v, s);
	if (advice)
		say(&s->judgement, strdup(advice));
	maker = go_maker(v, s);
	if (maker && maker->file)
		say(&s->judgement, strdup_printf("most that the heap profile has seen were made by %s  %s:%d",
						 maker->function, path_short(maker->file), maker->line));
}

static double sum_of(const struct go_view *v, const struct go_site *s)
{
	double sum = 0;

	for (unsigned int i = 0; i < v->snapshots; i++)
		sum += s->series[i];
	return sum;
}

/*
 * Of a go statement the place at which most were, over all samples, so that it remains the
 * same; NULL: the runtime's own, or one of its places says as much by itself.
 */
static struct go_site *place_of(struct go_view *v, const struct go_creator *c, enum verdict verdict)
{
	struct go_site *best = NULL;
	double most = 0;

	for (size_t i = 0; i < v->nsites; i++) {
		struct go_site *s = &v->sites[i];
		double sum;

		if (s->kind != GO_GOROUTINE || s->creator != c->pc)
			continue;
		if (s->system || s->judgement.verdict >= verdict)
			return NULL;
		sum = sum_of(v, s);
		if (sum > most) {
			best = s;
			most = sum;
		}
	}
	return best;
}

/*
 * Goroutines that never end, but wait now here, now there: none of their places grows all
 * the time, all together do. Those of a busy server do so, too, while it gets more to do:
 * but they end.
 */
static void judge_creator(struct go_view *v, const struct go_creator *c)
{
	char live[32], more[32], span[32], ended[32];
	enum verdict verdict;
	struct go_site *s;
	struct samples l;
	double grown;

	samples_of(v, GO_GOROUTINE, c->series, &l);
	if (l.n < SAMPLES_SUSPECT || l.t_s[l.n - 1] <= l.t_s[0])
		return;
	grown = l.y[l.n - 1] - l.y[0];
	if (grown < least_of_count(l.y[0]) || !never_falls(&l) || !goes_on(l.y, l.n) || c->now.ended > grown / 10)
		return;
	verdict = l.n >= SAMPLES_LEAK ? VERDICT_LEAK : VERDICT_SUSPECT;
	s = place_of(v, c, verdict);
	if (!s)
		return;
	s->judgement.verdict = verdict;
	s->judgement.confidence = 1 - pow(0.5, l.n - 1);
	s->judgement.rate_per_min = grown / (l.t_s[l.n - 1] - l.t_s[0]) * 60;
	say(&s->judgement,
	    strdup_printf("all that its go statement has made, wherever they are, grew by %s to %s in %s and never "
			  "shrank in %u samples; %s ended", format_count(grown, more),
			  format_count(c->now.live, live), format_seconds(l.t_s[l.n - 1] - l.t_s[0], span), l.n,
			  c->now.ended ? format_count(c->now.ended, ended) : "none"));
}

/** go_judge() - judge all sites by all snapshots */
void go_judge(struct go_view *v)
{
	for (size_t i = 0; i < v->nsites; i++)
		judge_site(v, &v->sites[i]);
	for (size_t i = 0; i < v->creators.n; i++)
		judge_creator(v, &v->creators.creator[i]);
	for (size_t i = 0; i < v->nsites; i++)
		advise(v, &v->sites[i]);
}

/** go_leaks() - how many call paths leak, by the last judgement */
unsigned int go_leaks(const struct go_view *v)
{
	unsigned int n = 0;

	for (size_t i = 0; i < v->nsites; i++)
		if (v->sites[i].judgement.verdict == VERDICT_LEAK)
			n++;
	return n;
}

static int worse(const void *pa, const void *pb)
{
	const struct go_site *a = *(struct go_site *const *)pa, *b = *(struct go_site *const *)pb;
	double ya, yb;

	if (a->judgement.verdict != b->judgement.verdict)
		return (int)b->judgement.verdict - (int)a->judgement.verdict;
	if (a->kind != b->kind)
		return (int)a->kind - (int)b->kind;
	ya = a->kind == GO_HEAP ? a->bytes : a->live;
	yb = b->kind == GO_HEAP ? b->bytes : b->live;
	return ya < yb ? 1 : ya > yb ? -1 : 0;
}

/** go_rank() - sites with live objects or a finding; malloced, worst first */
size_t go_rank(struct go_view *v, struct go_site ***sites)
{
	size_t n = 0;

	*sites = malloc((v->nsites + 1) * sizeof(**sites));
	for (size_t i = 0; *sites && i < v->nsites; i++)
		if (v->sites[i].live || v->sites[i].judgement.verdict > VERDICT_OK)
			(*sites)[n++] = &v->sites[i];
	if (n)
		qsort(*sites, n, sizeof(**sites), worse);
	return n;
}
