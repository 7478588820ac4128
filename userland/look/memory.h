/* SPDX-License-Identifier: GPL-2.0 */
/* What memory of its own a process has, by mapping. */
#ifndef LEAKTRACE_LOOK_MEMORY_H
#define LEAKTRACE_LOOK_MEMORY_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "util/proc_maps.h"

struct look_memory {
	struct maps maps;
	uint64_t *bytes;		/* of each mapping, resident or swapped out: of its own, or shared and no file's */
	bool by_mapping;		/* false: it is all the first mapping's */
};

/* 0 or -errno. Of a large process only the sum, which takes no walk over its page tables. */
int look_memory_read(pid_t pid, struct look_memory *m);
void look_memory_free(struct look_memory *m);

#endif
