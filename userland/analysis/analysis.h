/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The analysis of a model: a verdict for each site, and findings, which join sites that have
 * one cause.
 *
 *   measure.c -> statistics.c -> verdict.c -> evidence.c -> call_path.c, common_cause.c -> finding.c
 *   (numbers)    (tests)         (the rule)   (sentences)   (same path?  same cause?)      (one finding)
 *
 * It is a pure function of the model and its curves: live, from a file or from a simulator,
 * the same numbers give the same verdict.
 */
#ifndef LEAKTRACE_ANALYSIS_ANALYSIS_H
#define LEAKTRACE_ANALYSIS_ANALYSIS_H

#include <stdint.h>

struct curve;
struct model;

struct analysis_options {		/* --min-age, --window */
	double min_age_s;		/* minimum age of old objects; 0: 3 s */
	double window_s;		/* 0: all */
};

/*
 * Judges all sites of a model whose dumps are complete and settled, then finds
 * which have one cause. curve, if not NULL, returns what a session sampled of a
 * site, or NULL.
 */
void analysis_run(struct model *m, const struct analysis_options *opts,
		  const struct curve *(*curve)(uint32_t site, void *arg), void *arg);

/* With the model's own history, if it has one. */
void analysis_run_recorded(struct model *m, const struct analysis_options *opts);

#endif
