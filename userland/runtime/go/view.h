/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The sites of a Go program over several samples.
 */
#ifndef LEAKTRACE_RUNTIME_GO_VIEW_H
#define LEAKTRACE_RUNTIME_GO_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/judgement.h"
#include "runtime/go/creator.h"
#include "runtime/go/held.h"
#include "symbolize/frame.h"

struct go_process;

enum go_kind { GO_GOROUTINE, GO_TIMER, GO_HEAP, GO_KINDS };

enum { GO_SERIES_MAX = 1000 };		/* snapshots */

struct go_seen {			/* counts of one sample; fields as in go_site */
	uint64_t live, bytes, allocs, alloc_bytes, proven, in_thread, age_max_ns, oldest;
};

struct go_site {
	enum go_kind kind;
	char type[48];			/* wait reason, or one-shot or periodic */
	uint64_t creator;		/* pc that created it; 0: unknown */
	uint64_t size_bytes;		/* heap: size of each object */
	bool system;			/* the runtime's own */
	unsigned int npcs;
	uint64_t *pcs;			/* innermost first, return addresses */
	uint64_t live, bytes;		/* in the last sample */
	uint64_t allocs, alloc_bytes;	/* heap: since start */
	uint64_t proven;		/* goroutines that the runtime has found leaked */
	uint64_t in_thread;		/* goroutines that occupy a thread */
	uint64_t age_max_ns;
	uint64_t oldest, newest;	/* goroutines: ids, which are assigned in order */
	uint64_t newest_marked, newest_then;	/* as of a quarter to a half of all samples ago; 0: none */
	struct go_seen before;		/* counts of the sample before the last */
	double *series;			/* live objects, or bytes of heap, in each sample */
	struct judgement judgement;
	int nframes;			/* 0: not yet named */
	struct symbol_frame *frames, by;
};

struct go_counts {
	uint64_t goroutines, running, system, retried, given_up, incomplete;
	uint64_t unsorted, unplaced;	/* goroutines; timers and heap stacks: not counted, table full */
	uint64_t timers;
	uint64_t threads, rss_bytes;
	bool memory_known;		/* the following fields are valid, in bytes: */
	uint64_t gc_live, gc_marked, gc_goal, gc_in_use, gc_free;
	uint64_t heap_rate, heap_cycle;
	bool heap_off;			/* nothing is profiled: turned off, or removed by the linker */
	bool heap_unknown, timers_unknown;
};

struct go_view {			/* initialise to zeroes, and set process */
	struct go_process *process;	/* not ours */
	struct go_site *sites;
	size_t nsites, capacity;
	uint32_t *index;		/* hash table; index of the site + 1 */
	size_t index_size;
	struct go_creators creators;
	unsigned int snapshots;
	double at_s[GO_SERIES_MAX];	/* since the first sample */
	uint64_t cycle[GO_SERIES_MAX];	/* of the heap profile */
	uint64_t missed[GO_SERIES_MAX];	/* goroutines that could not be read */
	uint64_t first_ns;
	double wall_s;			/* of the last sample */
	struct go_counts counts, before; /* of the last sample */
	struct go_held held;		/* what has grown, by what holds it; freed by who walks */
};

void go_view_begin(struct go_view *v);
struct go_site *go_view_site(struct go_view *v, const struct go_site *key);	/* NULL: no memory */
void go_view_end(struct go_view *v);
void go_view_undo(struct go_view *v);			/* drops the last of several samples */
int go_site_frames(struct go_view *v, struct go_site *s, const struct symbol_frame **frames);
const struct symbol_frame *go_site_creator(struct go_view *v, struct go_site *s); /* or NULL */
void go_view_free(struct go_view *v);

#endif
