// SPDX-License-Identifier: GPL-2.0
/*
 * Counts goroutines by the go statement that made them, and how many of them end. Only
 * their records are needed for that, so those that run, whose stacks cannot be read, are
 * counted, too.
 */
#include <stdlib.h>
#include <string.h>

#include "runtime/go/creator.h"
#include "runtime/go/view.h"
#include "util/array.h"

enum { CREATORS_MAX = 1 << 12, SLOTS = 256 };

static struct go_creator *creator_of(struct go_creators *c, uint64_t pc)
{
	struct go_creator *one;
	size_t slot;

	if (!array_reserve(c->creator, c->capacity, c->n, 1) ||
	    !address_slots_reserve(&c->slots, &c->creator->pc, sizeof(*c->creator), c->n, SLOTS))
		return NULL;
	slot = address_slot(&c->slots, &c->creator->pc, sizeof(*c->creator), pc);
	if (c->slots.slot[slot])
		return &c->creator[c->slots.slot[slot] - 1];
	if (c->n >= CREATORS_MAX)
		return NULL;
	one = &c->creator[c->n];
	*one = (struct go_creator){ .pc = pc, .series = calloc(GO_SERIES_MAX, sizeof(*one->series)) };
	if (!one->series)
		return NULL;
	c->slots.slot[slot] = ++c->n;
	return one;
}

/** go_creators_begin() - begin a sample */
void go_creators_begin(struct go_creators *c)
{
	for (size_t i = 0; i < c->n; i++) {
		struct go_creator *one = &c->creator[i];

		one->before = one->now;
		one->now.live = one->stayed = 0;
	}
}

/** go_creators_count() - count a goroutine; what there is no memory for is left out */
void go_creators_count(struct go_creators *c, uint64_t pc, uint64_t id)
{
	struct go_creator *one = creator_of(c, pc);

	if (!one)
		return;
	one->now.live++;
	one->stayed += id <= one->before.newest;
	one->now.newest = id > one->now.newest ? id : one->now.newest;
}

/** go_creators_end() - end a sample */
void go_creators_end(struct go_creators *c, unsigned int sample)
{
	for (size_t i = 0; i < c->n; i++) {
		struct go_creator *one = &c->creator[i];

		one->series[sample] = one->now.live;
		/* processors assign ids from stocks of 16: a new one may look like an old one */
		if (one->before.live > one->stayed)
			one->now.ended += one->before.live - one->stayed;
	}
}

/** go_creators_undo() - drop a sample that failed */
void go_creators_undo(struct go_creators *c)
{
	for (size_t i = 0; i < c->n; i++)
		c->creator[i].now = c->creator[i].before;
}

/** go_creators_move() - put a sample where another one was that is dropped */
void go_creators_move(struct go_creators *c, unsigned int from, unsigned int to)
{
	for (size_t i = 0; i < c->n; i++)
		c->creator[i].series[to] = c->creator[i].series[from];
}

/** go_creators_free() - release it */
void go_creators_free(struct go_creators *c)
{
	for (size_t i = 0; i < c->n; i++)
		free(c->creator[i].series);
	free(c->creator);
	free(c->slots.slot);
}
