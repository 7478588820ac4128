// SPDX-License-Identifier: GPL-2.0
/*
 * The limit that a finding reaches first. One leak approaches several: a thread
 * that is never joined no longer takes a thread id, but keeps two mappings; an inotify instance is a descriptor, too.
 */
#include <math.h>
#include <stdlib.h>

#include "analysis/finding_limit.h"
#include "model/finding.h"
#include "model/judgement.h"
#include "model/limits.h"
#include "model/model.h"
#include "model/object.h"
#include "model/site.h"
#include "util/proc_maps.h"
#include "util/units.h"

enum {
	MAPS_ENOUGH = 8,	/* fewer mappings may have been there before */
	STACK_MAPS = 2,		/* of a thread that was not joined: stack and guard */
};

static bool is_guard(const struct map *map)
{
	return !map->read && !map->write && !map->exec && !*map->path;
}

/* Marks the mappings in [start, end), and the inaccessible one below, which mmap() made with it. */
static void mark(const struct maps *maps, uint64_t start, uint64_t end, bool *seen)
{
	const struct map *map = maps_find(maps, start);
	size_t i = map ? (size_t)(map - maps->map) : maps->n;

	if (map && i && is_guard(&maps->map[i - 1]) && maps->map[i - 1].end == map->start)
		seen[i - 1] = true;
	for (; i < maps->n && maps->map[i].start < end; i++)
		seen[i] = true;
}

/* How many mappings one object of a site takes; 0: they share a few. */
static double maps_each(struct model *m, const struct site *s)
{
	bool *seen = m->maps && m->maps->n ? calloc(m->maps->n, sizeof(*seen)) : NULL;
	size_t n, taken = 0;
	const struct object *o = model_objects(m, s->id, &n);

	for (size_t i = 0; seen && i < n; i++)
		mark(m->maps, o[i].id, o[i].id + (s->kind == LEAKTRACE_KIND_MAP ? o[i].bytes :
						  (uint64_t)o[i].count * PAGE_BYTES), seen);
	for (size_t i = 0; seen && i < m->maps->n; i++)
		taken += seen[i];
	free(seen);
	return taken >= MAPS_ENOUGH && site_live(s) ? (double)taken / site_live(s) : 0;
}

static double bytes_each(struct model *m, const struct site *s)
{
	size_t n;
	const struct object *o = model_objects(m, s->id, &n);
	double bytes = 0;

	if (s->kind == LEAKTRACE_KIND_PAGE)
		return PAGE_BYTES;
	for (size_t i = 0; s->kind == LEAKTRACE_KIND_MAP && i < n; i++)
		bytes += o[i].bytes;
	return n ? bytes / n : 0;
}

/* Watches are taken for as evenly distributed as descriptors are. */
static double watches_each(const struct model *m, const struct site *s, unsigned int which)
{
	uint64_t n = limit_objects(m, s->type);

	return n ? (double)m->limits[which].now / n : 0;
}

static void add_descriptors(const struct model *m, const struct site *s, double per_min,
			    double rate[LIMITS])
{
	rate[LIMIT_FDS] += per_min;
	rate[LIMIT_FILES] += per_min;
	if (s->type == LEAKTRACE_TYPE_INOTIFY) {
		rate[LIMIT_INOTIFY] += per_min;
		rate[LIMIT_INOTIFY_WATCHES] += per_min * watches_each(m, s, LIMIT_INOTIFY_WATCHES);
	} else if (s->type == LEAKTRACE_TYPE_EPOLL) {
		rate[LIMIT_EPOLL_WATCHES] += per_min * watches_each(m, s, LIMIT_EPOLL_WATCHES);
	}
}

/*
 * What more objects of a site take of each limit per minute. Parts of a finding
 * may be in the same mappings, so these are not added up.
 */
static void add_site(struct model *m, const struct site *s, const struct judgement *j,
		     double rate[LIMITS])
{
	double per_min = j->rate_per_min;

	switch (s->kind) {
	case LEAKTRACE_KIND_FD:
		add_descriptors(m, s, per_min, rate);
		break;
	case LEAKTRACE_KIND_TIMER:
		rate[LIMIT_TIMERS] += per_min;
		break;
	case LEAKTRACE_KIND_THREAD:
		if (j->exits)
			rate[LIMIT_MAPS] = fmax(rate[LIMIT_MAPS], STACK_MAPS * per_min);
		else
			rate[LIMIT_THREADS] += per_min;
		break;
	case LEAKTRACE_KIND_PAGE:
		rate[LIMIT_MEMORY] += per_min * PAGE_BYTES;
		/* fallthrough */
	case LEAKTRACE_KIND_MAP:
		rate[LIMIT_MAPS] = fmax(rate[LIMIT_MAPS], per_min * maps_each(m, s));
		rate[LIMIT_ADDRESS_SPACE] += per_min * bytes_each(m, s);
		break;
	}
}

/* The parts of a finding approach a limit together. */
void finding_limit(struct model *m, struct finding *f)
{
	double rate[LIMITS] = { 0 };

	if (f->judgement.verdict < VERDICT_SUSPECT)
		return;
	for (size_t i = 0; i < f->nsites && f->mixed; i++) {
		const struct site *s = model_site(m, f->sites[i]);

		add_site(m, s, &s->judgement, rate);
	}
	if (!f->mixed)
		add_site(m, model_site(m, f->sites[0]), &f->judgement, rate);
	for (int i = 0; i < LIMITS; i++) {
		double in_s = limit_in_s(m, i, rate[i]);

		if (in_s > 0 && (!f->limit_s || in_s < f->limit_s)) {
			f->limit_s = in_s;
			f->limit = i;
		}
	}
}
