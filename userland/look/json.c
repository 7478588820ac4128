// SPDX-License-Identifier: GPL-2.0
/* The JSON of a report, and what only looks have. */
#include <stdlib.h>

#include <json-c/json.h>

#include "look/look.h"
#include "look/summary.h"
#include "model/kind.h"
#include "report/json.h"
#include "report/ledger.h"
#include "util/json.h"
#include "util/units.h"

static struct json_object *limits_of(const struct look *l)
{
	struct json_object *list = json_object_new_array(), *o;
	struct look_limit n;

	for (unsigned int i = 0; i < LOOK_LIMITS; i++) {
		look_limit(l, i, &n);
		if (!n.limit->max)
			continue;
		o = json_object_new_object();
		json_put(o, "what", json_string(n.limit->name));
		json_put_number(o, "max", n.limit->max);
		json_put_real(o, "used", n.share);
		json_put_real(o, "per_min", n.per_min);
		json_put_real(o, "in_s", n.in_s);
		json_object_array_add(list, o);
	}
	return list;
}

static struct json_object *groups_of(const struct look *l)
{
	struct json_object *list = json_object_new_array(), *o;
	const struct look_group **g;
	size_t n = look_groups_ranked(l, &g);

	for (size_t i = 0; i < n; i++) {
		o = json_object_new_object();
		json_put(o, "kind", json_string(kind_name(g[i]->kind)));
		json_put(o, "type", json_string(type_name(g[i]->type)));
		json_put(o, "name", json_string(g[i]->name));
		json_put_number(o, "baseline", g[i]->baseline);
		json_put_number(o, "live", g[i]->live);
		json_put_number(o, "bytes", g[i]->kind == LEAKTRACE_KIND_PAGE ? g[i]->live * PAGE_BYTES : 0);
		if (g[i]->site)
			json_put_number(o, "site", g[i]->site);
		json_object_array_add(list, o);
	}
	free(g);
	return list;
}

/* Instead of a call path. */
static void name_sites(const struct look *l, struct json_object *report)
{
	struct json_object *sites = json_object_object_get(report, "sites");

	for (size_t i = 0; sites && i < json_object_array_length(sites); i++) {
		struct json_object *o = json_object_array_get_idx(sites, i);
		uint64_t id = json_object_get_uint64(json_object_object_get(o, "id"));
		const struct look_group *g = id <= l->model.nsites ? look_group_of_site(l, id) : NULL;

		if (g)
			json_put(o, "group", json_string(g->name));
	}
}

/** look_json() - what was seen; the caller owns it */
struct json_object *look_json(struct look *l)
{
	struct json_object *report = report_json(&l->model), *look = json_object_new_object();
	const struct ledger *ledger = &l->model.ledger;
	struct json_object *list = json_object_new_array();
	char *advice[LOOK_ADVICE_MAX];
	int n = look_advice(l, advice);

	for (int i = 0; i < n; i++) {
		json_object_array_add(list, json_string(advice[i]));
		free(advice[i]);
	}
	json_put_number(look, "looks", l->looks);
	json_put(look, "no_module", json_string(l->absent));
	json_put(look, "limits", limits_of(l));
	json_put(look, "groups", groups_of(l));
	if (ledger->malloc_first.known && ledger->malloc_last.known) {
		json_put(look, "heap_first", report_json_malloc(&ledger->malloc_first));
		json_put(look, "heap_last", report_json_malloc(&ledger->malloc_last));
	}
	json_put(look, "not_seen", list);
	json_put(report, "look", look);
	name_sites(l, report);
	return report;
}
