/* SPDX-License-Identifier: GPL-2.0 */
/* Allocators other than glibc's, by the libraries that are mapped. */
#ifndef LEAKTRACE_MODEL_ALLOCATOR_H
#define LEAKTRACE_MODEL_ALLOCATOR_H

#include "util/proc_maps.h"

/* The name of the nth one that is loaded, or NULL. */
const char *allocator_loaded(const struct maps *maps, unsigned int nth);

#endif
