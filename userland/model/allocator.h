/* SPDX-License-Identifier: GPL-2.0 */
/* Allocators, by the names of their mappings and by the libraries that are mapped. */
#ifndef LEAKTRACE_MODEL_ALLOCATOR_H
#define LEAKTRACE_MODEL_ALLOCATOR_H

#include "util/proc_maps.h"

#define ALLOCATOR_MALLOC "malloc"

/* Whose memory it is, "Go", by the mapping's name; NULL: it has none that tells. */
const char *allocator_of_mapping(const char *path);

/* The name of the nth one other than glibc's that is loaded, or NULL. */
const char *allocator_loaded(const struct maps *maps, unsigned int nth);

#endif
