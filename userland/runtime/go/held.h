/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What holds more and more, by walks of the heap at the first, a middle and the last of
 * several samples. Walks need no garbage collection in between. Where it is not known which
 * sample is the last, there is one walk more each time that as much time has passed again,
 * and what has grown by then is told; after the first, what holds most.
 */
#ifndef LEAKTRACE_RUNTIME_GO_HELD_H
#define LEAKTRACE_RUNTIME_GO_HELD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/judgement.h"
#include "model/runtime.h"
#include "runtime/go/holders_growth.h"

struct go_process;

struct go_held_growth {
	char *root, *chain;		/* chain: where most of it is */
	uint64_t objects, bytes, grown_bytes;	/* grown_bytes 0: it is only what holds most */
	bool is_steady;			/* it has not slowed down */
	struct runtime_holder holder;	/* the same, for reports */
	struct judgement judgement;
};

struct go_held {			/* initialise to zeroes */
	uint64_t max_bytes;		/* 0: as much as is usual */
	struct go_past past[3];		/* of the first walk, the one before the newest, the newest */
	size_t walks;
	bool compared;
	struct go_held_growth *growth;	/* most first */
	size_t n, capacity;
	double window_s;
	char error[256];		/* why there is none; "": there is no reason */
};

void go_held_keep(struct go_held *held, const struct go_process *p);	/* the first, or the middle one */
void go_held_compare(struct go_held *held, const struct go_process *p);	/* the last one */
void go_held_look(struct go_held *held, const struct go_process *p, bool may_be_last);	/* one of them, or none */
void go_held_free(struct go_held *held);

#endif
