/* SPDX-License-Identifier: GPL-2.0 */
/* Findings, which join sites that have one cause. */
#ifndef LEAKTRACE_ANALYSIS_FINDING_H
#define LEAKTRACE_ANALYSIS_FINDING_H

#include <stdint.h>

struct analysis_ctx;
struct finding;
struct measures;

void findings_make(const struct analysis_ctx *ctx, struct measures *x); /* x: of each site */
uint64_t finding_weight(const struct finding *f);	/* for ranking */

#endif
