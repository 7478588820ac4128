// SPDX-License-Identifier: GPL-2.0
/*
 * The JSON of the contract, version 1. Keys are added, never changed.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/blame.h"
#include "analysis/heap_estimate.h"
#include "analysis/heap_growth.h"
#include "model/finding.h"
#include "model/judgement.h"
#include "model/kind.h"
#include "model/limits.h"
#include "model/model.h"
#include "model/object.h"
#include "model/object_describe.h"
#include "model/runtime.h"
#include "model/site.h"
#include "model/site_hash.h"
#include "model/target.h"
#include "model/workload_json.h"
#include "report/growth.h"
#include "report/json.h"
#include "report/ledger.h"
#include "report/report.h"
#include "symbolize/frame.h"
#include "symbolize/library.h"
#include "symbolize/stack.h"
#include "util/format.h"
#include "util/json.h"
#include "util/units.h"

enum { EXAMPLES = 5 };

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

	json_put(o, "function", json_string(f->function));
	json_put(o, "file", json_string(f->file));
	json_put(o, "line", json_object_new_int(f->line));
	json_put(o, "module", json_string(f->module));
	json_put(o, "build_id", json_string(f->build_id));
	json_put(o, "offset", json_number(f->offset));
	json_put(o, "inlined", json_object_new_boolean(f->inlined));
	if (f->inferred)
		json_put(o, "inferred", json_object_new_boolean(true));
	if (f->tail_call)
		json_put(o, "tail_call", json_object_new_boolean(true));
	json_put(o, "language", json_string(frame_language(f)));
	if (f->script)
		json_put(o, "script", json_object_new_boolean(true));
	if (frame_is_library(f))
		json_put(o, "machinery", json_object_new_boolean(true));
	return o;
}

static struct json_object *frames_of(const struct symbol_frame *f, int n)
{
	struct json_object *list = json_object_new_array();

	for (int i = 0; i < n; i++)
		json_object_array_add(list, report_json_frame(&f[i]));
	return list;
}

void report_json_put_frames(struct json_object *o, const struct symbol_frame *frames, int n,
			    const struct symbol_frame *mine)
{
	json_put(o, "frames", frames_of(frames, n));
	for (int i = 0; i < n; i++)
		if (&frames[i] == mine)
			json_put(o, "blame", json_object_new_int(i));
}

static void put_stack(struct json_object *o, struct model *m, uint32_t stack, const struct symbol_frame *mine)
{
	const struct symbol_frame *f;
	int n = model_frames(m, stack, &f);

	report_json_put_frames(o, f, n, mine);
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
	json_put(said, "stack", json_string(stack_status_text(rest->status)));
	json_put(said, "frames", frames_of(f, n));
	json_put(o, "rest", said);
}

static struct json_object *releases_of(struct model *m, const struct site *s)
{
	struct json_object *list = json_object_new_array();

	for (unsigned int i = 0; i < s->releases; i++) {
		struct json_object *o = json_object_new_object();

		json_put(o, "share", real(s->died ? fmin(1, (double)s->release[i].count / s->died) : 0));
		json_put(o, "count", json_number(s->release[i].count));
		put_stack(o, m, s->release[i].stack, blamed_frame_of_stack(m, s->release[i].stack));
		json_object_array_add(list, o);
	}
	return list;
}

static struct json_object *example(struct model *m, const struct object *object)
{
	struct json_object *o = json_object_new_object();
	uint64_t end = model_end_ns(m);
	char *what = object_describe(m, object);

	json_put(o, "id", json_number(object->id));
	json_put(o, "what", json_string(what ?: type_name(object->type)));
	free(what);
	json_put(o, "age_s", real(object->born_ns && end > object->born_ns ?
				  (end - object->born_ns) / 1e9 : model_end_s(m)));
	if (object->count > 1)
		json_put(o, "pages", json_number(object->count));
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

static void put_counts(struct json_object *o, const struct site *s)
{
	json_put(o, "born", json_number(s->born));
	json_put(o, "died", json_number(s->died));
	json_put(o, "live", json_number(site_live(s)));
	json_put(o, "bytes", json_number(s->kind == LEAKTRACE_KIND_PAGE ? site_live(s) * PAGE_BYTES : 0));
}

static struct json_object *interval_of(const struct heap_sums *sums)
{
	struct json_object *o = json_object_new_object(), *both = json_object_new_array();
	struct heap_interval i = heap_sums_interval(sums);

	json_object_array_add(both, json_number(llround(i.low)));
	json_object_array_add(both, json_number(llround(i.high)));
	json_put(o, "bytes", both);
	return o;
}

/* Of samples: what they stand for. */
static void put_estimate(struct json_object *o, struct model *m, const struct site *s)
{
	struct heap_estimate e;
	struct heap_sums sums;

	heap_sums_of_sites(m, &s->id, 1, &sums);
	heap_estimate_site(m, s, &e);
	json_put(o, "born", json_number(e.live + e.died));
	json_put(o, "died", json_number(e.died));
	json_put(o, "live", json_number(e.live));
	json_put(o, "bytes", json_number(e.live_bytes));
	json_put(o, "sampled", json_object_new_boolean(true));
	json_put(o, "samples", json_number(sums.samples));
	json_put(o, "interval", interval_of(&sums));
}

static struct json_object *evidence_list(const struct judgement *j)
{
	struct json_object *list = json_object_new_array();

	for (int i = 0; i < EVIDENCE_MAX && j->evidence[i]; i++)
		json_object_array_add(list, json_string(j->evidence[i]));
	return list;
}

void report_json_put_judgement(struct json_object *o, const struct judgement *j)
{
	json_put(o, "verdict", json_string(verdict_name(j->verdict)));
	json_put_real(o, "confidence", j->confidence);
	json_put(o, "evidence", evidence_list(j));
	json_put_real(o, "rate_per_min", j->rate_per_min);
}

/* Blocks that a sample stands for, on average; 1 for what is counted. */
static double per_object(struct model *m, const uint32_t *sites, size_t n)
{
	struct heap_sums sums;

	heap_sums_of_sites(m, sites, n, &sums);
	return sums.samples ? sums.blocks / sums.samples : 1;
}

struct json_object *report_json_site(struct model *m, const struct site *s)
{
	const struct judgement *j = &s->judgement;
	const struct stack *stack = model_stack(m, s->stack);
	struct json_object *o = json_object_new_object(), *age, *life, *held_by;
	char hash[SITE_HASH_DIGITS + 1];

	json_put(o, "id", json_number(s->id));
	json_put(o, "hash", json_string(site_hash(m, s, hash)));
	json_put(o, "kind", json_string(kind_name(s->kind)));
	json_put(o, "type", json_string(type_name(s->type)));
	json_put(o, "verdict", json_string(verdict_name(j->verdict)));
	json_put(o, "confidence", real(j->confidence));
	json_put(o, "evidence", evidence_list(j));
	if (j->first_touch)
		json_put(o, "first_touch", json_object_new_boolean(true));
	if (s->kind == LEAKTRACE_KIND_HEAP)
		put_estimate(o, m, s);
	else
		put_counts(o, s);
	json_put(o, "rate_per_min", real(j->rate_per_min * per_object(m, &s->id, 1)));
	age = json_object_new_object();
	json_put(age, "p50", real(j->age_p50_s));
	json_put(age, "max", real(j->age_max_s));
	json_put(o, "age_s", age);
	life = json_object_new_object();
	json_put(life, "p50", real(fmin(j->life_p50_s, j->life_max_s)));
	json_put(life, "p99", real(fmin(j->life_p99_s, j->life_max_s)));
	json_put(life, "max", real(j->life_max_s));
	json_put(o, "lifetime_s", life);
	if (s->kind == LEAKTRACE_KIND_THREAD) {
		json_put(o, "unjoined", json_number(j->unjoined));
		json_put(o, "zombies", json_number(j->zombies));
	}
	held_by = report_json_thread_owners(m, s);
	if (held_by)
		json_put(o, "held_by", held_by);
	if (j->finding)
		json_put(o, "finding", json_number(j->finding));
	json_put(o, "stack", json_string(stack ? stack_status_text(stack->status) : "unknown"));
	put_stack(o, m, s->stack, blamed_frame_of_site(m, s));
	put_rest(o, m, s->stack);
	json_put(o, "released_at", releases_of(m, s));
	json_put(o, "examples", examples_list(m, s));
	return o;
}

static struct json_object *target_of(struct model *m)
{
	const struct target *t = &m->target;
	struct json_object *o = json_object_new_object();
	char when[64];

	format_time(t->attached_ns / 1e9 + m->wall_minus_mono_s, when, sizeof(when));
	json_put(o, "pid", json_number(t->pid));
	json_put(o, "comm", json_string(t->comm));
	json_put(o, "exe", json_string(m->exe));
	json_put(o, "attached_at", json_string(when));
	json_put(o, "window_s", real(model_end_s(m)));
	json_put(o, "too_short", json_object_new_boolean(report_too_short(m)));
	json_put(o, "exited", json_object_new_boolean(t->flags & LEAKTRACE_TARGET_F_EXITED));
	if (t->flags & LEAKTRACE_TARGET_F_EXITED && !m->outside)
		json_put(o, "exit_code", json_number(target_exit_code(t)));
	if (m->oom_killed)
		json_put(o, "oom_killed", json_object_new_boolean(true));
	json_put(o, "execs", json_number(t->execs));
	json_put(o, "hostname", json_string(m->hostname));
	json_put(o, "kernel", json_string(m->kernel));
	workload_put_json(o, &m->workload);
	return o;
}

static uint64_t bytes_of(struct model *m, int kind)
{
	if (kind == LEAKTRACE_KIND_HEAP)
		return heap_live_bytes(m);
	return kind == LEAKTRACE_KIND_PAGE ? m->target.kind[kind].live * PAGE_BYTES : 0;
}

static struct json_object *totals_of(struct model *m)
{
	const struct target *t = &m->target;
	struct json_object *all = json_object_new_object();

	for (int k = 0; k < KINDS; k++) {
		const struct kind_totals *n = &t->kind[k];
		struct json_object *o;

		if (!n->present || !(t->kinds & 1U << k))
			continue;
		o = json_object_new_object();
		json_put(o, "baseline", json_number(n->baseline));
		json_put(o, "born", json_number(n->born));
		json_put(o, "died", json_number(n->died));
		json_put(o, "live", json_number(n->live));
		json_put(o, "bytes", json_number(bytes_of(m, k)));
		json_put(o, "baseline_live", json_number(n->baseline_live));
		json_put(o, "live_new", json_number(n->live > n->baseline_live ? n->live - n->baseline_live : 0));
		json_put(o, "missed_births", json_number(n->missed_births));
		json_put(o, "missed_deaths", json_number(n->missed_deaths));
		json_put(o, "untracked", json_number(n->untracked));
		json_put(all, kind_name(k), o);
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
		json_put(o, "why", json_string(i == STACK_UNKNOWN ? "not known" : stack_status_text(i)));
		json_put(o, "objects", json_number(l->ended[i].objects));
		json_put(o, "bytes", json_number(l->ended[i].bytes));
		json_object_array_add(list, o);
	}
	return list;
}

static struct json_object *missing_debug_of(const struct losses *l)
{
	struct json_object *o = json_object_new_object();

	json_put(o, "file", json_string(l->missing_debug.file));
	json_put(o, "module", json_string(l->missing_debug.module));
	json_put(o, "files", json_number(l->missing_debug.files));
	return o;
}

static struct json_object *losses_of(struct model *m)
{
	struct json_object *o = json_object_new_object(), *why = json_object_new_array();
	struct losses l;

	report_losses(m, &l);
	json_put(o, "exact", json_object_new_boolean(l.exact));
	json_put(o, "events", json_number(l.events));
	json_put(o, "objects", json_number(l.objects));
	json_put(o, "stacks", json_number(l.stacks));
	json_put(o, "truncated_stacks", json_number(l.truncated_stacks));
	json_put(o, "complete_stacks", real(l.complete_stacks));
	json_put(o, "complete_stacks_bytes", real(l.complete_bytes));
	json_put(o, "incomplete_stacks", ended_of(&l));
	json_put(o, "skipped", json_number(l.skipped));
	json_put(o, "reconciled", json_number(l.reconciled));
	for (unsigned int i = 0; i < l.ninexact; i++)
		json_object_array_add(why, json_string(l.inexact[i]));
	json_put(o, "inexact", why);
	if (l.missing_debug.files)
		json_put(o, "missing_debug", missing_debug_of(&l));
	if (*l.unknown_script)
		json_put(o, "unknown_script", json_string(l.unknown_script));
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
			json_put(r, "kind", json_string(kind_name(k)));
			json_put(r, "type", json_string(type_name(t)));
			json_put(r, "live", json_number(0));
			json_put(r, "examples", json_object_new_array());
			json_object_array_add(list, r);
		}
		if (json_object_array_length(json_object_object_get(r, "examples")) < EXAMPLES)
			json_object_array_add(json_object_object_get(r, "examples"), example(m, &o[i]));
		count[k][t] += o[i].count;
	}
	for (int k = 0; k < KINDS; k++)
		for (int t = 0; t < __LEAKTRACE_TYPE_MAX; t++)
			if (row[k][t])
				json_object_object_add(row[k][t], "live", json_number(count[k][t]));
	return list;
}

static struct json_object *live_of(const struct finding *f)
{
	struct json_object *o = json_object_new_object();

	for (int k = 0; k < KINDS; k++)
		if (f->live[k])
			json_put(o, kind_name(k), json_number(f->live[k]));
	return o;
}

static struct json_object *limit_of(const struct model *m, const struct finding *f)
{
	struct json_object *o = json_object_new_object();

	json_put(o, "what", json_string(m->limits[f->limit].name));
	json_put(o, "max", json_number(m->limits[f->limit].max));
	json_put(o, "in_s", real(f->limit_s));
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

	json_put(o, "frame", f->differing_frame < n ? report_json_frame(&frames[f->differing_frame]) : NULL);
	json_put(o, "others_born", json_number(f->others_born));
	json_put(o, "others_died", json_number(f->others_died));
	return o;
}

/* The processes of one report in which this finding is alike. */
static struct json_object *shares_of(const struct finding *f)
{
	struct json_object *list = json_object_new_array(), *o;

	for (size_t i = 0; i < f->nshares; i++) {
		o = json_object_new_object();
		json_put(o, "pid", json_number(f->shares[i].pid));
		json_put(o, "live", json_number(f->shares[i].live));
		json_object_array_add(list, o);
	}
	return list;
}

/* Of samples: what they stand for; the pages of the same finding are not added. */
static void put_finding_bytes(struct json_object *o, struct model *m, const struct finding *f)
{
	struct heap_sums sums;

	if (!f->live[LEAKTRACE_KIND_HEAP]) {
		json_put(o, "bytes", json_number(f->live[LEAKTRACE_KIND_PAGE] * PAGE_BYTES));
		return;
	}
	heap_sums_of_sites(m, f->sites, f->nsites, &sums);
	json_put(o, "bytes", json_number(llround(sums.bytes)));
	json_put(o, "sampled", json_object_new_boolean(true));
	json_put(o, "interval", interval_of(&sums));
}

static struct json_object *finding_of(struct model *m, const struct finding *f)
{
	const struct judgement *j = &f->judgement;
	struct json_object *o = json_object_new_object(), *list = json_object_new_array();

	for (size_t i = 0; i < f->nsites; i++)
		json_object_array_add(list, json_number(f->sites[i]));
	json_put(o, "id", json_number(j->finding));
	json_put(o, "verdict", json_string(verdict_name(j->verdict)));
	json_put(o, "confidence", real(j->confidence));
	json_put(o, "evidence", evidence_list(j));
	if (j->first_touch)
		json_put(o, "first_touch", json_object_new_boolean(true));
	if (j->first_touch && heap_growth_owner(m, f))
		json_put(o, "allocator", json_string(heap_growth_owner(m, f)));
	json_put(o, "sites", list);
	json_put(o, "born", json_number(f->born));
	json_put(o, "died", json_number(f->died));
	json_put(o, "live", live_of(f));
	put_finding_bytes(o, m, f);
	json_put(o, "rate_per_min", real(j->rate_per_min * per_object(m, f->sites, f->nsites)));
	if (f->small)
		json_put(o, "small", json_object_new_boolean(true));
	if (f->limit_s > 0)
		json_put(o, "limit", limit_of(m, f));
	if (f->nshares)
		json_put(o, "processes", shares_of(f));
	if (f->nsites > 1) {
		json_put(o, "joined_by", json_string(cause_name(f->cause)));
		json_put(o, "caller", caller_of(m, f));
	}
	if (f->differing_frame >= 0)
		json_put(o, "odd", sibling_of(m, f));
	return o;
}

static struct json_object *findings_of(struct model *m)
{
	struct json_object *list = json_object_new_array();
	struct report_item *items;
	size_t n = report_findings(m, &items), id = m->nfindings;

	for (size_t i = 0; i < n; i++)
		json_object_array_add(list, items[i].l ? report_json_runtime_finding(items[i].l, ++id) :
				      items[i].children ? report_json_child_finding(m, items[i].group, ++id) :
				      items[i].kept_free ? report_json_kept_free(m, ++id) :
				      finding_of(m, items[i].g));
	free(items);
	return list;
}

/* Adds the groups of children that are worse than what follows, each once. */
static void add_children(struct json_object *list, const struct model *m, unsigned int *told, const struct site *next)
{
	for (int g = 0; g < CHILD_GROUPS; g++) {
		const struct judgement *j = &m->children.group[g].judgement;

		if (*told & 1U << g || j->verdict == VERDICT_OK ||
		    (next && judgement_order(j, j->weight, &next->judgement, report_weight(next)) > 0))
			continue;
		*told |= 1U << g;
		json_object_array_add(list, report_json_child_site(m, g));
	}
}

static struct json_object *sites_of(struct model *m)
{
	struct json_object *list = json_object_new_array();
	const struct runtime_site *l = NULL;
	size_t nl = m->runtime ? runtime_sites(m->runtime, &l) : 0, k = 0, n;
	struct site **sites;
	unsigned int told = 0;

	n = report_rank(m, &sites);
	for (size_t i = 0; i <= n; i++) {
		for (; k < nl && (i == n || runtime_site_worse(&l[k], sites[i]->judgement.verdict,
							       report_weight(sites[i]))); k++)
			json_object_array_add(list, report_json_runtime_site(&l[k]));
		add_children(list, m, &told, i < n ? sites[i] : NULL);
		if (i < n)
			json_object_array_add(list, report_json_site(m, sites[i]));
	}
	free(sites);
	return list;
}

struct json_object *report_json(struct model *m)
{
	struct json_object *o = json_object_new_object(), *memory, *ledger, *growth, *processes;

	json_put(o, "leaktrace", json_object_new_int(1));
	json_put(o, "target", target_of(m));
	json_put(o, "totals", totals_of(m));
	json_put(o, "losses", losses_of(m));
	memory = report_json_memory(m);
	if (memory)
		json_put(o, "memory", memory);
	ledger = report_json_ledger(m);
	if (ledger)
		json_put(o, "ledger", ledger);
	growth = report_json_growth(m);
	if (growth)
		json_put(o, "growth", growth);
	processes = report_json_processes(m);
	if (processes)
		json_put(o, "processes", processes);
	json_put(o, "findings", findings_of(m));
	json_put(o, "sites", sites_of(m));
	json_put(o, "baseline", baseline_of(m));
	return o;
}

