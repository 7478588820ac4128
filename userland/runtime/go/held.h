/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What holds more and more, by walks of the heap at the first, a middle and the last of
 * several samples. Walks need no garbage collection in between.
 */
#ifndef LEAKTRACE_RUNTIME_GO_HELD_H
#define LEAKTRACE_RUNTIME_GO_HELD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/go/holders_growth.h"

struct go_process;

struct go_held_growth {
	char *root, *chain;		/* chain: where most of it is */
	uint64_t bytes, grown_bytes;
	bool is_steady;			/* it has not slowed down */
};

struct go_held {			/* initialise to zeroes */
	struct go_past past[2];		/* of the first and the middle walk */
	size_t walks;
	struct go_held_growth *growth;	/* most first */
	size_t n, capacity;
	double window_s;
	char error[256];		/* why there is none; "": there is no reason */
};

void go_held_keep(struct go_held *held, const struct go_process *p);	/* the first, or the middle one */
void go_held_compare(struct go_held *held, const struct go_process *p);	/* the last one */
void go_held_free(struct go_held *held);

#endif
