/* SPDX-License-Identifier: GPL-2.0 */
/* What an earlier look has seen, by type, by root and by way. */
#ifndef LEAKTRACE_RUNTIME_PYTHON_PAST_H
#define LEAKTRACE_RUNTIME_PYTHON_PAST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct python_objects;

struct python_past_count {
	uint64_t hash, objects, bytes, reached;
};

struct python_past_counts {
	struct python_past_count *count;	/* by hash */
	size_t n;
};

struct python_past {
	struct python_past_counts rows, roots, links;
	double at_s;
};

bool python_past_keep(struct python_past *past, const struct python_objects *o);	/* false: no memory */
void python_past_compare(struct python_past *past, struct python_objects *o);	/* once */
void python_past_free(struct python_past *past);

#endif
