/* SPDX-License-Identifier: GPL-2.0 */
/* A live object, from a message of LEAKTRACE_CMD_OBJECT_GET. */
#ifndef LEAKTRACE_MODEL_OBJECT_H
#define LEAKTRACE_MODEL_OBJECT_H

#include <stdbool.h>
#include <stdint.h>

struct object {
	uint64_t id;			/* descriptor, address, timer id or tid */
	uint64_t born_ns;		/* CLOCK_MONOTONIC; 0: baseline */
	uint32_t count;			/* pages: length of the range at id; otherwise 1 */
	uint32_t site;			/* 0: baseline, or unknown */
	uint32_t flags;			/* LEAKTRACE_OBJECT_F_… */
	uint32_t space;			/* descriptor: 0 for the main table, else a thread's private one */
	uint8_t kind, type;		/* LEAKTRACE_KIND_…, LEAKTRACE_TYPE_… */
	bool unjoined;			/* set by thread_find_unjoined() */
	uint32_t clock;			/* timer: CLOCK_… */
	union {
		uint64_t interval_ns;	/* timer */
		uint64_t ctid;		/* thread: address of its tid word */
		uint64_t bytes;		/* map, heap */
	};
	uint64_t expirations;		/* timer: expirations since attach */
	union {
		uint64_t overruns;	/* timer */
		uint64_t exited_ns;	/* exited thread or process */
		uint64_t mean_bytes;	/* heap: mean distance of samples when it was allocated */
	};
};

#endif
