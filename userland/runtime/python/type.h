/* SPDX-License-Identifier: GPL-2.0 */
/* The types of objects: what they are called, and how large their objects are. */
#ifndef LEAKTRACE_RUNTIME_PYTHON_TYPE_H
#define LEAKTRACE_RUNTIME_PYTHON_TYPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/address_slots.h"

struct python_process;

/* What an object of it keeps elsewhere, by the nearest type that is known. */
enum python_shape {
	PYTHON_PLAIN, PYTHON_DICT, PYTHON_LIST, PYTHON_SET, PYTHON_DEQUE, PYTHON_ORDERED_DICT, PYTHON_TYPE,
	PYTHON_INT, PYTHON_STR, PYTHON_FRAME, PYTHON_GENERATOR,
	PYTHON_TUPLE, PYTHON_WEAK_REFERENCE, PYTHON_MODULE, PYTHON_METHOD, PYTHON_CELL,
};

/* Of a type's flags. */
#define PYTHON_INLINE_VALUES	(1ULL << 2)	/* from 3.13 on */
#define PYTHON_MANAGED_WEAK	(1ULL << 3)	/* from 3.12 on */
#define PYTHON_MANAGED_DICT	(1ULL << 4)	/* from 3.11 on */
#define PYTHON_IS_HEAP_TYPE	(1ULL << 9)
#define PYTHON_IS_READY		(1ULL << 12)
#define PYTHON_IS_COLLECTED	(1ULL << 14)
#define PYTHON_IS_TYPE		(1ULL << 31)

struct python_type {
	uint64_t at, flags, base, dict;
	int64_t basic_bytes, item_bytes, dict_offset, weak_offset;
	enum python_shape shape;
	char *name;			/* with its module, unless that is builtins */
	uint64_t objects, bytes;	/* in the collector's lists */
	uint64_t reached;		/* of these */
	uint64_t other_objects, other_bytes;	/* reached, and not in the lists */
};

struct python_types {
	struct python_type *type;
	struct address_slots slots;
	size_t n, capacity;
	uint64_t last_at;
	uint32_t last;
	bool is_full;			/* no memory, or too many */
};

#define PYTHON_TYPE_NONE UINT32_MAX

/* Its number, or PYTHON_TYPE_NONE: there is no type at that address. */
uint32_t python_type_of(struct python_process *p, struct python_types *t, uint64_t at);
/* Whether it still has the name that it had. */
bool python_type_holds(struct python_process *p, const struct python_type *t);
void python_types_free(struct python_types *t);

#endif
