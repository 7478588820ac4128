/* SPDX-License-Identifier: GPL-2.0 */
/* The kind of memory at an address, from the mappings in the model. */
#ifndef LEAKTRACE_MODEL_ADDRESS_RANGE_H
#define LEAKTRACE_MODEL_ADDRESS_RANGE_H

#include <stdint.h>

struct model;

enum range { RANGE_HEAP, RANGE_MMAP, RANGE_STACK, RANGE_SHARED, RANGE_UNKNOWN, RANGES };

enum range range_of(const struct model *m, uint64_t address);
const char *range_kind_name(enum range r);
const char *range_name(const struct model *m, uint64_t address);	/* [heap], … */
/* Whose heap it is in, "Go", or ALLOCATOR_MALLOC; NULL: in none that is known. */
const char *range_allocator(const struct model *m, uint64_t address);

#endif
