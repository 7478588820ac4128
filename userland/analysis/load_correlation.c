// SPDX-License-Identifier: GPL-2.0
/*
 * Whether a site's growth is correlated with the load of its target: for each
 * interval of its curve, its growth is compared with what the target read,
 * wrote and computed. The verdict does not depend on it, because a leak in each
 * request follows the load as does a store that is being filled; but a reader
 * of the evidence may know which of the two it is.
 */
#include <math.h>

#include "analysis/load_correlation.h"
#include "model/curve.h"
#include "model/history.h"
#include "model/proc_load.h"

#define FOLLOWS_R	0.7
#define ALONE_R		0.3	/* below: not correlated */
#define VARIES		0.25	/* coefficient of variation; below: a steady load */
#define VARIES_MUCH	0.5
#define IDLE		0.1	/* of the mean rate */
#define NEARLY		0.05	/* differences of r below this do not count */

enum {
	STEPS_MIN = 8,
	ALONE_STEPS = 12,
	GREW_MIN = 5,
	IDLE_STEPS = 2,
	STEPS_MAX = 63,
};

struct steps {
	unsigned int n;
	double s[STEPS_MAX], grew[STEPS_MAX], done[LOADS][STEPS_MAX];
};

/* Divides by the length of each interval: rates are compared. */
static void paces(const struct steps *t, const double *v, double *pace)
{
	for (unsigned int i = 0; i < t->n; i++)
		pace[i] = v[i] / t->s[i];
}

static double sum(const double *v, unsigned int n)
{
	double all = 0;

	for (unsigned int i = 0; i < n; i++)
		all += v[i];
	return all;
}

/* Pearson's r of x and y, and the variation of x. */
static double correlation(const double *x, const double *y, unsigned int n, double *varies)
{
	double mx = sum(x, n) / n, my = sum(y, n) / n, xx = 0, yy = 0, xy = 0;

	for (unsigned int i = 0; i < n; i++) {
		xx += (x[i] - mx) * (x[i] - mx);
		yy += (y[i] - my) * (y[i] - my);
		xy += (x[i] - mx) * (y[i] - my);
	}
	*varies = mx > 0 ? sqrt(xx / n) / mx : 0;
	return xx > 0 && yy > 0 ? xy / sqrt(xx * yy) : 0;
}

static void take_steps(struct steps *t, const struct curve *c, double start_s,
		       const struct history *h)
{
	struct proc_load before, after;

	t->n = 0;
	for (unsigned int i = 1; i < c->n && t->n < STEPS_MAX; i++) {
		double s = c->t_s[i] - c->t_s[i - 1];

		if (c->t_s[i - 1] < start_s || s <= 0 || !history_load_at(h, c->t_s[i - 1], &before) ||
		    !history_load_at(h, c->t_s[i], &after))
			continue;
		t->s[t->n] = s;
		t->grew[t->n] = c->live[i] - c->live[i - 1];
		for (int k = 0; k < LOADS; k++)
			t->done[k][t->n] = (double)after.done[k] - (double)before.done[k];
		t->n++;
	}
}

/* Whether there were intervals without load, and without growth in them. */
static bool stops(const struct steps *t, const double *done)
{
	double pace = sum(done, t->n) / sum(t->s, t->n), idle_s = 0, idle_grew = 0, busy_s, busy_grew;
	unsigned int n = 0;

	for (unsigned int i = 0; i < t->n; i++) {
		if (done[i] > IDLE * pace * t->s[i])
			continue;
		n++;
		idle_s += t->s[i];
		idle_grew += t->grew[i];
	}
	busy_s = sum(t->s, t->n) - idle_s;
	busy_grew = sum(t->grew, t->n) - idle_grew;
	return n >= IDLE_STEPS && busy_s > 0 && idle_grew / idle_s < IDLE * busy_grew / busy_s;
}

/* Of equally good explanations bytes read come first: they are the input. */
static void judge_steps(struct load_correlation *f, const struct steps *t, double grew)
{
	double most = 0, most_varies = 0, pace[STEPS_MAX], growth[STEPS_MAX];

	paces(t, t->grew, growth);
	for (int k = 0; k < LOADS; k++) {
		double varies, r;

		paces(t, t->done[k], pace);
		r = correlation(pace, growth, t->n, &varies);
		most = fmax(most, fabs(r));
		most_varies = fmax(most_varies, varies);
		if (varies <= VARIES || r < FOLLOWS_R || (f->how && r < f->r + NEARLY))
			continue;
		f->how = FOLLOWS_LOAD;
		f->by = k;
		f->r = r;
	}
	if (!f->how && most < ALONE_R && most_varies > VARIES_MUCH && t->n >= ALONE_STEPS)
		f->how = FOLLOWS_NOT;
	if (!f->how && most_varies <= VARIES && sum(t->done[LOAD_READ], t->n) > 0)
		f->how = FOLLOWS_STEADY;
	if (f->how == FOLLOWS_LOAD || f->how == FOLLOWS_STEADY)
		f->per_unit = grew / sum(t->done[f->by], t->n);
	f->stops = f->how == FOLLOWS_LOAD && stops(t, t->done[f->by]);
}

void correlate_with_load(struct load_correlation *f, const struct curve *c, double start_s, const struct history *h)
{
	struct steps t;
	double grew;

	*f = (struct load_correlation){ .how = FOLLOWS_UNKNOWN };
	if (!c || !h)
		return;
	take_steps(&t, c, start_s, h);
	grew = sum(t.grew, t.n);
	f->steps = t.n;
	if (t.n >= STEPS_MIN && grew >= GREW_MIN)
		judge_steps(f, &t, grew);
}
