// SPDX-License-Identifier: GPL-2.0
/* Dice, and the bricks of which programs are made. */
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <linux/leaktrace.h>

#include "world.h"

static uint64_t next(struct world *w)
{
	uint64_t z = w->random += 0x9e3779b97f4a7c15ULL;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return z ^ z >> 31;
}

double chance(struct world *w)
{
	return (next(w) >> 11) * 0x1p-53;
}

double between(struct world *w, double low, double high)
{
	return low + (high - low) * chance(w);
}

static double normal(struct world *w)
{
	return sqrt(-2 * log(1 - chance(w))) * cos(2 * M_PI * chance(w));
}

double draw(struct world *w, struct law law)
{
	switch (law.shape) {
	case LAW_FIXED:
		return law.a;
	case LAW_UNIFORM:
		return between(w, law.a, law.b);
	case LAW_EXP:
		return -law.a * log(1 - chance(w));
	case LAW_LOGNORMAL:
		return law.a * exp(law.b * normal(w));
	case LAW_PARETO:
		return fmin(law.cap, law.a * pow(1 - chance(w), -1 / law.b));
	}
	return 0;
}

/* A site with a stack of its own: where it is called, its handler, the loop, main. */
unsigned int site(struct world *w, uint8_t kind, uint8_t type)
{
	unsigned int i = w->places++;
	struct place *p = &w->place[i];

	if (i >= PLACES_MAX)
		abort();
	*p = (struct place){ .kind = kind, .type = type, .npcs = 6, .root = i };
	p->pcs[0] = 0x1000 + kind;	/* the libc's function */
	p->pcs[1] = 0x10000 + 16 * i;
	p->pcs[2] = 0x20000 + 16 * i;
	p->pcs[3] = 0x30000;
	p->pcs[4] = 0x40000;
	p->pcs[5] = 0x50000;
	return i;
}

/* Another one that the same function makes: it has the same root. */
unsigned int site_under(struct world *w, uint8_t kind, uint8_t type, unsigned int sibling)
{
	unsigned int i = site(w, kind, type);

	w->place[i].pcs[2] = w->place[sibling].pcs[2];
	w->place[i].root = w->place[sibling].root;
	return i;
}

void leaks(struct world *w, unsigned int place, double from_s)
{
	w->place[place].leaks = true;
	w->place[place].leaks_from_s = from_s;
}

void grows(struct world *w, unsigned int place)
{
	w->place[place].heap = true;
	w->place[place].grows = true;
}

void life(struct world *w, unsigned int place, double born_s, double for_s)
{
	if (born_s >= w->end_s || born_s + for_s < 0)
		return;
	if (w->n == w->room) {
		w->room = w->room ? 2 * w->room : 4096;
		w->lives = realloc(w->lives, w->room * sizeof(*w->lives));
		if (!w->lives)
			abort();
	}
	w->lives[w->n++] = (struct life){ .place = place, .born_s = born_s,
					  .dies_s = born_s + for_s, .count = 1 };
}

/* Arrivals without memory, rate a second; each lives as the law says. */
void churn(struct world *w, unsigned int place, double from_s, double to_s, double rate,
	   struct law law)
{
	for (double t = from_s + draw(w, EXP(1 / rate)); t < to_s; t += draw(w, EXP(1 / rate)))
		life(w, place, t, draw(w, law));
}

/* One every so often, a bit irregularly, never released. */
void drip(struct world *w, unsigned int place, double from_s, double to_s, double every_s)
{
	for (double t = from_s + every_s * chance(w); t < to_s; t += every_s * between(w, 0.7, 1.3))
		life(w, place, t, NEVER_S);
}

/* What every server has beside the one thing it is about. */
void background(struct world *w)
{
	unsigned int files = site(w, LEAKTRACE_KIND_FD, LEAKTRACE_TYPE_FILE);
	unsigned int pool = site(w, LEAKTRACE_KIND_FD, LEAKTRACE_TYPE_SOCKET);
	unsigned int log = site(w, LEAKTRACE_KIND_FD, LEAKTRACE_TYPE_FILE);

	churn(w, files, 0, fmin(w->end_s, 1800), 3, LOGNORMAL(0.02, 1));
	for (int i = 0; i < 8; i++)
		life(w, pool, between(w, 0, 5), NEVER_S);
	for (double t = 0; t < w->end_s; t += 3600)
		life(w, log, t, 3601);
}
