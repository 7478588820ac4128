/* SPDX-License-Identifier: GPL-2.0 */
/* Allocators of which the heap is not read, by the libraries that are mapped. */
#ifndef LEAKTRACE_HEAP_ALLOCATOR_H
#define LEAKTRACE_HEAP_ALLOCATOR_H

#include "util/proc_maps.h"

/* The name of the nth one that is loaded, or NULL. */
const char *allocator_loaded(const struct maps *maps, unsigned int nth);

#endif
