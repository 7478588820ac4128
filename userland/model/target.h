/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A traced process as the kernel tells of it, in a message of LEAKTRACE_CMD_TARGET_GET.
 *
 * Times are CLOCK_MONOTONIC of the traced host; 0: it has not happened.
 */
#ifndef LEAKTRACE_MODEL_TARGET_H
#define LEAKTRACE_MODEL_TARGET_H

#include <stdbool.h>
#include <stdint.h>

#include "model/kind.h"

/* live = baseline + born - died, with what reconciling has corrected. Objects, or pages. */
struct kind_totals {
	bool present;			/* the kernel tells of this kind */
	uint64_t baseline;		/* lived when tracing began */
	uint64_t baseline_live;		/* of these, still do */
	uint64_t born, died;		/* since then, deaths of the baseline included */
	uint64_t live;			/* the baseline included */
	uint64_t bytes;			/* of memory that lives; 0 for all but pages */
	uint64_t missed_births, missed_deaths;	/* that reconciling has found */
	uint64_t reborn, foreign;	/* births of what lived, deaths of what was not known */
	uint64_t untracked;		/* alive, but in no table */
	uint64_t moved;			/* pages, by mremap() */
};

struct lost {	/* by cause: ring and socket are events, the rest births */
	uint64_t ring, socket, objects, sites, stacks, nested, work;
};

struct target {
	uint32_t id, pid;
	uint32_t kinds;			/* bits: 1 << LEAKTRACE_KIND_… */
	uint32_t flags;			/* LEAKTRACE_TARGET_F_… */
	uint32_t max_objects;
	uint32_t parent;		/* the target that it was forked from; 0: none */
	uint32_t exit_code;		/* as wait() has it */
	uint32_t execs;			/* how often it has called exec */
	uint32_t generation;		/* grows with new code */
	uint32_t inexact;		/* bits: LEAKTRACE_INEXACT_… */
	uint64_t now_ns;		/* when the kernel wrote the message */
	uint64_t attached_ns, exited_ns, reconciled_ns;
	char comm[64];
	struct kind_totals kind[KINDS];
	bool knows_lost;
	struct lost lost;		/* its own; events: anybody's since */
};

/* As a shell says it. */
static inline unsigned int target_exit_code(const struct target *t)
{
	unsigned int signal = t->exit_code & 0x7f;

	return signal ? 128 + signal : t->exit_code >> 8 & 0xff;
}

#endif
