/* SPDX-License-Identifier: GPL-2.0 */
/* The objects that the garbage collector of Python keeps in its lists. */
#ifndef LEAKTRACE_RUNTIME_PYTHON_TRACKED_H
#define LEAKTRACE_RUNTIME_PYTHON_TRACKED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/python/layout.h"
#include "runtime/python/type.h"
#include "util/address_slots.h"

struct python_process;

#define PYTHON_OBJECT_NONE UINT32_MAX

enum { PYTHON_LISTS = PYTHON_GENERATIONS + 1 /* what gc.freeze() keeps */ };

struct python_tracked {
	uint64_t *at;			/* addresses of objects, by number */
	uint32_t *type;			/* their types' numbers */
	size_t n, at_capacity, type_capacity;
	struct address_slots slots;
	struct python_types types;
	uint64_t objects[PYTHON_LISTS];	/* how many were in which list */
	size_t interpreters;
	uint64_t torn;			/* links that were read again, as they did not fit */
	uint64_t restarts;		/* of lists */
	bool is_cut;			/* the young ones changed too fast: not all of them are there */
	uint64_t unreadable;		/* objects without a type */
};

/* 0; -EAGAIN: they changed each time; -E2BIG, -ENOMEM, -EFAULT. */
int python_tracked_read(struct python_process *p, struct python_tracked *t);
/* An object that is in no list. 0, also if it has no type; -ENOMEM, -E2BIG. */
int python_tracked_add(struct python_process *p, struct python_tracked *t, uint64_t object);
uint32_t python_tracked_find(const struct python_tracked *t, uint64_t at);	/* PYTHON_OBJECT_NONE */
void python_tracked_free(struct python_tracked *t);

#endif
