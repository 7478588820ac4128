/* SPDX-License-Identifier: GPL-2.0 */
/* The live objects of a process's Python interpreters, by type. */
#ifndef LEAKTRACE_RUNTIME_PYTHON_OBJECTS_H
#define LEAKTRACE_RUNTIME_PYTHON_OBJECTS_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "runtime/python/tracked.h"

struct json_object;
struct python_process;
struct report_style;

#define PYTHON_COPIES_BYTES (1ULL << 30)	/* at most, unless something else is asked for */

struct python_row {
	char *name;			/* of types with the same name */
	uint64_t types, objects, bytes;
};

struct python_objects {
	struct python_process *process;	/* not ours */
	struct python_tracked tracked;
	struct python_row *row;		/* the one with most bytes first */
	size_t rows;
	uint64_t objects, bytes;
	uint64_t gone;			/* objects whose class went while they were counted */
	double cpu_s;
};

/* Initialise to zeroes and set process. 0, or -errno with one line in err. */
int python_objects_read(struct python_objects *o, char *err, size_t errlen);
void python_objects_free(struct python_objects *o);

void python_objects_text(FILE *f, const struct python_objects *o, const struct report_style *style);
struct json_object *python_objects_json(const struct python_objects *o);	/* the caller owns it */

#endif
