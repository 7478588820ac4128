/* SPDX-License-Identifier: GPL-2.0 */
/* The result of the analysis, for a site or a finding. */
#ifndef LEAKTRACE_MODEL_JUDGEMENT_H
#define LEAKTRACE_MODEL_JUDGEMENT_H

#include <stdbool.h>
#include <stdint.h>

struct report_style;

enum verdict { VERDICT_OK, VERDICT_CACHE, VERDICT_SUSPECT, VERDICT_LEAK };

enum { EVIDENCE_MAX = 8 };

struct judgement {
	enum verdict verdict;
	double confidence;		/* that it leaks, 0 to 1 */
	double rate_per_min;		/* growth of live objects */
	bool exits;			/* counts exited, unjoined threads */
	bool first_touch;		/* memory of an allocator: touched here first, others may keep it */
	bool heap_grows;		/* and grows, as a leak does */
	bool early;			/* may still be a cache that is being filled */
	double age_p50_s, age_max_s;	/* of live objects */
	double life_p50_s, life_p99_s, life_max_s;	/* of released objects */
	uint64_t unjoined;		/* threads: exited, not joined */
	uint64_t zombies;		/* processes: exited, not reaped */
	char *evidence[EVIDENCE_MAX];	/* sentences, malloced; NULL: no more */
	uint64_t weight;		/* share of the limit of its kind, in billionths; for ranking */
	uint32_t finding;		/* number of its finding, 1 is the worst; 0: none */
};

void judgement_clear(struct judgement *j);	/* frees the evidence, and clears it */
/* For qsort(): worse verdicts first, of one verdict the heavier. */
static inline int judgement_order(const struct judgement *a, uint64_t weight_a,
				  const struct judgement *b, uint64_t weight_b)
{
	if (a->verdict != b->verdict)
		return a->verdict < b->verdict ? 1 : -1;
	return weight_a == weight_b ? 0 : weight_a < weight_b ? 1 : -1;
}

const char *verdict_name(enum verdict v);
const char *verdict_color(const struct report_style *style, enum verdict v);	/* "": no colours */

#endif
