/* SPDX-License-Identifier: GPL-2.0 */
/* The garbage collector's own counters, in bytes. */
#ifndef LEAKTRACE_RUNTIME_GO_MEMSTATS_H
#define LEAKTRACE_RUNTIME_GO_MEMSTATS_H

#include <stdbool.h>
#include <stdint.h>

struct go_process;

struct go_memory {
	uint64_t live, marked, goal;	/* objects: now, after the last collection, when there will be the next */
	uint64_t in_use;		/* runs of pages that have objects */
	uint64_t idle, returned;	/* others: kept, and given back to the system */
};

bool go_memory_read(const struct go_process *p, struct go_memory *m);	/* false: they are not known */

#endif
