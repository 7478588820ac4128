/* SPDX-License-Identifier: GPL-2.0 */
/* Events as the kernel multicasts them, in messages of LEAKTRACE_CMD_EVENT. */
#ifndef LEAKTRACE_MODEL_EVENT_H
#define LEAKTRACE_MODEL_EVENT_H

#include <stdint.h>

struct event {
	uint8_t op;			/* LEAKTRACE_EVENT_… */
	uint8_t kind;			/* LEAKTRACE_KIND_… */
	uint32_t target, count, site, stack, tid;
	uint64_t time_ns;		/* CLOCK_MONOTONIC */
	uint64_t id;			/* as an object's; of a fork: the child's target */
};

/* What a message says of its events: they are one processor's. */
struct batch {
	uint32_t cpu;
	uint64_t seq;			/* one more than the one before, or some are missing */
	uint64_t lost;			/* events, so far */
};

#endif
