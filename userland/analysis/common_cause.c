// SPDX-License-Identifier: GPL-2.0
/*
 * One cause may leak several kinds: a context that is never freed keeps its
 * eventfds, its epoll instance, a thread and that thread's stack. Such sites
 * have a caller in common, and their objects are created at the same times.
 * Either alone proves nothing: everything is below main(), and many things
 * happen at the same time.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/blame.h"
#include "analysis/call_path.h"
#include "analysis/common_cause.h"
#include "analysis/heap_growth.h"
#include "analysis/measure.h"
#include "model/finding.h"
#include "model/model.h"
#include "model/object.h"
#include "model/site.h"
#include "symbolize/frame.h"
#include "symbolize/library.h"
#include "util/proc_maps.h"

#define STEP_S		0.05	/* objects of one cause are created within this time */
#define STEP_SHARE	0.05	/* and within this share of the time between two occurrences */
#define IN_STEP		0.8

enum { STEPS_MIN = 5 };

/* Times of creation; those within STEP_S of each other count as one. The caller frees them. */
static double *moments(const struct model *m, uint32_t site, size_t *n)
{
	struct births b = { 0 };
	double *at_s, end_s = -INFINITY;

	b.o = model_objects((struct model *)m, site, &b.n);
	at_s = malloc((b.n + 1) * sizeof(*at_s));
	*n = 0;
	for (size_t i = 0; at_s && i < b.n; i++) {
		double t = birth_ns(&b, i) / 1e9;

		if (!birth_counts(&b, i))
			continue;
		if (t - end_s > STEP_S)
			at_s[(*n)++] = t;
		end_s = t;
	}
	return at_s;
}

/*
 * How many times in a have one of b near them, counting from when both have
 * begun; *all: of how many.
 */
static size_t near(const double *a, size_t na, const double *b, size_t nb, double within_s,
		   size_t *all)
{
	size_t hits = 0, j = 0;

	*all = 0;
	for (size_t i = 0; i < na; i++) {
		if (a[i] < b[0] - within_s)
			continue;
		while (j + 1 < nb && fabs(b[j + 1] - a[i]) <= fabs(b[j] - a[i]))
			j++;
		hits += fabs(b[j] - a[i]) <= within_s;
		++*all;
	}
	return hits;
}

static double gap_s(const double *a, size_t n)
{
	return n > 1 ? (a[n - 1] - a[0]) / (n - 1) : INFINITY;
}

static bool in_step(const struct model *m, uint32_t x, uint32_t y)
{
	size_t na, nb, alla, allb, hita, hitb;
	double *a = moments(m, x, &na), *b = moments(m, y, &nb);
	bool same = false;

	if (a && b && na >= STEPS_MIN && nb >= STEPS_MIN) {
		double within_s = fmin(STEP_S, STEP_SHARE * fmin(gap_s(a, na), gap_s(b, nb)));

		hita = near(a, na, b, nb, within_s, &alla);
		hitb = near(b, nb, a, na, within_s, &allb);
		same = alla >= STEPS_MIN && allb >= STEPS_MIN && hita >= IN_STEP * alla &&
			hitb >= IN_STEP * allb;
	}
	free(a);
	free(b);
	return same;
}

/* The number of frames that all stacks of a thread share: libc's, and the start function. */
unsigned int call_path_outer(struct model *m, uint32_t stack)
{
	const struct symbol_frame *f;
	int n = model_frames(m, stack, &f), outer = 0;

	while (outer < n && frame_is_c_library(&f[n - 1 - outer]))
		outer++;
	return outer + 1;
}

static const struct site *part_of(struct model *m, const struct finding *f, uint8_t kind)
{
	for (size_t i = 0; i < f->nsites; i++) {
		const struct site *s = model_site(m, f->sites[i]);

		if (s->kind == kind)
			return s;
	}
	return NULL;
}

/* Marks the mappings in which threads of a finding have their descriptors: their stacks. */
static bool *stacks_of(struct model *m, const struct finding *f)
{
	bool *stack = m->maps && m->maps->n ? calloc(m->maps->n, sizeof(*stack)) : NULL;

	for (size_t i = 0; stack && i < f->nsites; i++) {
		size_t n;
		const struct object *o = model_objects(m, f->sites[i], &n);

		for (size_t k = 0; k < n && o->kind == LEAKTRACE_KIND_THREAD; k++) {
			const struct map *map = o[k].ctid ? maps_find(m->maps, o[k].ctid) : NULL;

			if (map && (o[k].unjoined || !(o[k].flags & LEAKTRACE_OBJECT_F_EXITED)))
				stack[map - m->maps->map] = true;
		}
	}
	return stack;
}

/* Whether most of the pages of g are in stacks of the threads of f. */
static bool in_stacks(struct model *m, const struct finding *f, const struct finding *g)
{
	bool *stack = stacks_of(m, f);
	uint64_t in = 0, all = 0;

	for (size_t i = 0; stack && i < g->nsites; i++) {
		size_t n;
		const struct object *o = model_objects(m, g->sites[i], &n);

		for (size_t k = 0; k < n; k++) {
			const struct map *map = maps_find(m->maps, o[k].id);

			all += o[k].count;
			in += map && stack[map - m->maps->map] ? o[k].count : 0;
		}
	}
	free(stack);
	return in * 2 > all;
}

static bool same_function(const struct symbol_frame *a, const struct symbol_frame *b)
{
	return a->function && b->function && !strcmp(a->function, b->function);
}

/* Whether both were created in one call of a C library function, as a thread and its descriptor. */
static bool in_one_call(struct model *m, const struct site *a, const struct site *b)
{
	const struct symbol_frame *f, *g;
	int n = model_frames(m, a->stack, &f), k = model_frames(m, b->stack, &g), common = 0;

	while (common < n && common < k && same_function(&f[n - 1 - common], &g[k - 1 - common]))
		common++;
	return common > (int)call_path_outer(m, a->stack) && frame_is_c_library(&f[n - common]);
}

/*
 * Memory that threads have: a thread touches its own stack first, so its pages
 * share no caller with its creation.
 */
static bool memory_of_threads(struct model *m, const struct finding *f, const struct finding *g)
{
	const struct site *thread = part_of(m, f, LEAKTRACE_KIND_THREAD);
	const struct site *pages = model_site(m, g->sites[0]);

	return thread && thread->type == LEAKTRACE_TYPE_THREAD && pages->kind == LEAKTRACE_KIND_PAGE &&
		(in_stacks(m, f, g) || in_one_call(m, thread, pages) ||
		 in_step(m, thread->id, pages->id));
}

/* A function that allocates a block and one that fills it touch its pages: one call path. */
static bool in_one_function(struct model *m, const struct site *a, const struct site *b)
{
	const struct symbol_frame *f = blamed_frame_of_site(m, a), *g = blamed_frame_of_site(m, b);

	return a->kind == b->kind && a->type == b->type && f && g && same_function(f, g);
}

/* Whether two findings have one cause, and why it is thought so. */
bool common_cause(struct model *m, const struct finding *f, const struct finding *g, enum cause *why)
{
	const struct site *a = model_site(m, f->sites[0]), *b = model_site(m, g->sites[0]);
	struct call_path p, q;

	/* when exactly things were made is not seen from outside, nor by whom */
	if (m->outside)
		return false;
	*why = CAUSE_THREAD;
	if (memory_of_threads(m, f, g) || memory_of_threads(m, g, f))
		return true;
	/* pages of the heap come with its blocks, whosever they are: how much they are is asked later */
	if ((f->live[LEAKTRACE_KIND_HEAP] && heap_growth_is(g)) ||
	    (g->live[LEAKTRACE_KIND_HEAP] && heap_growth_is(f)))
		return false;
	*why = CAUSE_TIME;
	if (!call_path_read(m, a, &p) || !call_path_read(m, b, &q))
		return false;
	if (call_path_common(&p, &q) <= call_path_outer(m, a->stack) || !in_step(m, a->id, b->id))
		return false;
	if (in_one_function(m, a, b))
		*why = CAUSE_PATH;
	return true;
}
