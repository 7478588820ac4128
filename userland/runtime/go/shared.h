/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Which objects more than one root leads to: what a root holds alone is what would be freed
 * if it went.
 */
#ifndef LEAKTRACE_RUNTIME_GO_SHARED_H
#define LEAKTRACE_RUNTIME_GO_SHARED_H

#include <stdbool.h>
#include <stdint.h>

struct go_chains;

struct go_shared {			/* initialise to zeroes */
	uint64_t *bit;			/* of each object; NULL: it is not looked for */
	uint32_t objects;		/* that have one */
};

enum { GO_SHARED_BITS = 64 };		/* of a word */

bool go_shared_open(struct go_shared *s, uint32_t objects);	/* false: no memory */
void go_shared_close(struct go_shared *s);
/* What would be freed without the root, of those that are told; false: not told. */
bool go_shared_retained(const struct go_chains *c, uint32_t root, uint64_t *bytes);

static inline bool go_shared_is_open(const struct go_shared *s)
{
	return s->bit;
}

static inline bool go_shared_has(const struct go_shared *s, uint32_t object)
{
	return s->bit[object / GO_SHARED_BITS] >> object % GO_SHARED_BITS & 1;
}

static inline void go_shared_mark(struct go_shared *s, uint32_t object)
{
	s->bit[object / GO_SHARED_BITS] |= 1ULL << object % GO_SHARED_BITS;
}

#endif
