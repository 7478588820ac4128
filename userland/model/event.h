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
	uint64_t id;			/* as in struct object; fork: the child's target */
};

/* The header of a message with events of one CPU. */
struct batch {
	uint32_t cpu;
	uint64_t seq;			/* sequence number; a gap means lost messages */
	uint64_t lost;			/* lost events so far */
};

#endif
