// SPDX-License-Identifier: GPL-2.0
/*
 * A world as a session would see it: look after look, the counters and the live
 * objects of that moment go into a model, and the judge and the watch that
 * serve real targets are asked. Nothing here knows what leaks until the end.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/analysis.h"
#include "analysis/heap_growth.h"
#include "model/finding.h"
#include "model/history.h"
#include "model/judgement.h"
#include "model/kind.h"
#include "model/limits.h"
#include "model/model.h"
#include "model/object.h"
#include "model/site.h"
#include "model/target.h"
#include "session/alarm.h"
#include "symbolize/stack.h"
#include "util/proc_maps.h"
#include "world.h"

#define EPOCH_S		1000000.0	/* the host has been up for a while */
#define HEAP_START	0x555500000000ULL
#define MMAP_START	0x7f0000000000ULL

enum { BLOCK_BYTES = 1000, MEAN_BYTES = 65536 };	/* of samples of the heap */

struct stage {
	struct world *w;
	struct outcome *out;
	struct model m;
	struct alarm_set *watch;
	uint32_t *deaths;		/* lives in the order of their ends */
	uint32_t *live, *seat;		/* who lives; where each sits in live */
	size_t nlive, born, died;
	double now_s;
	bool raised[PLACES_MAX];	/* and not called off */
};

static uint64_t ns(double s)
{
	return (EPOCH_S + s) * 1e9;
}

static struct world *sorting;

static int by_birth(const void *a, const void *b)
{
	const struct life *x = a, *y = b;

	return (x->born_s > y->born_s) - (x->born_s < y->born_s);
}

static int by_death(const void *a, const void *b)
{
	double x = sorting->lives[*(const uint32_t *)a].dies_s;
	double y = sorting->lives[*(const uint32_t *)b].dies_s;

	return (x > y) - (x < y);
}

static void add_stack(struct stack *s, uint32_t id, const struct place *p)
{
	*s = (struct stack){ .id = id, .npcs = p->npcs, .status = LEAKTRACE_STACK_ROOT };
	s->pcs = malloc(p->npcs * sizeof(*s->pcs));
	memcpy(s->pcs, p->pcs, p->npcs * sizeof(*s->pcs));
}

static void set_up(struct stage *t, struct world *w)
{
	static char maps[] = "555500000000-575500000000 rw-p 00000000 00:00 0 [heap]\n"
		"7f0000000000-7fe000000000 rw-p 00000000 00:00 0 \n";
	struct model *m = &t->m;
	char *copy = strdup(maps);

	model_init(m);
	m->offline = true;
	m->target = (struct target){ .id = 1, .pid = 1, .kinds = (1 << KINDS) - 1,
				     .attached_ns = ns(0), .reconciled_ns = ns(0) };
	m->limits[LIMIT_FDS] = (struct limit){ .max = 65536, .name = "RLIMIT_NOFILE" };
	m->maps = calloc(1, sizeof(*m->maps));
	maps_parse(copy, m->maps);
	m->sites = calloc(w->places, sizeof(*m->sites));
	m->stacks = calloc(w->places, sizeof(*m->stacks));
	m->nsites = m->sites_room = m->nstacks = m->stacks_room = w->places;
	m->objects = calloc(w->n + 1, sizeof(*m->objects));
	m->objects_room = w->n + 1;
	for (unsigned int i = 0; i < w->places; i++) {
		m->sites[i] = (struct site){ .id = i + 1, .stack = i + 1, .target = 1,
					     .kind = w->place[i].kind, .type = w->place[i].type };
		add_stack(&m->stacks[i], i + 1, &w->place[i]);
		m->target.kind[w->place[i].kind].present = true;
	}
	qsort(w->lives, w->n, sizeof(*w->lives), by_birth);
	t->deaths = malloc((w->n + 1) * sizeof(*t->deaths));
	t->live = malloc((w->n + 1) * sizeof(*t->live));
	t->seat = malloc((w->n + 1) * sizeof(*t->seat));
	for (size_t i = 0; i < w->n; i++)
		t->deaths[i] = i;
	sorting = w;
	qsort(t->deaths, w->n, sizeof(*t->deaths), by_death);
	t->watch = alarm_set_new();
	m->history = history_new();
	t->w = w;
}

static void be_born(struct stage *t, uint32_t i)
{
	const struct life *l = &t->w->lives[i];
	struct site *s = &t->m.sites[l->place];
	struct kind_totals *k = &t->m.target.kind[s->kind];

	t->seat[i] = t->nlive;
	t->live[t->nlive++] = i;
	k->live++;
	if (l->born_s < 0) {
		k->baseline++;
		k->baseline_live++;
		return;
	}
	k->born++;
	s->born++;
	if (!s->first_ns)
		s->first_ns = ns(l->born_s);
	s->last_ns = ns(l->born_s);
}

static void die(struct stage *t, uint32_t i)
{
	const struct life *l = &t->w->lives[i];
	struct site *s = &t->m.sites[l->place];
	struct kind_totals *k = &t->m.target.kind[s->kind];
	uint64_t life_us = (l->dies_s - l->born_s) * 1e6;
	int bucket = 0;

	t->live[t->seat[i]] = t->live[--t->nlive];
	t->seat[t->live[t->seat[i]]] = t->seat[i];
	k->live--;
	k->died++;
	if (l->born_s < 0) {
		k->baseline_live--;
		return;
	}
	while (bucket < LEAKTRACE_LIFETIME_BUCKETS - 1 && life_us >> (bucket + 1))
		bucket++;
	s->lifetimes[bucket]++;
	s->died++;
	s->last_died_ns = ns(l->dies_s);
	s->lifetime_sum_ns += life_us * 1000;
	if (life_us * 1000 > s->lifetime_max_ns)
		s->lifetime_max_ns = life_us * 1000;
}

/* Time passes: births and deaths in their order. */
static void advance(struct stage *t, double to_s)
{
	struct world *w = t->w;

	for (;;) {
		double born_s = t->born < w->n ? w->lives[t->born].born_s : INFINITY;
		double dies_s = t->died < w->n ? w->lives[t->deaths[t->died]].dies_s : INFINITY;

		if (born_s > to_s && dies_s > to_s)
			break;
		if (born_s <= dies_s)
			be_born(t, t->born++);
		else
			die(t, t->deaths[t->died++]);
	}
	t->now_s = to_s;
	t->m.target.now_ns = t->m.target.reconciled_ns = ns(to_s);
}

static void fill_objects(struct stage *t)
{
	struct model *m = &t->m;

	m->nobjects = 0;
	for (size_t k = 0; k < t->nlive; k++) {
		uint32_t i = t->live[k];
		const struct life *l = &t->w->lives[i];
		const struct place *p = &t->w->place[l->place];
		struct object *o = &m->objects[m->nobjects++];

		*o = (struct object){ .id = i, .kind = p->kind, .type = p->type, .count = l->count,
				      .site = l->place + 1, .born_ns = ns(l->born_s) };
		if (p->kind == LEAKTRACE_KIND_PAGE)
			o->id = (p->heap ? HEAP_START : MMAP_START) + 4096ULL * i;
		if (p->kind == LEAKTRACE_KIND_HEAP) {
			o->bytes = BLOCK_BYTES;
			o->mean_bytes = MEAN_BYTES;
		}
		if (l->born_s < 0) {
			o->site = 0;
			o->born_ns = 0;
			o->flags = LEAKTRACE_OBJECT_F_BASELINE;
		}
	}
	model_settle(m);
}

static void on_news(enum alarm_news news, struct site *s, void *arg)
{
	struct stage *t = arg;
	struct place *p = &t->w->place[s->id - 1];

	if (news == ALARM_GROWTH && p->grows && t->out->verdict_s < 0)
		t->out->verdict_s = t->now_s - p->leaks_from_s;
	if (news == ALARM_CLEARED)
		t->raised[s->id - 1] = false;
	if (news != ALARM_LEAK)
		return;
	t->raised[s->id - 1] = true;
	t->out->alarms += !p->leaks;
	if (p->leaks && t->out->verdict_s < 0)
		t->out->verdict_s = t->now_s - p->leaks_from_s;
}

static void look(struct stage *t, bool last)
{
	struct analysis_options opts = { 0 };

	alarm_set_sample(t->watch, &t->m);
	history_sample(t->m.history, &t->m);
	if (!last && !alarm_set_needs_objects(t->watch, &t->m))
		return;
	fill_objects(t);
	analysis_run(&t->m, &opts, alarm_set_curve, t->watch);
	alarm_set_update(t->watch, &t->m, last, on_news, t);
	for (unsigned int i = 0; i < t->w->places && t->now_s > t->w->end_s / 2; i++)
		t->out->lasting |= t->raised[i] && !t->w->place[i].leaks;
}

/* The next look: a session's are a second apart, or what the machine allows. */
static double pause_s(struct stage *t, enum sampling how)
{
	double dull = t->now_s < 300 ? 1 : t->now_s < 3600 ? 4 : t->now_s / 600;

	switch (how) {
	case JITTERED:
		return dull * between(t->w, 0.3, 5);
	case SPARSE:
		return fmax(dull, between(t->w, 5, 40));
	default:
		return dull;
	}
}

static void note(struct outcome *out, const struct site *s, const char *how)
{
	const struct judgement *j = &s->judgement;

	if (!*out->worst)
		snprintf(out->worst, sizeof(out->worst), "%s: %s; %s", how, j->evidence[0] ?: "",
			 j->evidence[1] ?: "");
}

/* Is it said that the heap grows? */
static bool told(const struct model *m, unsigned int i)
{
	const struct judgement *j = &m->sites[i].judgement;

	return j->verdict == VERDICT_SUSPECT && heap_growth_is(&m->findings[j->finding - 1]);
}

/* Is that site in a finding that is a leak? */
static bool accused(const struct model *m, unsigned int i)
{
	return m->sites[i].judgement.verdict == VERDICT_LEAK;
}

static void score_roots(struct stage *t)
{
	const struct world *w = t->w;

	for (unsigned int i = 0; i < w->places; i++) {
		bool whole = true, several = false;

		if (!w->place[i].leaks || w->place[i].root != i)
			continue;
		for (unsigned int j = i + 1; j < w->places; j++) {
			if (w->place[j].root != i)
				continue;
			several = true;
			whole &= t->m.sites[j].judgement.finding == t->m.sites[i].judgement.finding;
		}
		t->out->roots += several;
		t->out->whole += several && whole;
	}
}

/* The places that leak and are accused, or grow and are told; false ones are added to wrong. */
static unsigned int count(struct stage *t, const char *how, unsigned int *wrong)
{
	const struct world *w = t->w;
	unsigned int right = 0;

	for (unsigned int i = 0; i < w->places; i++) {
		right += w->place[i].grows && told(&t->m, i);
		if (!accused(&t->m, i))
			continue;
		right += w->place[i].leaks;
		if (!w->place[i].leaks) {
			++*wrong;
			note(t->out, &t->m.sites[i], how);
		}
	}
	return right;
}

/* The session has just judged; then what a report and a recording would say. */
static void score(struct stage *t)
{
	struct outcome *out = t->out;
	struct analysis_options opts = { 0 };

	for (unsigned int i = 0; i < t->w->places; i++)
		out->wanted += t->w->place[i].leaks || t->w->place[i].grows;
	out->found = count(t, "session", &out->false_live);
	score_roots(t);
	analysis_run(&t->m, &opts, NULL, NULL);
	out->reported = count(t, "report", &out->false_report);
	analysis_run(&t->m, &opts, history_curve, t->m.history);
	out->recorded = count(t, "recording", &out->false_recorded);
}

static double leaked_rate(const struct world *w)
{
	double from_s = INFINITY, to_s = 0;
	size_t n = 0;

	for (size_t i = 0; i < w->n; i++) {
		const struct life *l = &w->lives[i];

		if (!w->place[l->place].leaks || l->dies_s < NEVER_S || l->born_s < 0 ||
		    l->born_s < w->place[l->place].leaks_from_s)
			continue;
		from_s = fmin(from_s, l->born_s);
		to_s = fmax(to_s, l->born_s);
		n++;
	}
	return n > 1 ? (n - 1) / (to_s - from_s) : 0;
}

void play(struct world *w, enum sampling how, struct outcome *out)
{
	struct stage t = { .out = out };
	double next_s;

	memset(out, 0, sizeof(*out));
	out->verdict_s = -1;
	set_up(&t, w);
	out->leaked_per_s = leaked_rate(w);
	for (next_s = pause_s(&t, how); next_s < w->end_s; next_s += pause_s(&t, how)) {
		advance(&t, next_s);
		look(&t, false);
	}
	advance(&t, w->end_s);
	look(&t, true);
	score(&t);
	for (unsigned int i = 0; i < w->places; i++)
		out->leaky |= w->place[i].leaks;
	alarm_set_free(t.watch);
	model_free(&t.m);
	free(t.deaths);
	free(t.live);
	free(t.seat);
	free(w->lives);
}
