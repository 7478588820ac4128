/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The ways from roots to objects, as a tree: objects of one type that are reached alike
 * share a link. What is deeper than a bound, or more than can be kept, is folded.
 */
#ifndef LEAKTRACE_RUNTIME_PYTHON_LINK_H
#define LEAKTRACE_RUNTIME_PYTHON_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/python/refer.h"

#define PYTHON_LINK_NONE 0		/* the first link is nobody's */

struct python_root {
	char *name;			/* of a module's variable, or of a frame's */
	uint64_t hash;			/* of the name */
	uint64_t objects, bytes;	/* of which it is the nearest root */
	int64_t grown_objects, grown_bytes;
};

struct python_link {
	uint32_t parent;		/* PYTHON_LINK_NONE: the root */
	uint32_t root, type;
	enum python_role role;
	unsigned int depth;
	bool is_folded;			/* steps between parent and this one are left out */
	uint64_t name;			/* as in a reference; 0: any */
	uint64_t hash;			/* the same for the same way in another look */
	uint64_t objects, bytes;
	int64_t grown_objects, grown_bytes;
	uint32_t example;		/* object */
	uint64_t example_name;		/* key or index of that */
};

struct python_links {
	struct python_root *root;
	size_t roots, root_capacity;
	struct python_link *link;
	size_t n, capacity;
	uint32_t *slot;
	size_t slots;
};

uint64_t python_hash(uint64_t hash, uint64_t more);
bool python_links_open(struct python_links *l);			/* false: no memory */
/* Takes the name, which is malloced. Its number, or UINT32_MAX: no memory. */
uint32_t python_links_root(struct python_links *l, char *name);
/*
 * The link that fits what: of it parent, root, type, role, name and hash (of type and
 * name) are given. PYTHON_LINK_NONE: no memory.
 */
uint32_t python_links_get(struct python_links *l, const struct python_link *what);
void python_links_free(struct python_links *l);

#endif
