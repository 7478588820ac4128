/* SPDX-License-Identifier: GPL-2.0 */
/* What an object refers to, and how. */
#ifndef LEAKTRACE_RUNTIME_PYTHON_REFER_H
#define LEAKTRACE_RUNTIME_PYTHON_REFER_H

#include <stdbool.h>
#include <stdint.h>

struct python_process;
struct python_type;

enum python_role {
	PYTHON_ROOT,			/* of a chain; no reference */
	PYTHON_ATTRIBUTE,		/* name: of it */
	PYTHON_OWN_DICT,		/* of an object with attributes, or of a module */
	PYTHON_KEY, PYTHON_VALUE,	/* of a dictionary; name: the key */
	PYTHON_ITEM,			/* of a list, tuple or deque; name: its index */
	PYTHON_MEMBER,			/* of a set */
	PYTHON_LOCAL,			/* of a generator or frame; name: of the variable */
	PYTHON_STACK,			/* of these: any word of what they compute with */
	PYTHON_FIELD,			/* any word of an object; name: its offset */
};

struct python_reference {
	uint64_t to;
	enum python_role role;
	uint64_t name;			/* address of a str, or of any key, or a number */
};

/* Until it returns false. */
typedef bool python_see_reference(const struct python_reference *r, void *arg);

/*
 * Fields and stacks are words, whatever they are; all else are addresses of objects, as long as the object has not changed meanwhile. Weak references are left out.
 */
void python_refer(struct python_process *p, const struct python_type *t, uint64_t object,
		  python_see_reference *see, void *arg);

/* The same of a frame that is not in an object of its own. */
void python_refer_frame(struct python_process *p, uint64_t frame, python_see_reference *see, void *arg);

enum { PYTHON_LOCALS_MAX = 1 << 16 };

#endif
