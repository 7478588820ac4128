/* SPDX-License-Identifier: GPL-2.0 */
/* The live objects of a process's Python interpreters, by type; what keeps them, and what has grown. */
#ifndef LEAKTRACE_RUNTIME_PYTHON_OBJECTS_H
#define LEAKTRACE_RUNTIME_PYTHON_OBJECTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "runtime/python/reach.h"
#include "runtime/python/tracked.h"

struct json_object;
struct python_past;
struct python_process;
struct report_style;

#define PYTHON_MEMORY_BYTES (1ULL << 30)	/* unless something else is asked for */

struct python_row {
	char *name;			/* of types with the same name; theirs */
	bool is_other;			/* these are in no list, and were reached */
	uint64_t types, objects, bytes;
	uint64_t reached;		/* objects */
	int64_t grown_objects, grown_bytes, grown_reached;
};

struct python_chain {
	uint32_t link;
	char *text;			/* its parts, each with its end */
	unsigned int parts;
};

/* A type of which it is told what keeps its objects. */
struct python_held {
	uint32_t row;
	size_t first, chains;		/* of those in chain */
};

struct python_objects {
	struct python_process *process;	/* not ours */
	struct python_tracked tracked;
	struct python_row *row;		/* what has grown most, or has most bytes, first */
	size_t rows;
	uint64_t objects, bytes;	/* in the lists */
	uint64_t other_objects, other_bytes;	/* in none, and reached */
	uint64_t gone;			/* objects whose class went while they were counted */
	struct python_reach reach;	/* if is_reached */
	bool is_reached;
	uint32_t *root;			/* numbers, as rows */
	size_t roots;
	struct python_held *held;
	size_t helds, held_capacity;
	struct python_chain *chain;
	size_t chains, chain_capacity;
	uint64_t changed;		/* chains that were not there any more when they were read again */
	double cpu_s;
	double window_s;		/* since the look that it is compared with; 0: with none */
};

struct python_objects_options {
	uint64_t max_bytes;
	bool reach, all;
	struct python_past *past;	/* an earlier look, to compare with; or NULL */
	void (*progress)(unsigned int percent);	/* may be NULL */
};

/* Initialise to zeroes and set process. 0, or -errno with one line in err. */
int python_objects_read(struct python_objects *o, const struct python_objects_options *how, char *err, size_t errlen);
void python_objects_free(struct python_objects *o);	/* but not the process */

/* chain.c: which are told, as text; 0 or -ENOMEM */
int python_chains_choose(struct python_objects *o, bool all);

void python_objects_text(FILE *f, const struct python_objects *o, const struct report_style *style);
struct json_object *python_objects_json(const struct python_objects *o);	/* the caller owns it */

#endif
