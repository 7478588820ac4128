/* SPDX-License-Identifier: GPL-2.0 */
/* A stack as a list of functions. */
#ifndef LEAKTRACE_ANALYSIS_CALL_PATH_H
#define LEAKTRACE_ANALYSIS_CALL_PATH_H

#include <stdbool.h>
#include <stdint.h>

struct model;
struct site;

enum { PATH_MAX_FRAMES = 256 };

struct path {				/* functions, innermost first */
	unsigned int n;
	uint64_t hash, function[PATH_MAX_FRAMES];
};

unsigned int path_read(struct model *m, const struct site *s, struct path *p);	/* p->n */
bool path_same(const struct path *a, const struct path *b);
unsigned int path_common(const struct path *a, const struct path *b);	/* frames, from the outermost */

#endif
