/* SPDX-License-Identifier: GPL-2.0 */
/* Where a Go program's references to its heap begin. */
#ifndef LEAKTRACE_RUNTIME_GO_ROOT_H
#define LEAKTRACE_RUNTIME_GO_ROOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct go_reach;
struct go_variables;

struct go_root_counts {
	uint64_t goroutines, running;	/* running ones: every word of their stacks was taken */
	uint64_t retried, given_up;
	uint64_t frames, unknown_frames;
	uint64_t finalizing;		/* the function of the program in which finalizers are being run; 0: none */
};

struct go_pool {
	uint64_t at, store[2];		/* as of now, and as of the collection before; 0: nothing */
};

struct go_pools {
	struct go_pool *pool;
	size_t n, capacity;
	uint64_t *list;			/* slices of pools */
	size_t lists, lists_capacity;
};

struct go_running {			/* initialise to zeroes */
	struct go_running_word {
		uint32_t link;
		uint64_t word;
	} *word;			/* on stacks of goroutines that run, if they lead to the heap */
	size_t n, capacity;
};

/* Variables of the program, or of the runtime. */
void go_roots_variables(struct go_reach *r, const struct go_variables *v, bool runtime);
/* Live variables on stacks; those of goroutines that run are kept. 0, -EAGAIN: the list cannot be read, -ENOMEM. */
int go_roots_goroutines(struct go_reach *r, struct go_root_counts *c, struct go_running *running);
void go_roots_running(struct go_reach *r, const struct go_running *running);
void go_running_free(struct go_running *running);
void go_roots_timers(struct go_reach *r);
/* What only a sync.Pool keeps. false: no memory. */
bool go_roots_close_pools(struct go_reach *r, const struct go_variables *v, struct go_pools *pools);
void go_roots_pools(struct go_reach *r, const struct go_variables *v, struct go_pools *pools);
void go_pools_free(struct go_pools *pools);
/* Objects that are queued to be finalized. */
void go_roots_queue(struct go_reach *r);
/* Objects that finalizers and cleanups wait for. */
void go_roots_specials(struct go_reach *r);
/* The runtime's records of goroutines, threads and processors lead from everywhere to everywhere. */
void go_roots_close_records(struct go_reach *r);
void go_roots_records(struct go_reach *r, const struct go_variables *v);

/* A root's name; until the chains are closed. */
const char *go_root_name(struct go_reach *r, const struct go_variables *v, uint32_t root);

#endif
