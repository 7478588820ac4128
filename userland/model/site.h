/* SPDX-License-Identifier: GPL-2.0 */
/* A site: one call path of one target that creates objects, and their counts. */
#ifndef LEAKTRACE_MODEL_SITE_H
#define LEAKTRACE_MODEL_SITE_H

#include <stdint.h>

#include <linux/leaktrace.h>

#include "model/judgement.h"

struct release {			/* releases of a site's objects by one stack */
	uint32_t stack;			/* 0: unknown */
	uint64_t count;
};

/* From a message of LEAKTRACE_CMD_SITE_GET, except for judgement, which the analysis fills. */
struct site {
	uint32_t id, target;
	uint32_t stack;			/* 0: unknown */
	uint8_t kind, type;		/* LEAKTRACE_KIND_…, LEAKTRACE_TYPE_… */
	uint64_t born, died;		/* objects, or pages */
	uint64_t first_ns, last_ns;	/* first and last creation; CLOCK_MONOTONIC */
	uint64_t last_died_ns;		/* 0: none released */
	uint64_t lifetime_max_ns, lifetime_sum_ns;	/* of released objects */
	uint32_t lifetimes[LEAKTRACE_LIFETIME_BUCKETS];	/* [i]: of 2^i to 2^(i+1) us */
	struct release release[LEAKTRACE_RELEASES_MAX];	/* the stacks that released most */
	unsigned int releases;
	uint64_t released_elsewhere;	/* by other stacks */
	struct judgement judgement;
};

static inline uint64_t site_live(const struct site *s)
{
	return s->born > s->died ? s->born - s->died : 0;
}

#endif
