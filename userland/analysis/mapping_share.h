/* SPDX-License-Identifier: GPL-2.0 */
/*
 * State shared by all judgements of one model, such as the number of pages by
 * mapping.
 */
#ifndef LEAKTRACE_ANALYSIS_MAPPING_SHARE_H
#define LEAKTRACE_ANALYSIS_MAPPING_SHARE_H

#include <stdbool.h>
#include <stdint.h>

#include "model/kind.h"

struct analysis_options;
struct births;
struct curve;
struct measures;
struct model;

struct analysis_ctx {				/* what all judgements of one model share */
	struct model *m;
	const struct analysis_options *opts;
	const struct curve *(*curve)(uint32_t site, void *arg);	/* or NULL */
	void *arg;
	double chance;			/* a trend counts if p is not above this */
	uint64_t pages;			/* live pages created since attach, of all sites */
	uint64_t *map_pages, *own_pages;	/* by mapping: of all sites; scratch space for one site */
	uint64_t released[KINDS][__LEAKTRACE_TYPE_MAX], released_unseen[KINDS];	/* of the baseline */
	unsigned int *map_sites;	/* by mapping: sites that have pages there */
	bool shared_as_before;		/* as many shared mappings as when they were first counted */
	bool mapping_allocator;		/* one other than glibc's is loaded */
};

void analysis_ctx_init(struct analysis_ctx *ctx);		/* counts pages by mapping */
void analysis_ctx_free(struct analysis_ctx *ctx);
void measure_mappings(struct measures *x, const struct analysis_ctx *ctx, const struct births *b);

#endif
