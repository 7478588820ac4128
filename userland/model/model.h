/* SPDX-License-Identifier: GPL-2.0 */
/*
 * All that is known about one target: data of the kernel's tables or of a trace
 * file, and what /proc, symbols and the language runtime add.
 */
#ifndef LEAKTRACE_MODEL_MODEL_H
#define LEAKTRACE_MODEL_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/children.h"
#include "model/judgement.h"
#include "model/ledger.h"
#include "model/limits.h"
#include "model/object_notes.h"
#include "model/oom.h"
#include "model/proc_load.h"
#include "model/status.h"
#include "model/target.h"
#include "model/workload.h"

struct finding;
struct history;
struct runtime;
struct maps;
struct shared_files;
struct nlattr;
struct object;
struct site;
struct stack;
struct symbol_frame;
struct symbolizer;

struct model {				/* owns what it points to, unless noted */
	struct target target;
	struct status status;
	char *exe, *hostname, *kernel;	/* NULL: unknown */
	struct workload workload;	/* unit, container, pod */
	double wall_minus_mono_s;	/* wall clock = monotonic + this */
	bool offline, incomplete;	/* from a file, without a target; the file is truncated */
	bool dump_interrupted;		/* the target changed while it was read */
	bool outside;			/* from looks at /proc, without the module: no call paths */
	uint64_t fd_limit;		/* 0: unknown */
	struct limit limits[LIMITS];	/* as of the last read */
	struct ledger ledger;		/* as of the report */
	struct judgement kept_free;	/* memory that malloc keeps although it is free; ok: none to speak of */
	struct oom_looks oom;
	bool oom_killed;		/* the OOM killer ended the target */
	struct shared_files *shared_files;	/* limits_growth.c */
	struct site *sites;		/* by id */
	size_t nsites, sites_room;
	struct stack *stacks;		/* by id once model_settle() has run */
	size_t nstacks, stacks_room;
	bool stacks_sorted;
	struct stack *rests;		/* of stacks that end early; unsorted */
	size_t nrests, rests_room;
	struct finding *findings;	/* worst first, by the last judgement */
	size_t nfindings;
	struct object *objects;		/* by site, then birth */
	size_t nobjects, objects_room;
	uint64_t baseline_seen[KINDS][__LEAKTRACE_TYPE_MAX];	/* the most that were live; 0: unknown */
	struct object_notes seen;
	struct children children;	/* as of the last look; known: there was one */
	struct maps *maps;		/* NULL: unknown */
	struct proc_load load;		/* of the target, as of the last read */
	struct history *history;	/* NULL: only one sample */
	struct runtime *runtime;	/* NULL: no language runtime */
	uint64_t holders_bytes;		/* memory to find what holds its objects; 0: it is not asked for */
	struct symbolizer *symbolizer;	/* NULL: nothing can be named */
	bool borrowed_symbolizer;	/* the parent's, which refreshes it */
	bool script_is_new;		/* an interpreter that had not begun when it was looked at */
};

void model_init(struct model *m);
void model_free(struct model *m);

/* Adds a message of a dump, or a record. type: LEAKTRACE_CMD_…. 0, -EINVAL or -ENOMEM. */
int model_record(struct model *m, int type, struct nlattr *attrs, int len);
void model_drop(struct model *m, int type);	/* before this dump is repeated */
void model_settle(struct model *m);		/* sort, after dumps */

/* NULL: no such id. Valid until the next model_record() or model_settle(). */
struct site *model_site(struct model *m, uint32_t id);
struct stack *model_stack(struct model *m, uint32_t id);
struct object *model_objects(struct model *m, uint32_t site, size_t *n);

/*
 * The named frames of a stack, innermost first, valid as long as the stack.
 * Returns their number; 0: none.
 */
int model_frames(struct model *m, uint32_t stack, const struct symbol_frame **frames);
void model_forget_names(struct model *m);	/* the symbolizer is about to be closed */

void model_read_proc(struct model *m);		/* exe, host, limits, maps of a live target */
/* What it is used for, which takes a walk over page tables; after the target's end, whether for want of it. */
void model_read_memory(struct model *m);

/* The end of the traced period: seconds since attaching, and as CLOCK_MONOTONIC. */
double model_end_s(const struct model *m);
uint64_t model_end_ns(const struct model *m);

/* Results of dwarf_unwind(); frames are named like those of a stack. */
int model_add_rest(struct model *m, struct stack *rest);	/* takes ownership of its pcs; 0 or -ENOMEM */
struct stack *model_rest(struct model *m, uint32_t stack);	/* NULL: none */
int model_rest_frames(struct model *m, uint32_t stack, const struct symbol_frame **frames);
/* Without tables all of the kernel's frames are guesses, and the rest is the whole stack. */
bool model_rest_is_whole(struct model *m, uint32_t stack);

#endif
