/* SPDX-License-Identifier: GPL-2.0 */
/* A finding: one cause, and the sites that it explains. The analysis creates them. */
#ifndef LEAKTRACE_MODEL_FINDING_H
#define LEAKTRACE_MODEL_FINDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/judgement.h"
#include "model/kind.h"

struct model;

/* Why several sites are one finding, the weakest reason of all its parts last. */
enum cause {
	CAUSE_PATH,			/* one call path */
	CAUSE_THREAD,			/* memory of the threads: their stacks, what creating them took */
	CAUSE_HEAP,			/* memory of the allocator, whoever touched it */
	CAUSE_TIME,			/* a common caller, and created together: may be one cause */
};

struct finding_share {			/* the same finding in one of several processes */
	uint32_t pid;
	uint64_t live;
};

struct finding {
	uint32_t *sites;		/* ids: the most representative one, then the others; malloced */
	size_t nsites;
	uint64_t born, died, live[KINDS], unjoined;
	bool mixed;			/* cause is not CAUSE_PATH */
	enum cause cause;
	bool small;			/* too little memory to mention, unless asked */
	unsigned int common;		/* number of common outer frames */
	/* index of the frame of the first site in which sibling paths differ; -1: none */
	int differing_frame;
	uint64_t others_born, others_died;	/* on the sibling paths */
	double limit_s;			/* until limits[limit] is reached; 0: never, unknown */
	unsigned int limit;
	struct finding_share *shares;	/* in which processes it is alike; malloced; NULL: only here */
	size_t nshares;
	uint64_t processes, processes_of;	/* how many have it, of how many of that name */
	uint64_t processes_live;	/* the objects of all of them */
	bool told;			/* in the report of another of them */
	struct judgement judgement;	/* of all sites combined, or of the worst */
};

const char *cause_name(enum cause cause);
void finding_clear(struct finding *f);		/* frees its contents, and clears it */
void findings_drop(struct model *m);		/* of a model */

#endif
