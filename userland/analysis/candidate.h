/* SPDX-License-Identifier: GPL-2.0 */
/* Sites that may be parts of a finding, in groups that are judged together. */
#ifndef LEAKTRACE_ANALYSIS_CANDIDATE_H
#define LEAKTRACE_ANALYSIS_CANDIDATE_H

#include <stdbool.h>
#include <stddef.h>

#include "analysis/call_path.h"

struct analysis_ctx;
struct curve;
struct measures;
struct model;
struct object;
struct site;

struct candidate {
	struct site *site;
	struct call_path path;
	size_t head;			/* representative of its group (union-find) */
};

struct candidates {
	struct candidate *p;
	size_t n;
	bool pooled;			/* all in memory of an allocator */
	const struct analysis_ctx *ctx;
};

/* Those of all sites that may matter, sorted by path; x: their measures, by index. */
void candidates_gather(struct candidates *all, struct model *m, struct measures *x);
void candidates_group(struct candidates *all);	/* by call path */

/* A group as one site, its objects and its curve; both are malloced. */
struct object *candidates_pool(struct model *m, const struct candidates *all, size_t head,
			       struct site *sum, size_t *n);
struct curve *candidates_curve(const struct candidates *all, size_t head);

#endif
