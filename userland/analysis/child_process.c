// SPDX-License-Identifier: GPL-2.0
/*
 * Judges the children that /proc shows: those that have exited and that nobody waits for,
 * and those that run and are not traced. Of a child that is an object of its parent's, the
 * kernel knows fork and end exactly, and its site is judged.
 *
 * Unreaped children are survivors: one look has their whole history, unless many are reaped
 * at once from time to time. So one look judges the whole time since attach, in which they
 * must be spread; only a session, which has seen what was reaped, judges shorter times, too.
 * Running children may be connections or jobs, and what ended between two looks is not
 * known: they are never called a leak.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/analysis.h"
#include "analysis/child_process.h"
#include "analysis/evidence.h"
#include "analysis/mapping_share.h"
#include "analysis/measure.h"
#include "analysis/verdict.h"
#include "model/children.h"
#include "model/judgement.h"
#include "model/limits.h"
#include "model/model.h"
#include "model/object.h"
#include "model/site.h"

static int by_fork(const void *a, const void *b)
{
	const struct object *x = a, *y = b;

	return (x->born_ns > y->born_ns) - (x->born_ns < y->born_ns);
}

/* A group as objects of one site, oldest first; malloced. */
static struct object *objects_of(const struct model *m, enum child_group_id group, size_t *n)
{
	const struct children *c = &m->children;
	struct object *o = calloc(c->n + 1, sizeof(*o));

	*n = 0;
	for (size_t i = 0; o && i < c->n; i++) {
		const struct child *child = &c->child[i];

		if (!child_in_group(child, group))
			continue;
		o[(*n)++] = (struct object){
			.id = child->pid, .born_ns = child->forked_ns, .count = 1,
			.kind = LEAKTRACE_KIND_THREAD, .type = LEAKTRACE_TYPE_PROCESS,
			.flags = (child->zombie ? LEAKTRACE_OBJECT_F_ZOMBIE : 0) |
				 (child->forked_ns < m->target.attached_ns ? LEAKTRACE_OBJECT_F_BASELINE : 0),
		};
	}
	if (*n)
		qsort(o, *n, sizeof(*o), by_fork);
	return o;
}

static struct site site_of(const struct model *m, const struct child_group *g, const struct births *b)
{
	struct site s = {
		.kind = LEAKTRACE_KIND_THREAD, .type = LEAKTRACE_TYPE_PROCESS,
		.born = g->live - g->live_before + g->ended, .died = g->ended,
		.first_ns = m->target.attached_ns, .lifetime_max_ns = g->lifetime_max_ns,
	};

	if (b->n)
		s.last_ns = b->o[b->n - 1].born_ns;
	memcpy(s.lifetimes, g->lifetimes, sizeof(s.lifetimes));
	return s;
}

static void judge_group(const struct analysis_ctx *ctx, enum child_group_id id)
{
	struct child_group *g = &ctx->m->children.group[id];
	struct analysis_options opts = *ctx->opts;
	struct analysis_ctx mine = *ctx;
	struct measures x = { 0 };
	struct births b = { 0 };
	struct object *o = objects_of(ctx->m, id, &b.n);
	struct site s;

	b.o = o;
	s = site_of(ctx->m, g, &b);
	if (ctx->m->children.looks < 2 && opts.window_s <= 0)
		opts.window_s = model_end_s(ctx->m);
	mine.opts = &opts;
	analysis_judge(&mine, &g->judgement, &s, &b, NULL, &x);
	if (id == CHILDREN_UNTRACED && g->judgement.verdict == VERDICT_LEAK) {
		g->judgement.verdict = VERDICT_SUSPECT;
		g->judgement.confidence = verdict_confidence(VERDICT_SUSPECT, &x);
	}
	g->judgement.weight = limit_weight(NULL, LEAKTRACE_KIND_THREAD, g->live);
	if (g->live || g->judgement.verdict > VERDICT_OK) {
		evidence_write(&g->judgement, &x);
		evidence_of_children(ctx->m, id);
	}
	free(o);
}

void child_processes_judge(const struct analysis_ctx *ctx)
{
	if (!ctx->m->children.known)
		return;
	children_count(ctx->m);
	for (int g = 0; g < CHILD_GROUPS; g++)
		judge_group(ctx, g);
}
