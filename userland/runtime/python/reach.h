/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What keeps objects alive: they are reached from the variables of modules and frames,
 * breadth first, so that the way to each is a shortest one. Objects that are not in the
 * collector's lists are found on the way.
 */
#ifndef LEAKTRACE_RUNTIME_PYTHON_REACH_H
#define LEAKTRACE_RUNTIME_PYTHON_REACH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/python/link.h"
#include "runtime/python/tracked.h"

struct python_process;

struct python_reach {
	struct python_process *process;
	struct python_tracked *t;	/* gets the objects that are found */
	size_t listed;			/* the first so many are in the collector's lists */
	struct python_links links;
	uint32_t *link, *parent;	/* of each object; link PYTHON_LINK_NONE: not reached */
	size_t link_capacity, parent_capacity;
	uint32_t *queue;
	size_t head, tail, queue_capacity;
	uint64_t late;			/* reached, and put into the lists since those were read */
	uint64_t unreached, unreached_bytes;	/* of those in the lists */
	bool is_full;			/* no memory, or too many objects */
	void (*progress)(unsigned int percent);	/* may be NULL */
};

/*
 * 0, or -ENOMEM or -E2BIG. max_objects: as many may be found. roots: begins at what has
 * a name, or then at what has none.
 */
int python_reach(struct python_reach *r, size_t max_objects, void (*roots)(struct python_reach *r, bool named));
void python_reach_free(struct python_reach *r);

/* What a root has; its name is malloced. from: where it was seen. */
void python_reach_begin(struct python_reach *r, uint64_t object, char *name);
/* Is known, and goes nowhere by itself. */
void python_reach_close(struct python_reach *r, uint64_t object, const char *name);

/* Whether the way to an object is still there. */
bool python_reach_holds(struct python_reach *r, uint32_t object);

#endif
