/* SPDX-License-Identifier: GPL-2.0 */
/* What the analysis makes of a site or of a finding. */
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
	double rate_per_min;		/* growth of what lives */
	bool exits;			/* no: of threads that exited, and nobody joined */
	bool early;			/* what is being filled would look the same so far */
	double age_p50_s, age_max_s;	/* of what lives */
	double life_p50_s, life_p99_s, life_max_s;	/* of what has died */
	uint64_t unjoined;		/* threads: exited, nobody joined */
	uint64_t zombies;		/* processes: exited, nobody reaped */
	char *evidence[EVIDENCE_MAX];	/* sentences, malloced; NULL: no more */
	uint32_t finding;		/* it is part of, 1 for the worst; 0: of none */
};

void judgement_clear(struct judgement *j);	/* frees the evidence; all zeroes after it */
const char *verdict_name(enum verdict v);
const char *verdict_color(const struct report_style *style, enum verdict v);	/* "": no colours */

#endif
