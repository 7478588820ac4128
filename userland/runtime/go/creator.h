/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How many goroutines each go statement has made that live. Those that wait now here, now
 * there are few at each place, and come and go there, although none of them ever ends.
 */
#ifndef LEAKTRACE_RUNTIME_GO_CREATOR_H
#define LEAKTRACE_RUNTIME_GO_CREATOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/address_slots.h"

struct go_creator_seen {
	uint64_t live, ended;		/* ended: of those that one sample has seen, gone in the next; of all samples */
	uint64_t newest;		/* the highest id of all; ids are assigned in order */
};

struct go_creator {			/* a go statement */
	uint64_t pc;
	struct go_creator_seen now, before;	/* in the last sample, in the one before it */
	uint64_t stayed;		/* of those of the sample before, in the last one */
	double *series;			/* live in each sample */
};

struct go_creators {			/* initialise to zeroes */
	struct go_creator *creator;
	size_t n, capacity;
	struct address_slots slots;
};

void go_creators_begin(struct go_creators *c);	/* a sample */
void go_creators_count(struct go_creators *c, uint64_t pc, uint64_t id);	/* a goroutine */
void go_creators_end(struct go_creators *c, unsigned int sample);
void go_creators_undo(struct go_creators *c);	/* drops the last sample */
void go_creators_move(struct go_creators *c, unsigned int from, unsigned int to);	/* a sample's number changes */
void go_creators_free(struct go_creators *c);

#endif
