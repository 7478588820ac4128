/* SPDX-License-Identifier: GPL-2.0 */
/* The doors of pairs in one process. */
#ifndef LEAKTRACE_PAIR_PLAN_H
#define LEAKTRACE_PAIR_PLAN_H

#include <sys/types.h>

#include "pair/spec.h"

enum pair_state {
	PAIR_ABSENT,			/* its library is not loaded */
	PAIR_PLANNED,
	PAIR_REFUSED,			/* why */
};

struct pair_plan {
	struct leaktrace_pair_door door[LEAKTRACE_PAIR_DOORS_MAX];
	size_t n;
	uint8_t *state;			/* enum pair_state, of each of the specs */
	char refused[256];		/* of the first that was refused: why */
};

/*
 * Plans those pairs that done does not have.
 *
 * Return: 0, also if there is nothing to open; or -errno with a line in err. Free the plan in
 * any case.
 */
int pair_plan_make(struct pair_plan *plan, pid_t pid, const struct pair_specs *specs,
		   const bool *done, char *err, size_t errlen);
void pair_plan_free(struct pair_plan *plan);

#endif
