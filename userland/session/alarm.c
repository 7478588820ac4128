// SPDX-License-Identifier: GPL-2.0
/*
 * What changes from sample to sample: the live objects of a site, as a curve
 * whose resolution falls as it gets longer, and whether the site has been
 * reported as a leak. Two consecutive samples with a leak raise the alarm.
 *
 * Something that is being filled cannot be told from a leak at first, and false
 * alarms make people ignore the next one: while growth is early, and unless a
 * limit is near, it is only reported as growth. The last sample does not wait,
 * because no other will follow.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "model/hysteresis.h"
#include "model/curve.h"
#include "model/finding.h"
#include "model/judgement.h"
#include "model/model.h"
#include "model/site.h"
#include "session/alarm.h"
#include "util/id_table.h"
#include "util/macros.h"

enum {
	LIVE_MIN = 5,	/* live objects; sites with fewer get no verdict */
	URGENT_S = 120,		/* time to the limit */
};

struct alarm_state {
	uint32_t site;
	unsigned int halved, skip;	/* one point per 2^halved samples */
	struct alarm alarm;
	uint64_t born_judged, died_judged;
	struct curve *curve;
};

struct alarm_set {
	struct id_table sites;		/* struct watched */
	double now_s;
};

struct alarm_set *alarm_set_new(void)
{
	struct alarm_set *w = calloc(1, sizeof(*w));

	if (w)
		w->sites.size_bytes = sizeof(struct alarm_state);
	return w;
}

void alarm_set_free(struct alarm_set *w)
{
	if (!w)
		return;
	for (size_t i = 0; i < w->sites.n; i++)
		free(((struct alarm_state *)w->sites.row)[i].curve);
	free(w->sites.row);
	free(w);
}

static void add_point(struct alarm_state *r, double t_s, double live)
{
	struct curve *c = r->curve;

	if (r->skip++ % (1U << r->halved))
		return;
	if (c->n == ARRAY_SIZE(c->live)) {
		for (unsigned int i = 0; i < c->n / 2; i++) {
			c->t_s[i] = c->t_s[2 * i];
			c->live[i] = c->live[2 * i];
		}
		c->n /= 2;
		r->halved += r->halved < 31;
	}
	c->t_s[c->n] = t_s;
	c->live[c->n++] = live;
}

/* Called after each dump of sites: adds a point for sites that may matter. */
void alarm_set_sample(struct alarm_set *w, const struct model *m)
{
	w->now_s = m->target.now_ns / 1e9;
	for (size_t i = 0; i < m->nsites; i++) {
		const struct site *s = &m->sites[i];
		struct alarm_state *r = id_table_find(&w->sites, s->id);

		if (!r && site_live(s) < LIVE_MIN)
			continue;
		if (!r)
			r = id_table_get(&w->sites, s->id);
		if (r && !r->curve)
			r->curve = calloc(1, sizeof(*r->curve));
		if (r && r->curve)
			add_point(r, w->now_s, site_live(s));
	}
}

/* Whether the verdict of any site may have changed. Only then are objects read. */
bool alarm_set_needs_objects(const struct alarm_set *w, const struct model *m)
{
	for (size_t i = 0; i < m->nsites; i++) {
		const struct site *s = &m->sites[i];
		const struct alarm_state *r = id_table_find(&w->sites, s->id);

		/* exited threads are not live, but may not have been joined */
		if (s->kind == LEAKTRACE_KIND_THREAD && s->died >= LIVE_MIN)
			return true;
		if (r && (r->alarm.raised || r->alarm.up ||
			  (site_live(s) >= LIVE_MIN &&
			   (s->born != r->born_judged || s->died != r->died_judged))))
			return true;
	}
	return false;
}

const struct curve *alarm_set_curve(uint32_t site, void *alarms)
{
	struct alarm_state *r = id_table_find(&((struct alarm_set *)alarms)->sites, site);

	return r ? r->curve : NULL;
}

static const struct finding *finding_of(const struct model *m, const struct site *s)
{
	uint32_t id = s->judgement.finding;

	return id && id <= m->nfindings ? &m->findings[id - 1] : NULL;
}

/*
 * A finding is reported once: by the part that was reported before, else by the worst. That the
 * heap grows was no report of the leak that explains it.
 */
static bool speaks(const struct alarm_set *w, struct model *m, const struct site *s)
{
	const struct finding *f = finding_of(m, s);

	for (size_t i = 0; f && i < f->nsites; i++) {
		const struct alarm_state *r = id_table_find(&w->sites, f->sites[i]);
		const struct site *part = model_site(m, f->sites[i]);

		if (part && part->judgement.heap_grows && !s->judgement.heap_grows)
			continue;
		if (r && (r->alarm.raised || r->alarm.mentioned))
			return r->site == s->id;
	}
	return !f || f->sites[0] == s->id;
}

/* Whether it may be a pool that is being filled, and no limit is near. */
static bool can_wait(const struct model *m, const struct site *s)
{
	const struct finding *f = finding_of(m, s);

	if (s->judgement.heap_grows)
		return true;
	if (f && f->limit_s > 0 && f->limit_s < URGENT_S)
		return false;
	return f ? f->judgement.early : s->judgement.early;
}

static enum alarm_news judged(const struct alarm_set *w, struct model *m, struct alarm_state *r,
			      const struct site *s, bool last)
{
	struct alarm_sample sample = {
		.now_s = w->now_s, .leak = s->judgement.verdict == VERDICT_LEAK || s->judgement.heap_grows,
		/* that the heap grows is said, and is no alarm in the end either */
		.last = last && !s->judgement.heap_grows,
		.silent = !speaks(w, m, s), .raise_samples = ALARM_RAISE_SAMPLES, .repeats = true,
		.wait_s = can_wait(m, s) ? INFINITY : 0,
		.live = site_live(s) + s->judgement.unjoined,
	};

	r->born_judged = s->born;
	r->died_judged = s->died;
	return alarm_update(&r->alarm, &sample);
}

/* Called after each analysis: reports sites that became, grew as, or ceased to be a leak. */
void alarm_set_update(struct alarm_set *w, struct model *m, bool last,
		      void (*fn)(enum alarm_news news, struct site *s, void *arg), void *arg)
{
	for (size_t i = 0; i < m->nsites; i++) {
		struct site *s = &m->sites[i];
		struct alarm_state *r = id_table_find(&w->sites, s->id);
		enum alarm_news news = ALARM_NO_NEWS;

		if (!r && s->judgement.verdict == VERDICT_LEAK)
			r = id_table_get(&w->sites, s->id);
		if (r)
			news = judged(w, m, r, s, last);
		if (news != ALARM_NO_NEWS)
			fn(news, s, arg);
	}
}
