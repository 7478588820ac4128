/* SPDX-License-Identifier: GPL-2.0 */
/* A stack as a list of functions. */
#ifndef LEAKTRACE_ANALYSIS_CALL_PATH_H
#define LEAKTRACE_ANALYSIS_CALL_PATH_H

#include <stdbool.h>
#include <stdint.h>

struct model;
struct site;

enum { PATH_MAX_FRAMES = 256 };

struct call_path {				/* functions, innermost first */
	unsigned int n;
	uint64_t hash, function[PATH_MAX_FRAMES];
};

unsigned int call_path_read(struct model *m, const struct site *s, struct call_path *p);	/* p->n */
bool call_path_same(const struct call_path *a, const struct call_path *b);
unsigned int call_path_common(const struct call_path *a, const struct call_path *b);	/* number of common outer frames */

#endif
