// SPDX-License-Identifier: GPL-2.0
/* Time series of bounded size: see history.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "model/curve.h"
#include "model/history.h"
#include "model/kind.h"
#include "model/model.h"
#include "model/proc_load.h"
#include "model/site.h"
#include "model/target.h"
#include "util/id_table.h"
#include "util/macros.h"
#include "util/units.h"

/* Bounds the memory for a hostile recording: 640 MB of points. */
enum { POINTS_MAX = 1 << 24 };

struct series {
	uint32_t site;
	unsigned int n, capacity;
	unsigned int stride, skip;	/* one of so many offered points is kept */
	struct history_point *point;
	struct curve *curve;
};

struct history {
	struct series kind[KINDS];
	struct id_table sites;		/* struct series */
	struct series load;		/* bytes read stand in for born, and so on */
	size_t points;
	uint64_t last_ns;
};

struct history *history_new(void)
{
	struct history *h = calloc(1, sizeof(*h));

	if (h)
		h->sites.size_bytes = sizeof(struct series);
	return h;
}

static void free_series(struct series *s)
{
	free(s->point);
	free(s->curve);
}

void history_free(struct history *h)
{
	if (!h)
		return;
	for (int k = 0; k < KINDS; k++)
		free_series(&h->kind[k]);
	free_series(&h->load);
	for (size_t i = 0; i < h->sites.n; i++)
		free_series((struct series *)h->sites.row + i);
	free(h->sites.row);
	free(h);
}

/* Drops every second point, but never the first and the last. */
static void decimate(struct series *s)
{
	unsigned int kept = 0;

	for (unsigned int i = 0; i < s->n; i++)
		if (i % 2 == 0 || i == s->n - 1)
			s->point[kept++] = s->point[i];
	s->n = kept;
	s->stride *= 2;
	s->skip = 0;
}

static int widen(struct history *h, struct series *s)
{
	unsigned int capacity = s->capacity ? 2 * s->capacity : 8;
	struct history_point *more;

	if (s->n < s->capacity)
		return 0;
	if (capacity > HISTORY_POINTS || h->points + capacity - s->capacity > POINTS_MAX) {
		if (s->n < 3)
			return -ENOMEM;
		decimate(s);
		return 0;
	}
	more = reallocarray(s->point, capacity, sizeof(*more));
	if (!more)
		return -ENOMEM;
	h->points += capacity - s->capacity;
	s->point = more;
	s->capacity = capacity;
	return 0;
}

/* Until the next point is due, the latest offered point replaces the last one. */
static int add(struct history *h, struct series *s, const struct history_point *p)
{
	int err;

	if (!s)
		return -ENOMEM;
	if (s->n && p->t_ns <= s->point[s->n - 1].t_ns)
		return 0;
	if (!s->stride)
		s->stride = 1;
	if (s->skip && s->n) {
		s->point[s->n - 1] = *p;
	} else {
		err = widen(h, s);
		if (err)
			return err;
		s->point[s->n++] = *p;
	}
	s->skip = (s->skip + 1) % s->stride;
	if (p->t_ns > h->last_ns)
		h->last_ns = p->t_ns;
	return 0;
}

int history_add_kind(struct history *h, unsigned int kind, const struct history_point *p)
{
	return kind < KINDS ? add(h, &h->kind[kind], p) : -EINVAL;
}

int history_add_site(struct history *h, uint32_t site, const struct history_point *p)
{
	return add(h, id_table_get(&h->sites, site), p);
}

int history_add_load(struct history *h, uint64_t t_ns, const struct proc_load *l)
{
	struct history_point p = { .t_ns = t_ns, .born = l->done[LOAD_READ],
				   .died = l->done[LOAD_WRITTEN], .live = l->done[LOAD_CPU] };

	return l->known ? add(h, &h->load, &p) : 0;
}

static size_t points_of(const struct series *s, const struct history_point **points)
{
	*points = s ? s->point : NULL;
	return s ? s->n : 0;
}

size_t history_of_kind(const struct history *h, unsigned int kind,
		       const struct history_point **points)
{
	return points_of(h && kind < KINDS ? &h->kind[kind] : NULL, points);
}

size_t history_of_site(const struct history *h, uint32_t site,
		       const struct history_point **points)
{
	return points_of(h ? id_table_find(&h->sites, site) : NULL, points);
}

static bool changed(const struct history *h, const struct site *s)
{
	const struct series *r = id_table_find(&h->sites, s->id);

	return !r || !r->n || r->point[r->n - 1].born != s->born ||
		r->point[r->n - 1].died != s->died;
}

int history_sample(struct history *h, const struct model *m)
{
	struct history_point p = { .t_ns = m->target.now_ns };
	int err = history_add_load(h, p.t_ns, &m->load);

	for (int k = 0; k < KINDS && !err; k++) {
		const struct kind_totals *n = &m->target.kind[k];

		p.born = n->born;
		p.died = n->died;
		p.live = n->live;
		p.bytes = k == LEAKTRACE_KIND_PAGE ? n->live * PAGE_BYTES : 0;
		if (n->present && m->target.kinds & 1U << k)
			err = history_add_kind(h, k, &p);
	}
	for (size_t i = 0; i < m->nsites && !err; i++) {
		const struct site *s = &m->sites[i];

		p.born = s->born;
		p.died = s->died;
		p.live = site_live(s);
		p.bytes = s->kind == LEAKTRACE_KIND_PAGE ? p.live * PAGE_BYTES : 0;
		if (changed(h, s))
			err = history_add_site(h, s->id, &p);
	}
	return err;
}

/* The number of points up to t_ns. */
static unsigned int points_until(const struct series *s, uint64_t t_ns)
{
	unsigned int low = 0, high = s->n;

	while (low < high) {
		unsigned int middle = (low + high) / 2;

		if (s->point[middle].t_ns <= t_ns)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* The number of live objects at t_ns: that of the last point before it. */
static double live_at(const struct series *s, uint64_t t_ns)
{
	unsigned int n = points_until(s, t_ns);

	return n ? s->point[n - 1].live : 0;
}

static uint64_t part_way(uint64_t from, uint64_t to, double share)
{
	return to > from ? from + (uint64_t)((to - from) * share) : from;
}

bool history_load_at(const struct history *h, double t_s, struct proc_load *l)
{
	const struct series *s = &h->load;
	uint64_t t_ns = (uint64_t)(t_s * 1e9);
	const struct history_point *a, *b;
	unsigned int n;
	double share;

	/* seconds as a double are not exact to the nanosecond */
	if (!s->n || t_ns + 1000 < s->point[0].t_ns || t_ns > s->point[s->n - 1].t_ns + 1000)
		return false;
	n = points_until(s, t_ns);
	a = &s->point[n ? n - 1 : 0];
	b = &s->point[n < s->n ? n : s->n - 1];
	share = b->t_ns > a->t_ns ? (double)(t_ns - a->t_ns) / (b->t_ns - a->t_ns) : 0;
	l->known = true;
	l->done[LOAD_READ] = part_way(a->born, b->born, share);
	l->done[LOAD_WRITTEN] = part_way(a->died, b->died, share);
	l->done[LOAD_CPU] = part_way(a->live, b->live, share);
	return true;
}

/* The series with most samples since t_ns: its last *n points. */
static const struct series *samples_since(const struct history *h, uint64_t t_ns, unsigned int *n)
{
	const struct series *best = NULL;

	*n = 0;
	for (int k = 0; k < KINDS; k++) {
		const struct series *s = &h->kind[k];
		unsigned int i = 0;

		while (i < s->n && s->point[s->n - 1 - i].t_ns >= t_ns)
			i++;
		if (i > *n) {
			*n = i;
			best = s;
		}
	}
	return best;
}

static uint64_t look_before(const struct series *looks, uint64_t t_ns)
{
	unsigned int n = points_until(looks, t_ns);

	return n ? looks->point[n - 1].t_ns : t_ns;
}

/*
 * Points at even intervals, but only at times of samples: what was created
 * between two samples is compared with the load between them, and both are
 * known only at a sample.
 */
const struct curve *history_curve(uint32_t site, void *history)
{
	const struct history *h = history;
	struct series *s = h ? id_table_find(&h->sites, site) : NULL;
	const struct series *looks;
	uint64_t first_ns, taken_ns = 0;
	unsigned int n;

	if (!s || !s->n)
		return NULL;
	first_ns = s->point[0].t_ns;
	looks = samples_since(h, first_ns, &n);
	if (n < s->n) {
		looks = s;
		n = s->n;
	}
	if (!s->curve)
		s->curve = calloc(1, sizeof(*s->curve));
	if (!s->curve || n < 2 || h->last_ns <= first_ns)
		return NULL;
	n = n < ARRAY_SIZE(s->curve->live) ? n : ARRAY_SIZE(s->curve->live);
	s->curve->n = 0;
	for (unsigned int i = 0; i < n; i++) {
		uint64_t t_ns = first_ns + (uint64_t)((double)(h->last_ns - first_ns) * i / (n - 1));

		t_ns = i == n - 1 ? h->last_ns : look_before(looks, t_ns);
		if (i && t_ns <= taken_ns)
			continue;
		taken_ns = t_ns;
		s->curve->t_s[s->curve->n] = t_ns / 1e9;
		s->curve->live[s->curve->n++] = live_at(s, t_ns);
	}
	return s->curve;
}
