// SPDX-License-Identifier: GPL-2.0
/*
 * A descriptor that the program does not close may be closed by the garbage
 * collector, at some time; until then the program may have run out of
 * descriptors. This is not growth, so the rest of the analysis does not see it.
 */
#include <stdlib.h>

#include "analysis/gc_release.h"
#include "model/judgement.h"
#include "model/model.h"
#include "model/site.h"
#include "symbolize/frame.h"
#include "symbolize/language.h"
#include "util/format.h"

enum { ENOUGH = 10 };

/**
 * gc_release_judge() - whether the garbage collector closes a site's descriptors
 *
 * Adds a sentence to the evidence, and makes the site a suspect if it is not
 * one yet.
 */
void gc_release_judge(struct model *m, struct site *s)
{
	struct judgement *j = &s->judgement;
	const struct symbol_frame *f;
	uint64_t collected = 0;
	char count[32];
	int i = 0;

	for (unsigned int k = 0; s->kind == LEAKTRACE_KIND_FD && k < s->releases; k++) {
		int n = model_frames(m, s->release[k].stack, &f);

		if (language_in_collector(f, n))
			collected += s->release[k].count;
	}
	/* a few may be error paths; only a majority counts */
	if (collected < ENOUGH || 2 * collected < s->died)
		return;
	while (i < EVIDENCE_MAX && j->evidence[i])
		i++;
	if (i < EVIDENCE_MAX)
		j->evidence[i] = strdup_printf("%s were closed by the garbage collector: the program "
					       "does not close them", format_count(collected, count));
	if (j->verdict == VERDICT_OK || j->verdict == VERDICT_CACHE) {
		j->verdict = VERDICT_SUSPECT;
		j->confidence = 0.9;
	}
}
