/* SPDX-License-Identifier: GPL-2.0 */
#ifndef WALK_JUDGE_H
#define WALK_JUDGE_H

#include <stdbool.h>
#include <sys/types.h>

#include "walk.h"

enum outcome {
	SAME,		/* both reached a root, by the same frames */
	SHORT,		/* libdw reached one, we ended early, flagged */
	WRONG,		/* other frames than libdw's complete ones */
	GUESSED,	/* the same, but one of the two had to guess a frame */
	BEYOND,		/* we reached a root, libdw ended early on the same way */
	APART,		/* the same on another way */
	NEITHER,
	OUTCOMES
};

struct score {
	unsigned int samples, complete, truth_complete, recalled, deepest, shown;
	unsigned long frames;
	unsigned int outcome[OUTCOMES];
	unsigned int why[16];		/* how ours ended, if not at a root */
};

enum outcome score_add(struct score *s, const struct walked *ours, const struct walked *truth);
bool judge_passes(const struct score *s);
void judge_print(const struct score *s, const char *name, const char *more);
/* The first few that differ, on stderr. */
void judge_tell(struct score *s, pid_t pid, enum outcome v, const struct walked *ours,
		const struct walked *truth);

#endif
