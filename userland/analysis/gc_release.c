// SPDX-License-Identifier: GPL-2.0
/*
 * What a program forgets to close, a garbage collector may close for it, some
 * time: by then the program may have run out of descriptors. That is no growth,
 * so nothing else in the judgement sees it.
 */
#include <stdlib.h>

#include "symbolize/language.h"
#include "analysis/verdict.h"

enum { ENOUGH = 10 };

/**
 * collected_judge() - whether a collector closes what a site opens
 *
 * Says so, after what else there is to say, and suspects the site if it is not
 * suspected yet.
 */
void collected_judge(struct model *m, struct site *s)
{
	struct judgement *j = &s->judgement;
	const struct symbol_frame *f;
	uint64_t collected = 0;
	char count[32];
	int i = 0;

	for (unsigned int k = 0; s->kind == LEAKTRACE_KIND_FD && k < s->releases; k++) {
		int n = model_frames(m, s->release[k].stack, &f);

		if (lang_by_collector(f, n))
			collected += s->release[k].count;
	}
	/* a few are what ends with an error; the rule is what counts */
	if (collected < ENOUGH || 2 * collected < s->died)
		return;
	while (i < EVIDENCE_MAX && j->evidence[i])
		i++;
	if (i < EVIDENCE_MAX)
		j->evidence[i] = text("%s were closed by the garbage collector: the program does not close them",
				      format_count(collected, count));
	if (j->verdict == VERDICT_OK || j->verdict == VERDICT_CACHE) {
		j->verdict = VERDICT_SUSPECT;
		j->confidence = 0.9;
	}
}
