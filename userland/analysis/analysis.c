// SPDX-License-Identifier: GPL-2.0
/*
 * The whole analysis of a model: a verdict for each site, its evidence, and
 * then the findings, which join sites that have one cause.
 */
#include <math.h>
#include <stdlib.h>

#include "analysis/analysis.h"
#include "analysis/child_process.h"
#include "analysis/evidence.h"
#include "analysis/finding.h"
#include "analysis/gc_release.h"
#include "analysis/kept_free.h"
#include "analysis/mapping_share.h"
#include "analysis/measure.h"
#include "analysis/statistics.h"
#include "analysis/thread_owner.h"
#include "analysis/thresholds.h"
#include "analysis/verdict.h"
#include "model/curve.h"
#include "model/finding.h"
#include "model/history.h"
#include "model/judgement.h"
#include "model/limits.h"
#include "model/model.h"
#include "model/site.h"
#include "model/thread_join.h"

#define FALSE_FINDINGS	0.01	/* accepted share of false findings, over all sites */

static void judge_sites(struct analysis_ctx *ctx, struct measures *x, double *p)
{
	struct model *m = ctx->m;
	size_t tests = 0;

	for (size_t i = 0; i < m->nsites; i++) {
		struct site *s = &m->sites[i];
		struct births b = { 0 };

		b.o = model_objects(m, s->id, &b.n);
		analysis_judge(ctx, &s->judgement, s, &b,
			       ctx->curve ? ctx->curve(s->id, ctx->arg) : NULL, &x[i]);
		if (x[i].births >= LEAK_OLD)
			p[tests++] = x[i].p;
	}
	/* many sites are tested at once: correct for multiple testing */
	ctx->chance = false_discovery(p, tests, FALSE_FINDINGS);
	for (size_t i = 0; i < m->nsites; i++) {
		struct judgement *j = &m->sites[i].judgement;

		if (j->verdict == VERDICT_LEAK && x[i].p > ctx->chance) {
			j->verdict = VERDICT_SUSPECT;
			j->confidence = verdict_confidence(j->verdict, &x[i]);
		}
		j->heap_grows &= x[i].p <= ctx->chance;
	}
	for (size_t i = 0; i < m->nsites; i++) {
		struct site *s = &m->sites[i];

		s->judgement.weight = limit_weight(m, s->kind, site_live(s)) +
			limit_weight(m, LEAKTRACE_KIND_THREAD, s->judgement.unjoined);
	}
	/* sites that are judged together later are tests too */
	ctx->chance = fmax(ctx->chance, FALSE_FINDINGS / (tests + 1));
}

/*
 * Judges all sites of a model whose dumps are complete and settled, then finds
 * which have one cause. curve, if not NULL, returns what a session sampled of a
 * site.
 */
void analysis_run(struct model *m, const struct analysis_options *opts,
		  const struct curve *(*curve)(uint32_t site, void *arg), void *arg)
{
	struct analysis_ctx ctx = { .m = m, .opts = opts, .curve = curve, .arg = arg, .chance = 1 };
	struct measures *x = calloc(m->nsites ?: 1, sizeof(*x));
	double *p = calloc(m->nsites ?: 1, sizeof(*p));

	findings_drop(m);
	if (x && p) {
		thread_find_unjoined(m);
		analysis_ctx_init(&ctx);
		judge_sites(&ctx, x, p);
		for (size_t i = 0; i < m->nsites; i++) {
			evidence_write(&m->sites[i].judgement, &x[i]);
			gc_release_judge(m, &m->sites[i]);
			thread_owners_judge(m, &m->sites[i]);
		}
		child_processes_judge(&ctx);
		findings_make(&ctx, x);
		kept_free_judge(m);
		analysis_ctx_free(&ctx);
	}
	free(x);
	free(p);
}

void analysis_run_recorded(struct model *m, const struct analysis_options *opts)
{
	analysis_run(m, opts, history_curve, m->history);
}
