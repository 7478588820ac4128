// SPDX-License-Identifier: GPL-2.0
/*
 * Compares a leaking call path with its siblings. If other callers of the same
 * function release what they create, the frame where this path differs shows
 * what was forgotten: an error path that returns before the close.
 */
#include <string.h>

#include "analysis/call_path.h"
#include "analysis/evidence.h"
#include "analysis/sibling_path.h"
#include "model/finding.h"
#include "model/judgement.h"
#include "model/model.h"
#include "model/site.h"
#include "symbolize/frame.h"
#include "symbolize/library.h"

enum {
	MADE_ENOUGH = 10,	/* created by others, to count as the rule */
};

struct others {
	uint64_t born, died;
	unsigned int sites;
	unsigned int shared;		/* inner functions shared with the leaking path */
	uint32_t release;		/* the stack that releases most of them */
	uint64_t released;
};

static bool releases(const struct site *s)
{
	return s->born && s->judgement.verdict <= VERDICT_CACHE && s->died * 10 >= s->born * 9;
}

/* The number of functions that both share at the inner end. */
static unsigned int inner(const struct call_path *a, const struct call_path *b)
{
	unsigned int n = 0;

	while (n < a->n && n < b->n && a->function[n] == b->function[n])
		n++;
	return n;
}

/* The index of the innermost frame of the program, after libc's. */
static unsigned int maker(struct model *m, const struct site *s)
{
	const struct symbol_frame *f;
	int n = model_frames(m, s->stack, &f), i = 0;

	while (s->kind != LEAKTRACE_KIND_PAGE && i < n && frame_is_c_library(&f[i]))
		i++;
	return i + 1;
}

static void add(struct others *o, const struct site *s, unsigned int shared)
{
	o->born += s->born;
	o->died += s->died;
	o->sites++;
	if (shared > o->shared)
		o->shared = shared;
	for (unsigned int i = 0; i < s->releases; i++)
		if (s->release[i].count > o->released) {
			o->released = s->release[i].count;
			o->release = s->release[i].stack;
		}
}

static void look_for_others(struct model *m, const struct finding *f, const struct site *head,
			    const struct call_path *p, struct others *o)
{
	unsigned int least = maker(m, head);
	struct call_path q;

	for (size_t i = 0; i < m->nsites; i++) {
		const struct site *s = &m->sites[i];
		unsigned int shared;

		if (s->kind != head->kind || s->type != head->type || !releases(s) ||
		    (f->judgement.finding && s->judgement.finding == f->judgement.finding) ||
		    !call_path_read(m, s, &q))
			continue;
		shared = inner(p, &q);
		if (shared >= least && shared < p->n)
			add(o, s, shared);
	}
}

/* Needs the names of all stacks, so it is only done for leaks. */
void sibling_path_find(struct model *m, struct finding *f)
{
	const struct site *head = model_site(m, f->sites[0]);
	const struct symbol_frame *frames;
	struct others o = { 0 };
	struct call_path p;
	int n;

	f->differing_frame = -1;
	if (f->judgement.verdict != VERDICT_LEAK || f->mixed || !call_path_read(m, head, &p))
		return;
	look_for_others(m, f, head, &p, &o);
	if (o.born < MADE_ENOUGH)
		return;
	n = model_frames(m, head->stack, &frames);
	f->differing_frame = n - (int)p.n + (int)o.shared;
	f->others_born = o.born;
	f->others_died = o.died;
	evidence_of_sibling(m, f, f->differing_frame - 1, o.release);
}
