// SPDX-License-Identifier: GPL-2.0
/*
 * The JSON of the contract, version 1. Keys are added, never changed.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/finding.h"
#include "model/judgement.h"
#include "model/kind.h"
#include "model/model.h"
#include "model/object.h"
#include "model/object_describe.h"
#include "model/runtime.h"
#include "model/site.h"
#include "model/target.h"
#include "report/json.h"
#include "report/report.h"
#include "symbolize/frame.h"
#include "symbolize/stack.h"
#include "util/format.h"
#include "util/json.h"
#include "util/units.h"

enum { EXAMPLES = 5 };

static void put(struct json_object *o, const char *key, struct json_object *value)
{
	json_object_object_add(o, key, value);
}

static struct json_object *number(uint64_t n)
{
	return json_object_new_uint64(n);
}

/* Three decimals: milliseconds, or thousandths. */
static struct json_object *real(double v)
{
	char digits[40];

	if (!isfinite(v))
		v = 0;
	snprintf(digits, sizeof(digits), fabs(v) < 0.001 && v != 0 ? "%.9f" : "%.3f", v);
	return json_object_new_double_s(strtod(digits, NULL), digits);
}

struct json_object *report_json_frame(const struct symbol_frame *f)
{
	struct json_object *o = json_object_new_object();

	put(o, "function", json_string(f->function));
	put(o, "file", json_string(f->file));
	put(o, "line", json_object_new_int(f->line));
	put(o, "module", json_string(f->module));
	put(o, "build_id", json_string(f->build_id));
	put(o, "offset", number(f->offset));
	put(o, "inlined", json_object_new_boolean(f->inlined));
	return o;
}

static struct json_object *frames_of(const struct symbol_frame *f, int n)
{
	struct json_object *list = json_object_new_array();

	for (int i = 0; i < n; i++)
		json_object_array_add(list, report_json_frame(&f[i]));
	return list;
}

struct json_object *report_json_frames(struct model *m, uint32_t stack)
{
	const struct symbol_frame *f;
	int n = model_frames(m, stack, &f);

	return frames_of(f, n);
}

/* The stack of one object, if the site's own stack is incomplete. */
static void put_rest(struct json_object *o, struct model *m, uint32_t stack)
{
	const struct stack *rest = model_rest(m, stack);
	const struct symbol_frame *f;
	int n = model_rest_frames(m, stack, &f);
	struct json_object *said = n ? json_object_new_object() : NULL;

	if (!said)
		return;
	put(said, "stack", json_string(stack_status_text(rest->status)));
	put(said, "frames", frames_of(f, n));
	put(o, "rest", said);
}

static struct json_object *releases_of(struct model *m, const struct site *s)
{
	struct json_object *list = json_object_new_array();

	for (unsigned int i = 0; i < s->releases; i++) {
		struct json_object *o = json_object_new_object();

		put(o, "share", real(s->died ? fmin(1, (double)s->release[i].count / s->died) : 0));
		put(o, "count", number(s->release[i].count));
		put(o, "frames", report_json_frames(m, s->release[i].stack));
		json_object_array_add(list, o);
	}
	return list;
}

static struct json_object *example(struct model *m, const struct object *object)
{
	struct json_object *o = json_object_new_object();
	uint64_t end = model_end_ns(m);
	char *what = object_describe(m, object);

	put(o, "id", number(object->id));
	put(o, "what", json_string(what ?: type_name(object->type)));
	free(what);
	put(o, "age_s", real(object->born_ns && end > object->born_ns ?
			     (end - object->born_ns) / 1e9 : model_end_s(m)));
	if (object->count > 1)
		put(o, "pages", number(object->count));
	return o;
}

static struct json_object *examples_list(struct model *m, const struct site *s)
{
	struct json_object *list = json_object_new_array();
	struct object *objects[EXAMPLES];
	int n = object_examples(m, s, objects, EXAMPLES);

	for (int i = 0; i < n; i++)
		json_object_array_add(list, example(m, objects[i]));
	return list;
}

static struct json_object *evidence_list(const struct judgement *j)
{
	struct json_object *list = json_object_new_array();

	for (int i = 0; i < EVIDENCE_MAX && j->evidence[i]; i++)
		json_object_array_add(list, json_string(j->evidence[i]));
	return list;
}

struct json_object *report_json_site(struct model *m, const struct site *s)
{
	const struct judgement *j = &s->judgement;
	const struct stack *stack = model_stack(m, s->stack);
	struct json_object *o = json_object_new_object(), *age, *life, *held_by;

	put(o, "id", number(s->id));
	put(o, "kind", json_string(kind_name(s->kind)));
	put(o, "type", json_string(type_name(s->type)));
	put(o, "verdict", json_string(verdict_name(j->verdict)));
	put(o, "confidence", real(j->confidence));
	put(o, "evidence", evidence_list(j));
	put(o, "born", number(s->born));
	put(o, "died", number(s->died));
	put(o, "live", number(site_live(s)));
	put(o, "bytes", number(s->kind == LEAKTRACE_KIND_PAGE ? site_live(s) * PAGE_BYTES : 0));
	put(o, "rate_per_min", real(j->rate_per_min));
	age = json_object_new_object();
	put(age, "p50", real(j->age_p50_s));
	put(age, "max", real(j->age_max_s));
	put(o, "age_s", age);
	life = json_object_new_object();
	put(life, "p50", real(fmin(j->life_p50_s, j->life_max_s)));
	put(life, "p99", real(fmin(j->life_p99_s, j->life_max_s)));
	put(life, "max", real(j->life_max_s));
	put(o, "lifetime_s", life);
	if (s->kind == LEAKTRACE_KIND_THREAD) {
		put(o, "unjoined", number(j->unjoined));
		put(o, "zombies", number(j->zombies));
	}
	held_by = report_json_thread_owners(m, s);
	if (held_by)
		put(o, "held_by", held_by);
	if (j->finding)
		put(o, "finding", number(j->finding));
	put(o, "stack", json_string(stack ? stack_status_text(stack->status) : "unknown"));
	put(o, "frames", report_json_frames(m, s->stack));
	put_rest(o, m, s->stack);
	put(o, "released_at", releases_of(m, s));
	put(o, "examples", examples_list(m, s));
	return o;
}

static struct json_object *target_of(struct model *m)
{
	const struct target *t = &m->target;
	struct json_object *o = json_object_new_object();
	char when[64];

	format_time(t->attached_ns / 1e9 + m->wall_minus_mono_s, when, sizeof(when));
	put(o, "pid", number(t->pid));
	put(o, "comm", json_string(t->comm));
	put(o, "exe", json_string(m->exe));
	put(o, "attached_at", json_string(when));
	put(o, "window_s", real(model_end_s(m)));
	put(o, "exited", json_object_new_boolean(t->flags & LEAKTRACE_TARGET_F_EXITED));
	if (t->flags & LEAKTRACE_TARGET_F_EXITED)
		put(o, "exit_code", number(target_exit_code(t)));
	put(o, "execs", number(t->execs));
	put(o, "hostname", json_string(m->hostname));
	put(o, "kernel", json_string(m->kernel));
	return o;
}

static struct json_object *totals_of(const struct model *m)
{
	const struct target *t = &m->target;
	struct json_object *all = json_object_new_object();

	for (int k = 0; k < KINDS; k++) {
		const struct kind_totals *n = &t->kind[k];
		struct json_object *o;

		if (!n->present || !(t->kinds & 1U << k))
			continue;
		o = json_object_new_object();
		put(o, "baseline", number(n->baseline));
		put(o, "born", number(n->born));
		put(o, "died", number(n->died));
		put(o, "live", number(n->live));
		put(o, "bytes", number(k == LEAKTRACE_KIND_PAGE ? n->live * PAGE_BYTES : 0));
		put(o, "baseline_live", number(n->baseline_live));
		put(o, "live_new", number(n->live > n->baseline_live ? n->live - n->baseline_live : 0));
		put(o, "missed_births", number(n->missed_births));
		put(o, "missed_deaths", number(n->missed_deaths));
		put(o, "untracked", number(n->untracked));
		put(all, kind_name(k), o);
	}
	report_json_runtime_totals(m, all);
	return all;
}

static struct json_object *ended_of(const struct losses *l)
{
	struct json_object *list = json_object_new_array(), *o;

	for (int i = 0; i <= STACK_UNKNOWN; i++) {
		if (!l->ended[i].objects)
			continue;
		o = json_object_new_object();
		put(o, "why", json_string(i == STACK_UNKNOWN ? "not known" : stack_status_text(i)));
		put(o, "objects", number(l->ended[i].objects));
		put(o, "bytes", number(l->ended[i].bytes));
		json_object_array_add(list, o);
	}
	return list;
}

static struct json_object *losses_of(struct model *m)
{
	struct json_object *o = json_object_new_object(), *why = json_object_new_array();
	struct losses l;

	report_losses(m, &l);
	put(o, "exact", json_object_new_boolean(l.exact));
	put(o, "events", number(l.events));
	put(o, "objects", number(l.objects));
	put(o, "stacks", number(l.stacks));
	put(o, "truncated_stacks", number(l.truncated_stacks));
	put(o, "complete_stacks", real(l.complete_stacks));
	put(o, "complete_stacks_bytes", real(l.complete_bytes));
	put(o, "incomplete_stacks", ended_of(&l));
	put(o, "reconciled", number(l.reconciled));
	for (unsigned int i = 0; i < l.ninexact; i++)
		json_object_array_add(why, json_string(l.inexact[i]));
	put(o, "inexact", why);
	return o;
}

/* The baseline: counts by kind and type, with examples. */
static struct json_object *baseline_of(struct model *m)
{
	struct json_object *list = json_object_new_array(), *row[KINDS][__LEAKTRACE_TYPE_MAX] = { 0 };
	uint64_t count[KINDS][__LEAKTRACE_TYPE_MAX] = { 0 };
	size_t n;
	struct object *o = model_objects(m, 0, &n);

	for (size_t i = 0; i < n; i++) {
		unsigned int k = o[i].kind, t = o[i].type < __LEAKTRACE_TYPE_MAX ? o[i].type : 0;
		struct json_object *r = row[k][t];

		if (!(o[i].flags & LEAKTRACE_OBJECT_F_BASELINE) ||
		    o[i].flags & LEAKTRACE_OBJECT_F_EXITED)
			continue;
		if (!r) {
			r = row[k][t] = json_object_new_object();
			put(r, "kind", json_string(kind_name(k)));
			put(r, "type", json_string(type_name(t)));
			put(r, "live", number(0));
			put(r, "examples", json_object_new_array());
			json_object_array_add(list, r);
		}
		if (json_object_array_length(json_object_object_get(r, "examples")) < EXAMPLES)
			json_object_array_add(json_object_object_get(r, "examples"), example(m, &o[i]));
		count[k][t] += o[i].count;
	}
	for (int k = 0; k < KINDS; k++)
		for (int t = 0; t < __LEAKTRACE_TYPE_MAX; t++)
			if (row[k][t])
				json_object_object_add(row[k][t], "live", number(count[k][t]));
	return list;
}

static struct json_object *live_of(const struct finding *f)
{
	struct json_object *o = json_object_new_object();

	for (int k = 0; k < KINDS; k++)
		if (f->live[k])
			put(o, kind_name(k), number(f->live[k]));
	return o;
}

static struct json_object *limit_of(const struct model *m, const struct finding *f)
{
	struct json_object *o = json_object_new_object();

	put(o, "what", json_string(m->limits[f->limit].name));
	put(o, "max", number(m->limits[f->limit].max));
	put(o, "in_s", real(f->limit_s));
	return o;
}

/* The innermost frame that all parts share. */
static struct json_object *caller_of(struct model *m, const struct finding *f)
{
	const struct symbol_frame *frames;
	int n = model_frames(m, model_site(m, f->sites[0])->stack, &frames);

	return f->common && f->common <= (unsigned int)n ?
		report_json_frame(&frames[n - f->common]) : NULL;
}

/* The frame at which other call paths, whose objects are released, differ from this one. */
static struct json_object *sibling_of(struct model *m, const struct finding *f)
{
	struct json_object *o = json_object_new_object();
	const struct symbol_frame *frames;
	int n = model_frames(m, model_site(m, f->sites[0])->stack, &frames);

	put(o, "frame", f->differing_frame < n ? report_json_frame(&frames[f->differing_frame]) : NULL);
	put(o, "others_born", number(f->others_born));
	put(o, "others_died", number(f->others_died));
	return o;
}

static struct json_object *finding_of(struct model *m, const struct finding *f)
{
	const struct judgement *j = &f->judgement;
	struct json_object *o = json_object_new_object(), *list = json_object_new_array();

	for (size_t i = 0; i < f->nsites; i++)
		json_object_array_add(list, number(f->sites[i]));
	put(o, "id", number(j->finding));
	put(o, "verdict", json_string(verdict_name(j->verdict)));
	put(o, "confidence", real(j->confidence));
	put(o, "evidence", evidence_list(j));
	put(o, "sites", list);
	put(o, "born", number(f->born));
	put(o, "died", number(f->died));
	put(o, "live", live_of(f));
	put(o, "bytes", number(f->live[LEAKTRACE_KIND_PAGE] * PAGE_BYTES));
	put(o, "rate_per_min", real(j->rate_per_min));
	if (f->limit_s > 0)
		put(o, "limit", limit_of(m, f));
	if (f->nsites > 1)
		put(o, "caller", caller_of(m, f));
	if (f->differing_frame >= 0)
		put(o, "odd", sibling_of(m, f));
	return o;
}

static struct json_object *findings_of(struct model *m)
{
	struct json_object *list = json_object_new_array();
	struct report_item *items;
	size_t n = report_findings(m, &items), id = m->nfindings;

	for (size_t i = 0; i < n; i++)
		json_object_array_add(list, items[i].l ? report_json_runtime_finding(items[i].l, ++id) :
				      finding_of(m, items[i].g));
	free(items);
	return list;
}

static struct json_object *sites_of(struct model *m)
{
	struct json_object *list = json_object_new_array();
	const struct runtime_site *l = NULL;
	size_t nl = m->runtime ? runtime_sites(m->runtime, &l) : 0, k = 0, n;
	struct site **sites;

	n = report_rank(m, &sites);
	for (size_t i = 0; i <= n; i++) {
		for (; k < nl && (i == n || runtime_site_worse(&l[k], sites[i]->judgement.verdict,
							       report_weight(sites[i]))); k++)
			json_object_array_add(list, report_json_runtime_site(&l[k]));
		if (i < n)
			json_object_array_add(list, report_json_site(m, sites[i]));
	}
	free(sites);
	return list;
}

struct json_object *report_json(struct model *m)
{
	struct json_object *o = json_object_new_object(), *memory;

	put(o, "leaktrace", json_object_new_int(1));
	put(o, "target", target_of(m));
	put(o, "totals", totals_of(m));
	put(o, "losses", losses_of(m));
	memory = report_json_memory(m);
	if (memory)
		put(o, "memory", memory);
	put(o, "findings", findings_of(m));
	put(o, "sites", sites_of(m));
	put(o, "baseline", baseline_of(m));
	return o;
}

