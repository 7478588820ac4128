// SPDX-License-Identifier: GPL-2.0
/*
 * Data from language runtimes in the JSON report: sites, findings, totals, and
 * what occupies threads.
 */
#include <stdio.h>
#include <string.h>

#include <json-c/json.h>

#include "analysis/thread_owner.h"
#include "model/judgement.h"
#include "model/model.h"
#include "model/runtime.h"
#include "model/site.h"
#include "model/site_hash.h"
#include "report/json.h"
#include "symbolize/frame.h"
#include "util/json.h"

/*
 * Samples show no creations and releases, only differences. A site's live
 * objects in the first sample are counted as created; in the totals they are
 * baseline.
 */
static void put_counts(struct json_object *o, uint64_t baseline, uint64_t live, uint64_t bytes,
		       bool site)
{
	uint64_t most = live > baseline ? live : baseline;

	json_put_number(o, "baseline", baseline);
	json_put_number(o, "born", site ? most : most - baseline);
	json_put_number(o, "died", most - live);
	json_put_number(o, "live", live);
	json_put_number(o, "bytes", bytes);
}

static struct json_object *span(double p50_s, double max_s)
{
	struct json_object *o = json_object_new_object();

	json_put_real(o, "p50", p50_s);
	json_put_real(o, "max", max_s);
	return o;
}

static struct json_object *holder_of(const struct runtime_site *s)
{
	struct json_object *o = json_object_new_object(), *chain = json_object_new_array();

	json_put(o, "root", json_object_new_string(s->holder->root));
	for (const char *c = s->holder->chain; *c; c += strcspn(c, "\n"), c += *c == '\n')
		json_object_array_add(chain, json_object_new_string_len(c, strcspn(c, "\n")));
	json_put(o, "chain", chain);
	json_put_number(o, "bytes", s->bytes);
	json_put_number(o, "grown_bytes", s->holder->grown_bytes);
	return o;
}

/** report_json_runtime_site() - as report_json_site(), for a runtime's site */
struct json_object *report_json_runtime_site(const struct runtime_site *s)
{
	struct json_object *o = json_object_new_object(), *life = span(0, 0);
	char hash[SITE_HASH_DIGITS + 1];

	json_put_number(o, "id", runtime_site_number(s));
	json_put(o, "hash", json_object_new_string(runtime_site_hash(s, hash)));
	json_put(o, "kind", json_object_new_string(s->kind));
	json_put(o, "type", json_object_new_string(s->type));
	report_json_put_judgement(o, s->judgement);
	put_counts(o, s->baseline, s->live, s->bytes, true);
	json_put(o, "age_s", span(0, s->age_max_s));
	json_put_real(life, "p99", 0);
	json_put(o, "lifetime_s", life);
	json_put_number(o, "in_thread", s->in_thread);
	report_json_put_frames(o, s->frames, s->nframes, runtime_site_blamed_frame(s));
	if (s->by)
		json_put(o, "created_by", report_json_frame(s->by));
	if (s->holder) {
		struct json_object *holders = json_object_new_array();

		json_object_array_add(holders, holder_of(s));
		json_put(o, "holders", holders);
	}
	json_put(o, "released_at", json_object_new_array());
	json_put(o, "examples", json_object_new_array());
	return o;
}

/** report_json_runtime_finding() - a finding of one site */
struct json_object *report_json_runtime_finding(const struct runtime_site *s, size_t id)
{
	struct json_object *o = json_object_new_object(), *list = json_object_new_array();
	struct json_object *live = json_object_new_object();

	json_put_number(o, "id", id);
	report_json_put_judgement(o, s->judgement);
	json_object_array_add(list, json_object_new_uint64(runtime_site_number(s)));
	json_put(o, "sites", list);
	put_counts(o, s->baseline, s->live, s->bytes, true);
	json_put_number(live, s->kind, s->live);
	json_put(o, "live", live);
	return o;
}

/** report_json_runtime_totals() - add the runtime's kinds to the totals */
void report_json_runtime_totals(const struct model *m, struct json_object *totals)
{
	struct runtime_total rows[RUNTIME_KINDS];
	int n = runtime_totals(m->runtime, rows);

	for (int k = 0; k < n; k++) {
		struct json_object *o = json_object_new_object();

		put_counts(o, rows[k].baseline, rows[k].live, rows[k].bytes, false);
		json_put(totals, rows[k].kind, o);
	}
}

/** report_json_thread_owners() - what occupies the threads of a site; NULL: unknown */
struct json_object *report_json_thread_owners(struct model *m, const struct site *s)
{
	const struct runtime_site *holders[OWNERS_MAX];
	size_t n = s->kind == LEAKTRACE_KIND_THREAD ? thread_owners(m, s->stack, holders) : 0;
	struct json_object *list = n ? json_object_new_array() : NULL;

	for (size_t i = 0; i < n; i++) {
		struct json_object *o = json_object_new_object();

		json_put_number(o, "site", runtime_site_number(holders[i]));
		json_put_number(o, "threads", holders[i]->in_thread);
		report_json_put_frames(o, holders[i]->frames, holders[i]->nframes,
				       runtime_site_blamed_frame(holders[i]));
		json_object_array_add(list, o);
	}
	return list;
}
