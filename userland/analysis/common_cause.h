/* SPDX-License-Identifier: GPL-2.0 */
/* Whether findings of several kinds have one cause. */
#ifndef LEAKTRACE_ANALYSIS_COMMON_CAUSE_H
#define LEAKTRACE_ANALYSIS_COMMON_CAUSE_H

#include <stdbool.h>
#include <stdint.h>

#include "model/finding.h"

struct model;

bool common_cause(struct model *m, const struct finding *f, const struct finding *g, enum cause *why);
unsigned int call_path_outer(struct model *m, uint32_t stack); /* outer frames: libc's, and the start function */

#endif
