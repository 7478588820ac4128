// SPDX-License-Identifier: GPL-2.0
#include <string.h>

#include "analysis/statistics.h"
#include "look/count.h"
#include "look/look.h"
#include "model/site.h"
#include "util/array.h"

/* The site that a group is, which has one once something of it was made. */
static struct site *site_of(struct look *l, struct look_group *g)
{
	struct model *m = &l->model;

	if (g->site)
		return &m->sites[g->site - 1];
	if (!array_reserve(m->sites, m->sites_room, m->nsites, 1))
		return NULL;
	g->site = m->nsites + 1;
	m->sites[m->nsites] = (struct site){
		.id = g->site, .kind = g->kind, .type = g->type, .first_ns = m->target.now_ns,
	};
	return &m->sites[m->nsites++];
}

uint32_t look_born(struct look *l, struct look_group *g, uint64_t n)
{
	struct kind_totals *k = &l->model.target.kind[g->kind];
	struct site *s;

	g->live += n;
	k->live += n;
	if (!l->looks) {
		g->baseline += n;
		k->baseline += n;
		k->baseline_live += n;
		return 0;
	}
	k->born += n;
	s = site_of(l, g);
	if (!s)
		return 0;
	s->born += n;
	s->last_ns = l->model.target.now_ns;
	return s->id;
}

void look_died(struct look *l, struct look_group *g, const struct object *o, uint64_t n)
{
	struct kind_totals *k = &l->model.target.kind[g->kind];
	uint64_t now_ns = l->model.target.now_ns, age_ns = now_ns - o->born_ns;
	struct site *s;

	g->live -= n;
	k->live -= n;
	k->died += n;
	if (!o->site) {
		k->baseline_live -= n;
		return;
	}
	s = &l->model.sites[o->site - 1];
	s->died += n;
	s->last_died_ns = now_ns;
	s->lifetimes[histogram_bucket(age_ns / 1e9)] += n;
	s->lifetime_sum_ns += age_ns * n;
	if (age_ns > s->lifetime_max_ns)
		s->lifetime_max_ns = age_ns;
}
