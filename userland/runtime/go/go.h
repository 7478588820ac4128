/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Reads a running Go program from outside. Data passes through these files:
 *
 *   elf/go_pclntab.c -> layout.c  -> find.c      -> goroutine.c, heap.c, timer.c
 *   (functions)         (offsets)    (addresses)    (samples)
 *                       -> view.c    -> judge.c    -> text.c, json.c, pprof.c
 *                          (by site)    (verdicts)    (output)
 *
 * The target runs meanwhile: whatever is read may be torn, stale or hostile, and
 * is checked before it is used. Times are CLOCK_MONOTONIC, as in the runtime.
 */
#ifndef LEAKTRACE_GO_H
#define LEAKTRACE_GO_H

#include "elf/go_pclntab.h"
#include "symbolize/language.h"
#include "leaktrace.h"
#include "util/proc_maps.h"

/* Offsets in bytes; -1: unknown. */
struct go_layout {
	int sched_sp, sched_pc;
	int syscallsp, syscallpc;
	int status, goid, waitsince, waitreason, gopc, startpc, lockedm;
	int g_bytes;
	int record_bytes;		/* of one cycle's record in a heap bucket */
	int p_timers;			/* the slice of timers in a P */
	int timer_entry_bytes;		/* of an entry of that slice */
	int timer_period, timer_f, timer_arg;
	int timer_state;		/* a byte of flags since Go 1.23, a number before */
	int gc_live, gc_marked, gc_goal, gc_in_use, gc_free; /* of the collector's controller */
	int leak_pending;		/* of runtime.work: the runtime's own leak detection, Go 1.26 */
};

/* Addresses in the target; 0: not found. */
struct go_places {
	uint64_t allgs_pointer, allgs_length;
	uint64_t mbuckets, profile_cycle, profile_rate;
	uint64_t wait_reasons, allp, controller;
	uint64_t leak_pending;		/* two bytes: requested, in progress */
};

enum { GO_REASONS = 64, GO_STACK_MAX = 128, GO_SERIES_MAX = 1000 };

struct go_unwind;			/* cache of code addresses */

struct go_process {
	pid_t pid, tid;			/* tid: a live thread of the process */
	int pagemap;			/* tells which pages are populated; -1: unknown */
	struct elf_image *image;
	struct go_table table;
	struct maps maps;
	uint64_t bias;			/* address = ELF address + bias */
	struct go_layout layout;
	struct go_places places;
	char reasons[GO_REASONS][48];
	struct symbolizer *symbolizer;
	struct go_unwind *unwind;
	char comm[64];
	uint64_t start_ticks;		/* its start time since boot: detects reuse of the PID */
};

/* open.c: NULL with one line in err */
struct go_process *go_open(pid_t pid, int *why, char *err, size_t errlen); /* why: -errno */
void go_close(struct go_process *p);
bool go_read(const struct go_process *p, uint64_t at, void *to, size_t bytes);
uint64_t go_word(const struct go_process *p, uint64_t at);	/* 0: unreadable */

/* layout.c, dwarf.c: 0, or -errno with one line in err */
int go_layout_find(struct go_process *p, char *err, size_t errlen);
bool go_layout_from_dwarf(struct elf_image *image, struct go_layout *layout);

/* find.c, scan.c: finds the runtime's variables */
void go_find(struct go_process *p);
struct go_area {			/* a copy of one writable area of the program */
	uint64_t start, bytes;
	unsigned char *copy;
};
size_t go_areas_read(const struct go_process *p, struct go_area **areas);
void go_areas_free(struct go_area *areas, size_t n);
void go_scan(struct go_process *p);

/* unwind.c: unwinds stacks by the function table */
struct go_unwind *go_unwind_new(const struct go_process *p);
void go_unwind_free(struct go_unwind *u);
enum go_walk { GO_WALK_COMPLETE, GO_WALK_LOST, GO_WALK_MORE };
enum go_walk go_walk(struct go_unwind *u, uint64_t pc, const unsigned char *stack,
		     size_t bytes, uint64_t *pcs, unsigned int *n);
const char *go_function(const struct go_process *p, uint64_t pc);	/* the function at pc, or NULL */

/* view.c: sites over several samples */
enum go_kind { GO_GOROUTINE, GO_TIMER, GO_HEAP, GO_KINDS };

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

struct go_view {
	struct go_process *process;
	struct go_site *sites;
	size_t nsites, room;
	uint32_t *index;		/* hash table; index of the site + 1 */
	size_t index_size;
	unsigned int snapshots;
	double at_s[GO_SERIES_MAX];	/* since the first sample */
	uint64_t cycle[GO_SERIES_MAX];	/* of the heap profile */
	uint64_t missed[GO_SERIES_MAX];	/* goroutines that could not be read */
	uint64_t first_ns;
	double wall_s;			/* of the last sample */
	struct go_counts counts, before; /* of the last sample */
};

void go_view_begin(struct go_view *v);
struct go_site *go_view_site(struct go_view *v, const struct go_site *key);	/* NULL: no memory */
void go_view_end(struct go_view *v);
void go_view_undo(struct go_view *v);			/* drops the last of several samples */
int go_site_frames(struct go_view *v, struct go_site *s, const struct symbol_frame **frames);
const struct symbol_frame *go_site_creator(struct go_view *v, struct go_site *s); /* or NULL */
void go_view_free(struct go_view *v);

/* Each adds one kind of data to the current sample. */
int go_goroutines(struct go_view *v);
int go_heap(struct go_view *v);
bool go_heap_is_removed(const struct go_process *p);
int go_timers(struct go_view *v);
void go_memory(struct go_view *v);

int go_sample(struct go_view *v);	/* snapshot.c: takes a sample of everything; 0 or -errno */

/*
 * control.c: the only functions that write to the target. EXIT_TROUBLE after an
 * error message.
 */
int go_arm(const struct go_process *p, bool on);
int go_verdict(const struct go_process *p, bool (*wait_s)(double s, void *arg), void *arg);

/* judge.c, advice.c; text.c, json.c, pprof.c */
void go_judge(struct go_view *v);
const char *go_advice(struct go_view *v, struct go_site *s);	/* a sentence; or NULL */
bool go_leaks(const struct go_view *v);
size_t go_rank(struct go_view *v, struct go_site ***sites);	/* malloced, worst first */
void go_text(FILE *f, struct go_view *v, const struct report_style *style);
struct json_object *go_json(struct go_view *v);
int go_pprof_write(struct go_view *v, const char *dir, char *err, size_t errlen);
const char *go_kind_name(enum go_kind kind);

#endif
