/* SPDX-License-Identifier: GPL-2.0 */
/* Pairs of libraries that many programs use. */
#ifndef LEAKTRACE_PAIR_KNOWN_H
#define LEAKTRACE_PAIR_KNOWN_H

#include <stddef.h>

struct pair_known {
	const char *name;		/* the same for all pairs of a library */
	const char *spec;		/* as pair_spec_parse() reads it */
};

extern const struct pair_known pairs_known[];
extern const size_t npairs_known;

#endif
