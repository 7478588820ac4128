/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What all judgements of one model share, among it the pages of each mapping.
 */
#ifndef LEAKTRACE_ANALYSIS_MAPPING_SHARE_H
#define LEAKTRACE_ANALYSIS_MAPPING_SHARE_H

#include <stdint.h>

struct bench;
struct births;
struct curve;
struct measures;
struct model;

struct court {				/* what all judgements of one model share */
	struct model *m;
	const struct bench *bench;
	const struct curve *(*curve)(uint32_t site, void *arg);	/* or NULL */
	void *arg;
	double chance;			/* a trend counts if p is not above this */
	uint64_t pages;			/* live pages created since attach, of all sites */
	uint64_t *map_pages, *own_pages;	/* by mapping: of all sites; scratch space for one site */
	unsigned int *map_sites;	/* by mapping: sites that have pages there */
};

void court_open(struct court *court);		/* counts pages by mapping */
void court_close(struct court *court);
void measure_place(struct measures *x, const struct court *court, const struct births *b);

#endif
