/* SPDX-License-Identifier: GPL-2.0 */
/* The state of the kernel module. */
#ifndef LEAKTRACE_MODEL_STATUS_H
#define LEAKTRACE_MODEL_STATUS_H

#include <stdbool.h>
#include <stdint.h>

#include "model/target.h"

/* From a message of LEAKTRACE_CMD_STATUS_GET. */
struct status {
	char version[64];
	char stopped[128];		/* why tracing was stopped; "": it was not */
	bool tracing;			/* probes are on */
	uint32_t targets, targets_max;
	uint64_t objects, objects_max, page_cells, page_cells_max;
	uint64_t sites, sites_max, stacks, stacks_max;
	uint64_t ring_bytes, ring_used_bytes, memory_bytes, events, works;
	uint64_t cpus, cpu_bytes;	/* processors with memory; of each, in memory_bytes */
	struct lost lost;		/* since the module was loaded */
};

/* From a message of LEAKTRACE_CMD_PROBE_GET. */
struct probe {
	char name[128];
	char why[256];			/* its purpose, or why it is absent */
	uint32_t kinds;			/* kinds that need it; bits: 1 << LEAKTRACE_KIND_… */
	uint8_t how;			/* LEAKTRACE_PROBE_… */
	bool required, present, attached;
	int32_t error;			/* -errno of the last attempt to attach it; 0: none */
	uint64_t hits;			/* hits caused by targets */
};

#endif
