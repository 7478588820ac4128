/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Histories of invented programs: which object was born when, at which site,
 * and when it died. A world is made from a seed and is the same every time; it
 * is then played to the very code that judges real targets.
 */
#ifndef WORLD_H
#define WORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PLACES_MAX = 64, PATH_MAX_PCS = 8 };

#define NEVER_S 1e18

struct law {				/* of lifetimes, seconds */
	enum { LAW_FIXED, LAW_UNIFORM, LAW_EXP, LAW_LOGNORMAL, LAW_PARETO } shape;
	double a, b, cap;
};

#define FIXED(s)		((struct law){ LAW_FIXED, (s), 0, 0 })
#define UNIFORM(low, high)	((struct law){ LAW_UNIFORM, (low), (high), 0 })
#define EXP(mean)		((struct law){ LAW_EXP, (mean), 0, 0 })
#define LOGNORMAL(median, sigma) ((struct law){ LAW_LOGNORMAL, (median), (sigma), 0 })
#define PARETO(min, alpha, max)	((struct law){ LAW_PARETO, (min), (alpha), (max) })
#define NEVER			FIXED(NEVER_S)

struct life {
	double born_s, dies_s;		/* since attach; before it: baseline */
	uint32_t place, count;
};

struct place {				/* a site, before the kernel numbers it */
	uint8_t kind, type;
	bool heap;
	bool leaks;
	bool grows;			/* the heap, by nobody that pages could name: told, but no leak */
	double leaks_from_s;		/* or grows */
	unsigned int root;		/* leaking places with one root: one finding */
	unsigned int npcs;
	uint64_t pcs[PATH_MAX_PCS];
};

struct world {
	uint64_t random;
	double end_s;
	struct place place[PLACES_MAX];
	unsigned int places;
	struct life *lives;
	size_t n, room;
};

struct program {
	const char *name;
	void (*make)(struct world *w);
};

extern const struct program leaking[], growing[], innocent[];

/* dice */
double chance(struct world *w);				/* 0 to 1 */
double between(struct world *w, double low, double high);
double draw(struct world *w, struct law law);

/* building */
unsigned int site(struct world *w, uint8_t kind, uint8_t type);
unsigned int site_under(struct world *w, uint8_t kind, uint8_t type, unsigned int sibling);
void leaks(struct world *w, unsigned int place, double from_s);
void grows(struct world *w, unsigned int place);
void life(struct world *w, unsigned int place, double born_s, double for_s);
void churn(struct world *w, unsigned int place, double from_s, double to_s, double rate,
	   struct law law);
void drip(struct world *w, unsigned int place, double from_s, double to_s, double every_s);
void background(struct world *w);

/* play.c: what became of it */
struct outcome {
	bool leaky;
	unsigned int wanted, found;	/* places that leak or grow; said at the end, live */
	unsigned int reported;		/* by a report that has no history */
	unsigned int recorded;		/* by one of a recording, which has another */
	unsigned int false_live, false_report, false_recorded;	/* places that don't, at the end */
	unsigned int alarms;		/* false ones, at any time */
	bool lasting;			/* one of them in the second half of the time */
	unsigned int roots, whole;	/* findings that hold all parts of a root */
	double verdict_s;		/* from the first leaked object; < 0: none */
	double leaked_per_s;
	char worst[160];		/* what was said of the first false one */
};

enum sampling { EVERY_SECOND, JITTERED, SPARSE, SAMPLINGS };

void play(struct world *w, enum sampling how, struct outcome *out);

#endif
