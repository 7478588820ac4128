/* SPDX-License-Identifier: GPL-2.0 */
/* The limit that a finding reaches first. */
#ifndef LEAKTRACE_ANALYSIS_FINDING_LIMIT_H
#define LEAKTRACE_ANALYSIS_FINDING_LIMIT_H

struct finding;
struct model;

void finding_limit(struct model *m, struct finding *f);	/* sets f->limit and f->limit_s */

#endif
