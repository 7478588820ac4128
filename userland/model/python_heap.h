/* SPDX-License-Identifier: GPL-2.0 */
/* Which anonymous mappings are of CPython's own allocator. */
#ifndef LEAKTRACE_MODEL_PYTHON_HEAP_H
#define LEAKTRACE_MODEL_PYTHON_HEAP_H

#include <stdbool.h>
#include <sys/types.h>

#include "util/proc_maps.h"

#define PYTHON_HEAP_NAME "[heap of Python]"

/* Gives such mappings of a process that has a Python interpreter this name. */
void python_heap_name(struct maps *maps);

/* Whether most of what a mapping has in memory are its pools. pagemap: of the process, or -1. */
bool python_heap_is(pid_t tid, int pagemap, const struct map *map);

#endif
