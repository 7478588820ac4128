/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Internals of the analysis. A site passes through these files:
 *
 *   measure.c -> statistics.c -> verdict.c -> call_path.c,    -> finding.c -> evidence.c
 *   (numbers)    (tests)         (the rule)   common_cause.c     (groups)     (sentences)
 *
 * Everything here is a pure function of the model and its curves: live, from a
 * file or from a simulator, the same numbers give the same verdict.
 */
#ifndef LEAKTRACE_VERDICT_H
#define LEAKTRACE_VERDICT_H

#include "leaktrace.h"

/* statistics.c */
double mann_kendall(const double *y, size_t n);		/* z */
double theil_sen(const double *t, const double *y, size_t n, double *low, double *high);
double normal_tail(double z);				/* P(Z > z) */
double wilson_low(double k, double n);			/* 95 % */
double wilson_high(double k, double n);
double histogram_quantile_s(const uint32_t *h, double q);
double histogram_above(const uint32_t *h, double s);
double histogram_within(const uint32_t *h, int i, double s);
int histogram_bucket(double s);
double kaplan_meier(const double *dead, const double *alive, int n);
uint64_t histogram_count(const uint32_t *h);
double false_discovery(double *p, size_t n, double q);	/* sorts p; returns the threshold */

/* measure.c, verdict.c, call_path.c, common_cause.c, finding.c, evidence.c */
/*
 * load_correlation.c: growth compared with the load of the target, from a
 * session's curve
 */
enum follows { FOLLOWS_UNKNOWN, FOLLOWS_LOAD, FOLLOWS_STEADY, FOLLOWS_NOT };

struct following {
	enum follows how;		/* STEADY: the load is steady, so nothing can be said */
	enum load_by by;		/* the load that explains growth best */
	double r;			/* Pearson's r, over so many intervals: */
	unsigned int steps;
	double per_unit;		/* growth per byte, or per microsecond of CPU time */
	bool stops;			/* growth stopped when the load did */
};

void follow(struct following *f, const struct curve *c, double start_s, const struct history *h);

/* Everything that the verdict of a site and its evidence are derived from. */
struct measures {
	uint8_t kind, type;
	bool whole;			/* the window is the site's whole life */
	bool unjoined;			/* exited threads are counted, instead of live ones */
	bool heap, stack;		/* pages: most of them are there */
	bool pooled;			/* pages: other sites have some in the same mappings */
	double share;			/* pages: of all live pages created since attach */
	double window_s;		/* from the first creation in it to the end */
	double grew_s;			/* from the first to the last creation of a live object */
	uint64_t grew_first, grew_second; /* growth in either half of that time */
	double idle_s;			/* since the last creation of a live object */
	double horizon_s;		/* T: older objects are old */
	double bucket_s;
	unsigned int buckets, generations;
	uint64_t born, died, live;
	uint64_t old;			/* live and older than T */
	uint64_t late;			/* released after more than T */
	uint64_t recent;		/* live, created in the last two thirds of the window */
	uint64_t first_half, second_half; /* growth in either half of the time in which it grew */
	uint64_t before;		/* live, created in the before_s before the window */
	double before_s;
	uint64_t turnover;		/* baseline objects of this kind that were released */
	size_t births;			/* distinct times of creation */
	double z, p;			/* Mann-Kendall */
	double slope, slope_low, slope_high;	/* per second */
	double sure;			/* Wilson's lower bound of the share of old objects that stay */
	struct following following;
	double life_p50_s, life_p95_s, life_max_s;
};

/* The live objects of one site: times of creation, with counts. */
struct births {
	const struct object *o;		/* oldest first */
	size_t n;
	bool exits;			/* count exited threads instead */
	unsigned int more_sites;	/* number of sites beyond the first that were combined */
};

struct court {				/* what all judgements of one model share */
	struct model *m;
	const struct bench *bench;
	const struct curve *(*curve)(uint32_t site, void *arg);	/* or NULL */
	void *arg;
	double chance;			/* a trend counts if p is not above this */
	uint64_t pages;			/* live pages created since attach, of all sites */
	uint64_t *map_pages, *own_pages;	/* by mapping: of all sites; scratch space for one site */
	unsigned int *map_sites;	/* by mapping: sites that have pages there */
};

enum { PATH_MAX_FRAMES = 256 };

struct path {				/* a stack as a list of functions, innermost first */
	unsigned int n;
	uint64_t hash, function[PATH_MAX_FRAMES];
};

void court_open(struct court *court);		/* counts pages by mapping */
void court_close(struct court *court);
uint64_t birth_ns(const struct births *b, size_t i);
bool birth_counts(const struct births *b, size_t i);
void measure(struct measures *x, const struct site *s, const struct births *b,
	     const struct curve *c, double from_s, double end_s, const struct bench *bench);
void measure_place(struct measures *x, const struct court *court, const struct births *b);
void measure_life(struct judgement *j, const struct site *s, const struct births *b, double end_s);
void judge_births(const struct court *court, struct judgement *j, const struct site *s,
		  const struct births *b, const struct curve *c, struct measures *x);
unsigned int path_read(struct model *m, const struct site *s, struct path *p);
bool path_same(const struct path *a, const struct path *b);
unsigned int path_common(const struct path *a, const struct path *b);
unsigned int path_outer(struct model *m, uint32_t stack); /* outer frames: libc's, and the start function */
bool root_same(struct model *m, const struct finding *f, const struct finding *g);
void odd_find(struct model *m, struct finding *f);
void evidence_of_odd(struct model *m, struct finding *f, int maker, uint32_t release);
void evidence_of_parts(struct model *m, struct finding *f);
void evidence_of_limit(struct model *m, struct finding *f);
double verdict_confidence(enum verdict v, const struct measures *x);
void findings_make(const struct court *court, struct measures *x); /* x: of each site */
void collected_judge(struct model *m, struct site *s);
void evidence_write(struct judgement *j, const struct measures *x);

#endif
