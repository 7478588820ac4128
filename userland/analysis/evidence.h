/* SPDX-License-Identifier: GPL-2.0 */
/* The evidence for a verdict: sentences, appended to judgement.evidence. */
#ifndef LEAKTRACE_ANALYSIS_EVIDENCE_H
#define LEAKTRACE_ANALYSIS_EVIDENCE_H

#include <stdint.h>

#include "model/children.h"

struct finding;
struct judgement;
struct measures;
struct model;

void evidence_write(struct judgement *j, const struct measures *x);
void evidence_of_sibling(struct model *m, struct finding *f, int maker, uint32_t release);
void evidence_of_parts(struct model *m, struct finding *f);
void evidence_of_children(struct model *m, enum child_group_id group);
void evidence_of_kept_free(struct model *m);
void evidence_of_live_heap(struct model *m, struct finding *f);
void evidence_of_limit(struct model *m, struct finding *f);

#endif
