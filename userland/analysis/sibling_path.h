/* SPDX-License-Identifier: GPL-2.0 */
/* Paths that differ from a leak's, and whose objects are released. */
#ifndef LEAKTRACE_ANALYSIS_SIBLING_PATH_H
#define LEAKTRACE_ANALYSIS_SIBLING_PATH_H

struct finding;
struct model;

void sibling_path_find(struct model *m, struct finding *f);	/* fills f->odd and what belongs to it */

#endif
