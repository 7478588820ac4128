/* SPDX-License-Identifier: GPL-2.0 */
/* Distinct byte strings, numbered from 0 in the order in which they were added. */
#ifndef LEAKTRACE_INTERN_H
#define LEAKTRACE_INTERN_H

#include "util/protobuf.h"

struct intern_entry {
	uint64_t hash;
	size_t offset, len;		/* in blobs */
};

struct intern {				/* starts as all zeroes */
	struct bytes blobs;
	struct intern_entry *entries;
	size_t n, capacity;
	uint32_t *slots;		/* number + 1; 0: free */
	size_t nslots;			/* a power of two, or 0 */
	bool failed;			/* out of memory: the numbers are invalid */
};

/* The number of these bytes. *fresh, unless fresh is NULL, says whether they are new. */
uint64_t intern(struct intern *t, const void *data, size_t len, bool *fresh);
void intern_free(struct intern *t);

#endif
