/* SPDX-License-Identifier: GPL-2.0 */
/* One cause and the sites that it explains. The analysis makes them. */
#ifndef LEAKTRACE_MODEL_FINDING_H
#define LEAKTRACE_MODEL_FINDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/judgement.h"
#include "model/kind.h"

struct model;

struct finding {
	uint32_t *sites;		/* ids: the one that shows it best, then its parts; malloced */
	size_t nsites;
	uint64_t born, died, live[KINDS], unjoined;
	bool mixed;			/* not one way, but one caller, and in step */
	unsigned int common;		/* frames, from the outermost, that all parts have */
	int differing_frame;			/* frame of the first site where others, whose objects are
					 * released, differ; -1: none */
	uint64_t others_born, others_died;	/* by those others */
	double limit_s;			/* until limits[limit] is reached; 0: never, unknown */
	unsigned int limit;
	struct judgement judgement;	/* of all of them together, or of the worst */
};

void finding_clear(struct finding *f);		/* frees what it has; all zeroes after it */
void findings_drop(struct model *m);		/* all of a model's */

#endif
