// SPDX-License-Identifier: GPL-2.0
/*
 * One kind of a target as a pprof profile, or all kinds, labelled by kind. Each
 * sample has a site's objects of one age class; released objects are a sample
 * of their own without an age. Baseline objects have no stack and are left out,
 * which a comment in the profile says.
 *
 * Kind heap by itself has the sample types of Go's heap profiles, which is what tools know
 * memory by; its values are what the kernel's samples stand for.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/heap_estimate.h"
#include "model/judgement.h"
#include "model/kind.h"
#include "model/model.h"
#include "model/runtime.h"
#include "model/site.h"
#include "report/age_classes.h"
#include "report/pprof.h"
#include "report/report.h"
#include "symbolize/frame.h"
#include "symbolize/stack.h"
#include "util/pprof_encode.h"
#include "util/proc_maps.h"
#include "util/units.h"
#include "util/version.h"

enum { FRAMES_MAX = 4096 };

/* The frames of a stack, with their addresses. */
static size_t frames_of(struct model *m, uint32_t id, struct pprof_frame **frames)
{
	const struct stack *s = model_stack(m, id);
	const struct symbol_frame *f;
	int n = model_frames(m, id, &f);
	unsigned int pc = 0;

	*frames = calloc(n > 0 ? n : 1, sizeof(**frames));
	if (!*frames || !s || n > FRAMES_MAX)
		return 0;
	for (int i = 0; i < n; i++) {
		uint64_t address = pc < s->npcs ? s->pcs[pc] : 0;

		(*frames)[i] = (struct pprof_frame){
			.function = f[i].function, .file = f[i].file, .line = f[i].line,
			.module = f[i].module, .build_id = f[i].build_id, .inlined = !frame_is_on_stack(&f[i]) && !f[i].script,
			/* for a return address, the call before it; a script's frame has none */
			.address = f[i].script ? 0 : address - (pc > 0 && address),
		};
		pc += frame_is_on_stack(&f[i]);
	}
	return n;
}

enum { WORKLOAD_LABELS = 3 };

/* Where the process runs; returns how many labels that takes. */
static size_t workload_labels(const struct workload *w, struct pprof_label labels[WORKLOAD_LABELS])
{
	size_t n = 0;

	if (w->unit)
		labels[n++] = (struct pprof_label){ .key = "unit", .text = w->unit };
	if (w->container_id)
		labels[n++] = (struct pprof_label){ .key = "container", .text = w->container ?: w->container_id };
	if (w->pod)
		labels[n++] = (struct pprof_label){ .key = "pod", .text = w->pod };
	return n;
}

/* @kind: NULL if all samples have the same kind */
static void put(struct pprof *p, const struct model *m, const struct site *s, const char *kind,
		const struct pprof_frame *frames, size_t n, const int64_t *values, const char *age)
{
	struct pprof_label labels[4 + WORKLOAD_LABELS] = {
		{ .key = "type", .text = type_name(s->type) },
		{ .key = "verdict", .text = verdict_name(s->judgement.verdict) },
	};
	size_t nlabels = 2;

	if (age)
		labels[nlabels++] = (struct pprof_label){ .key = "age", .text = age };
	if (kind)
		labels[nlabels++] = (struct pprof_label){ .key = "kind", .text = kind };
	nlabels += workload_labels(&m->workload, labels + nlabels);
	pprof_sample(p, frames, n, values, labels, nlabels);
}

static void put_counted(struct pprof *p, struct model *m, const struct site *s, const char *kind,
			const struct pprof_frame *frames, size_t n)
{
	uint64_t live[AGES], unknown = ages_of(m, s, live);
	int64_t unit = s->kind == LEAKTRACE_KIND_PAGE ? PAGE_BYTES : 0;

	for (unsigned int i = 0; i < AGES; i++)
		if (live[i])
			put(p, m, s, kind, frames, n, (int64_t[]){ live[i], live[i] * unit, live[i], 0 },
			    age_name(i));
	if (unknown || s->died)
		put(p, m, s, kind, frames, n, (int64_t[]){ unknown, unknown * unit,
		    unknown + s->died, s->died }, NULL);
}

static void put_estimated(struct pprof *p, struct model *m, const struct site *s, const char *kind,
			  const struct pprof_frame *frames, size_t n)
{
	struct heap_estimate e;

	heap_estimate_site(m, s, &e);
	if (kind)
		put(p, m, s, kind, frames, n, (int64_t[]){ e.live, e.live_bytes,
		    e.live + e.died, e.died }, NULL);
	else
		put(p, m, s, NULL, frames, n, (int64_t[]){ e.live + e.died,
		    e.live_bytes + e.died_bytes, e.live, e.live_bytes }, NULL);
}

static void put_site(struct pprof *p, struct model *m, const struct site *s, const char *kind)
{
	struct pprof_frame *frames;
	size_t n = frames_of(m, s->stack, &frames);

	if (frames && s->kind == LEAKTRACE_KIND_HEAP)
		put_estimated(p, m, s, kind, frames, n);
	else if (frames)
		put_counted(p, m, s, kind, frames, n);
	free(frames);
}

static struct pprof *begin(const struct model *m, const char *kind)
{
	struct pprof *p = pprof_new();
	char line[256];

	if (!p)
		return NULL;
	pprof_time(p, (model_end_ns(m) / 1e9 + m->wall_minus_mono_s) * 1e9, model_end_s(m) * 1e9);
	snprintf(line, sizeof(line), "leaktrace %s: %s of %s, pid %u", LEAKTRACE_VERSION, kind,
		 *m->target.comm ? m->target.comm : "?", m->target.pid);
	pprof_comment(p, line);
	return p;
}

static int finish(struct pprof *p, void **data, size_t *len)
{
	int err = pprof_finish(p, data, len);

	pprof_free(p);
	return err;
}

static void put_comments(struct pprof *p, struct model *m, unsigned int kinds)
{
	struct losses l;
	char line[256];

	for (int k = 0; k < KINDS; k++) {
		uint64_t before = kinds & 1U << k ? m->target.kind[k].baseline_live : 0;

		if (!before)
			continue;
		snprintf(line, sizeof(line), "%" PRIu64 " %s alive before attach are left out",
			 before, kind_name(k));
		pprof_comment(p, line);
	}
	report_losses(m, &l);
	for (unsigned int i = 0; i < l.ninexact; i++) {
		snprintf(line, sizeof(line), "not exact: %s", l.inexact[i]);
		pprof_comment(p, line);
	}
}

/* What all samples have, @kinds being what they are of. */
static void put_live_types(struct pprof *p, const char *kinds, bool space)
{
	pprof_sample_type(p, "live", "count");
	pprof_sample_type(p, "live_space", "bytes");
	pprof_default_type(p, space ? "live_space" : "live");
	pprof_period(p, kinds, "count", 1);
}

static void put_types(struct pprof *p, const char *kinds, bool space)
{
	put_live_types(p, kinds, space);
	pprof_sample_type(p, "born", "count");
	pprof_sample_type(p, "died", "count");
}

static void put_heap_types(struct pprof *p, struct model *m)
{
	pprof_sample_type(p, "alloc_objects", "count");
	pprof_sample_type(p, "alloc_space", "bytes");
	pprof_sample_type(p, "inuse_objects", "count");
	pprof_sample_type(p, "inuse_space", "bytes");
	pprof_default_type(p, "inuse_space");
	pprof_period(p, "space", "bytes", heap_mean_bytes(m));
}

/* Adds the samples of these kernel kinds. */
static void put_kinds(struct pprof *p, struct model *m, unsigned int kinds, bool label)
{
	put_comments(p, m, kinds);
	for (size_t i = 0; m->maps && i < m->maps->n; i++) {
		const struct map *map = &m->maps->map[i];

		if (map->exec)
			pprof_mapping(p, map->start, map->end, map->offset_bytes, map->path, NULL);
	}
	for (size_t i = 0; i < m->nsites; i++) {
		const struct site *s = &m->sites[i];

		if (kinds & 1U << s->kind)
			put_site(p, m, s, label ? kind_name(s->kind) : NULL);
	}
}

int report_pprof(struct model *m, int kind, void **data, size_t *len)
{
	struct pprof *p = begin(m, kind_name(kind));

	if (!p)
		return -ENOMEM;
	if (kind == LEAKTRACE_KIND_HEAP)
		put_heap_types(p, m);
	else
		put_types(p, kind_name(kind), kind == LEAKTRACE_KIND_PAGE);
	put_kinds(p, m, 1U << kind, false);
	return finish(p, data, len);
}

static void put_runtime_site(struct pprof *p, const struct model *m, const struct runtime_site *s, bool label)
{
	struct pprof_frame *frames = calloc(s->nframes + 1, sizeof(*frames));
	int64_t values[] = { s->live, s->bytes, 0, 0 };	/* creations and releases are unknown */
	struct pprof_label labels[3 + WORKLOAD_LABELS] = {
		{ .key = "type", .text = s->type },
		{ .key = "verdict", .text = verdict_name(s->judgement->verdict) },
		{ .key = "kind", .text = s->kind },
	};
	size_t nlabels = 2 + label;

	nlabels += workload_labels(&m->workload, labels + nlabels);

	for (int i = 0; frames && i < s->nframes; i++)
		frames[i] = (struct pprof_frame){
			.function = s->frames[i].function, .file = s->frames[i].file,
			.line = s->frames[i].line, .module = s->frames[i].module,
			.build_id = s->frames[i].build_id, .inlined = s->frames[i].inlined,
		};
	if (frames)
		pprof_sample(p, frames, s->nframes < FRAMES_MAX ? s->nframes : FRAMES_MAX, values,
			     labels, nlabels);
	free(frames);
}

/* Adds the samples of one runtime kind, or of all: NULL. */
static void put_runtime(struct pprof *p, struct model *m, const char *kind)
{
	const struct runtime_site *s;
	size_t n = runtime_sites(m->runtime, &s);

	for (size_t i = 0; i < n; i++)
		if (s[i].live && (!kind || !strcmp(s[i].kind, kind)))
			put_runtime_site(p, m, &s[i], !kind);
}

int report_runtime_pprof(struct model *m, const struct runtime_total *kind, void **data, size_t *len)
{
	struct pprof *p = begin(m, kind->kind);

	if (!p)
		return -ENOMEM;
	put_live_types(p, kind->kind, kind->bytes);
	put_runtime(p, m, kind->kind);
	return finish(p, data, len);
}

int report_pprof_all(struct model *m, void **data, size_t *len)
{
	struct pprof *p = begin(m, "objects");

	if (!p)
		return -ENOMEM;
	put_types(p, "objects", false);
	put_kinds(p, m, m->target.kinds, true);
	if (m->runtime)
		put_runtime(p, m, NULL);
	return finish(p, data, len);
}
