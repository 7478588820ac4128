// SPDX-License-Identifier: GPL-2.0
/* A Go program as JSON: sites as in the report, of further kinds. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/judgement.h"
#include "runtime/go/judge.h"
#include "runtime/go/process.h"
#include "runtime/go/report.h"
#include "runtime/go/view.h"
#include "symbolize/frame.h"
#include "util/format.h"
#include "util/json.h"

static void put_string(struct json_object *o, const char *key, const char *s)
{
	json_put(o, key, json_string(s));
}

static struct json_object *frame(const struct symbol_frame *f)
{
	struct json_object *o = json_object_new_object();

	put_string(o, "function", f->function);
	put_string(o, "file", f->file);
	json_put_number(o, "line", f->line);
	put_string(o, "module", f->module);
	put_string(o, "build_id", f->build_id);
	json_put_number(o, "offset", f->offset);
	json_put(o, "inlined", json_object_new_boolean(f->inlined));
	return o;
}

static struct json_object *frames_of(struct go_view *v, struct go_site *s)
{
	struct json_object *list = json_object_new_array();
	const struct symbol_frame *f;
	int n = go_site_frames(v, s, &f);

	for (int i = 0; i < n; i++)
		json_object_array_add(list, frame(&f[i]));
	return list;
}

static void put_judgement(struct json_object *o, const struct judgement *j)
{
	struct json_object *list = json_object_new_array();

	put_string(o, "verdict", verdict_name(j->verdict));
	json_put_real(o, "confidence", j->confidence);
	for (int i = 0; i < EVIDENCE_MAX && j->evidence[i]; i++)
		json_object_array_add(list, json_object_new_string(j->evidence[i]));
	json_put(o, "evidence", list);
	json_put_real(o, "rate_per_min", j->rate_per_min);
}

static struct json_object *site(struct go_view *v, struct go_site *s, size_t id)
{
	struct json_object *o = json_object_new_object(), *series = json_object_new_array();
	const struct symbol_frame *by = go_site_creator(v, s);

	json_put_number(o, "id", id);
	put_string(o, "kind", go_kind_name(s->kind));
	put_string(o, "type", s->type);
	put_judgement(o, &s->judgement);
	json_put_number(o, "live", s->live);
	json_put_number(o, "bytes", s->bytes);
	if (s->kind == GO_HEAP) {
		json_put_number(o, "object_bytes", s->size_bytes);
		json_put_number(o, "born", s->allocs);
		json_put_number(o, "born_bytes", s->alloc_bytes);
	}
	for (unsigned int i = 0; i < v->snapshots; i++)
		json_object_array_add(series, json_object_new_uint64(s->series[i]));
	json_put(o, "series", series);
	if (s->kind == GO_GOROUTINE) {
		json_put_number(o, "proven", s->proven);
		json_put_number(o, "in_thread", s->in_thread);
		json_put_real(o, "age_max_s", s->age_max_ns / 1e9);
		json_put(o, "system", json_object_new_boolean(s->system));
	}
	json_put(o, "frames", frames_of(v, s));
	if (by)
		json_put(o, "created_by", frame(by));
	return o;
}

static struct json_object *target_of(const struct go_view *v)
{
	struct json_object *o = json_object_new_object();
	char when[64];

	format_time(v->wall_s, when, sizeof(when));
	json_put_number(o, "pid", v->process->pid);
	json_put_number(o, "start_ticks", v->process->start_ticks);
	put_string(o, "comm", v->process->comm);
	put_string(o, "go", v->process->table.version);
	put_string(o, "read_at", when);
	json_put_real(o, "window_s", v->snapshots ? v->at_s[v->snapshots - 1] : 0);
	json_put_number(o, "looks", v->snapshots);
	json_put_number(o, "threads", v->counts.threads);
	json_put_number(o, "rss_bytes", v->counts.rss_bytes);
	if (v->counts.memory_known) {
		json_put_number(o, "heap_live_bytes", v->counts.gc_live);
		json_put_number(o, "heap_marked_bytes", v->counts.gc_marked);
		json_put_number(o, "heap_goal_bytes", v->counts.gc_goal);
		json_put_number(o, "heap_in_use_bytes", v->counts.gc_in_use);
		json_put_number(o, "heap_idle_bytes", v->counts.gc_free);
	}
	return o;
}

static struct json_object *totals_of(const struct go_counts *c)
{
	struct json_object *o = json_object_new_object(), *kind = json_object_new_object();

	json_put_number(kind, "live", c->goroutines);
	json_put_number(kind, "running", c->running);
	json_put_number(kind, "system", c->system);
	json_put(o, "goroutine", kind);
	if (!c->timers_unknown) {
		kind = json_object_new_object();
		json_put_number(kind, "live", c->timers);
		json_put(o, "gotimer", kind);
	}
	kind = json_object_new_object();
	put_string(kind, "profile", c->heap_off ? "off" : c->heap_unknown ? "unknown" : "on");
	json_put_number(kind, "rate_bytes", c->heap_rate);
	json_put_number(kind, "cycle", c->heap_cycle);
	json_put(o, "goheap", kind);
	return o;
}

static struct json_object *growth_of(const struct go_held_growth *g)
{
	struct json_object *o = json_object_new_object(), *chain = json_object_new_array();

	put_string(o, "verdict", verdict_name(g->is_steady ? VERDICT_SUSPECT : VERDICT_OK));
	put_string(o, "root", g->root);
	for (const char *c = g->chain; *c; c += strcspn(c, "\n"), c += *c == '\n')
		json_object_array_add(chain, json_object_new_string_len(c, strcspn(c, "\n")));
	json_put(o, "chain", chain);
	json_put_number(o, "bytes", g->bytes);
	json_put_number(o, "grown_bytes", g->grown_bytes);
	return o;
}

/** go_json() - all samples with verdicts; the caller releases it */
struct json_object *go_json(struct go_view *v)
{
	struct json_object *o = json_object_new_object(), *list = json_object_new_array(), *losses;
	struct go_site **sites;
	size_t n = go_rank(v, &sites);

	json_put_number(o, "leaktrace", 1);
	json_put(o, "target", target_of(v));
	json_put(o, "totals", totals_of(&v->counts));
	losses = json_object_new_object();
	json_put_number(losses, "retried", v->counts.retried);
	json_put_number(losses, "given_up", v->counts.given_up);
	json_put_number(losses, "incomplete_stacks", v->counts.incomplete);
	json_put_number(losses, "unsorted", v->counts.unsorted + v->counts.unplaced);
	json_put(o, "losses", losses);
	for (size_t i = 0; i < n; i++)
		json_object_array_add(list, site(v, sites[i], i + 1));
	json_put(o, "sites", list);
	list = json_object_new_array();
	for (size_t i = 0; i < v->held.n; i++)
		json_object_array_add(list, growth_of(&v->held.growth[i]));
	json_put(o, "grown", list);
	free(sites);
	return o;
}
