/* SPDX-License-Identifier: GPL-2.0 */
/* What text and JSON tell of looks beside the findings. */
#ifndef LEAKTRACE_LOOK_SUMMARY_H
#define LEAKTRACE_LOOK_SUMMARY_H

#include <stdbool.h>
#include <stddef.h>

#include "model/limits.h"

struct look;
struct look_group;

struct look_limit {
	const struct limit *limit;
	bool is_memory;			/* in bytes, else a number */
	double share;			/* of it that is used */
	double per_min, in_s;		/* growth, and when it is reached; in_s 0: never */
};

enum { LOOK_LIMITS = 5 };
/* Each of descriptors, threads, timers, mappings and memory; false: there is none, or it is far off. */
bool look_limit(const struct look *l, unsigned int nth, struct look_limit *n);

/* Those of which there is something, what changed most first; malloced. */
size_t look_groups_ranked(const struct look *l, const struct look_group ***list);

enum { LOOK_ADVICE_MAX = 6 };
/* What was not seen, and what would show it: sentences, malloced. Returns how many. */
int look_advice(const struct look *l, char *advice[LOOK_ADVICE_MAX]);

#endif
