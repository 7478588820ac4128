/* SPDX-License-Identifier: GPL-2.0 */
/* Similar call paths whose objects are released, compared with a leak's. */
#ifndef LEAKTRACE_ANALYSIS_SIBLING_PATH_H
#define LEAKTRACE_ANALYSIS_SIBLING_PATH_H

struct finding;
struct model;

void sibling_path_find(struct model *m, struct finding *f);	/* sets f->differing_frame and the fields below it */

#endif
