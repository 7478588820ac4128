/* SPDX-License-Identifier: GPL-2.0 */
/* How much of the heap is in use, by the structures of glibc's malloc: is it a leak, or fragmentation? */
#ifndef LEAKTRACE_LOOK_HEAP_SIZE_H
#define LEAKTRACE_LOOK_HEAP_SIZE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct look_heap {
	bool known;
	uint64_t bytes;			/* that malloc has from the system */
	uint64_t live_bytes, fragmented_bytes, returnable_bytes;
};

/* Not known: another allocator's, a large one, or it cannot be read. */
void look_heap_read(pid_t pid, struct look_heap *h);

#endif
