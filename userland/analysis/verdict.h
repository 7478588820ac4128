/* SPDX-License-Identifier: GPL-2.0 */
/* The verdict of a site, from its measures. */
#ifndef LEAKTRACE_ANALYSIS_VERDICT_H
#define LEAKTRACE_ANALYSIS_VERDICT_H

#include "model/judgement.h"

struct births;
struct analysis_ctx;
struct curve;
struct measures;
struct site;

/* Fills x, and all of j but its evidence. */
void analysis_judge(const struct analysis_ctx *ctx, struct judgement *j, const struct site *s,
		    const struct births *b, const struct curve *c, struct measures *x);
double verdict_confidence(enum verdict v, const struct measures *x);	/* 0 to 1 */

#endif
