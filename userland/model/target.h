/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A traced process, from a message of LEAKTRACE_CMD_TARGET_GET.
 *
 * Times are CLOCK_MONOTONIC of the traced host; 0: it has not happened.
 */
#ifndef LEAKTRACE_MODEL_TARGET_H
#define LEAKTRACE_MODEL_TARGET_H

#include <stdbool.h>
#include <stdint.h>

#include <linux/leaktrace_pair.h>

#include "model/kind.h"

/* live = baseline + born - died, plus corrections by reconciliation. Objects, or pages. */
struct kind_totals {
	bool present;			/* the kernel supports this kind */
	uint64_t baseline;		/* live when tracing began */
	uint64_t baseline_live;		/* still live */
	uint64_t born, died;		/* since then; died includes baseline objects */
	uint64_t live;			/* includes the baseline */
	uint64_t bytes;			/* of live memory; 0 for all but pages */
	uint64_t missed_births, missed_deaths;	/* found by reconciliation */
	uint64_t reborn, foreign;	/* creations of live objects, releases of unknown objects */
	uint64_t untracked;		/* live, but in no table */
	uint64_t moved;			/* pages moved by mremap() */
};

struct lost {	/* by cause: ring and socket count events, the others objects */
	uint64_t ring, socket, objects, sites, stacks, nested, work;
};

struct target {
	uint32_t id, pid;
	uint32_t kinds;			/* bits: 1 << LEAKTRACE_KIND_… */
	uint32_t flags;			/* LEAKTRACE_TARGET_F_… */
	uint32_t max_objects;
	uint32_t parent;		/* target from which it was forked, or of which it is a descendant; 0: none */
	uint32_t children_dropped;	/* exited ones that made room for others */
	uint32_t exit_code;		/* as from wait() */
	uint32_t execs;			/* number of execs */
	uint32_t generation;		/* incremented when code is mapped */
	uint32_t inexact;		/* bits: LEAKTRACE_INEXACT_… */
	uint64_t now_ns;		/* when the kernel wrote the message */
	uint64_t attached_ns, exited_ns, reconciled_ns;
	char comm[64];
	struct kind_totals kind[KINDS];
	unsigned int npairs;
	char pair[LEAKTRACE_PAIR_ACQUIRES_MAX][LEAKTRACE_PAIR_NAME_BYTES];	/* functions that acquire */
	bool knows_lost;
	struct lost lost;		/* its own losses; events: of all targets since it was attached */
};

/* As a shell reports it. */
static inline unsigned int target_exit_code(const struct target *t)
{
	unsigned int signal = t->exit_code & 0x7f;

	return signal ? 128 + signal : t->exit_code >> 8 & 0xff;
}

#endif
