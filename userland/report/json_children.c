// SPDX-License-Identifier: GPL-2.0
/* Child processes in the JSON report: "processes", and findings about them. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "model/children.h"
#include "model/judgement.h"
#include "model/model.h"
#include "model/target.h"
#include "report/json.h"
#include "util/json.h"

enum { EXAMPLES = 5, COMMANDS = 16 };

/* The kernel's sites have 32 bits, those of runtimes follow. */
static uint64_t site_number(enum child_group_id group)
{
	return (2ULL << 32) + group + 1;
}

static void put_counts(struct json_object *o, const struct child_group *g)
{
	json_put_number(o, "born", g->live + g->ended);
	json_put_number(o, "died", g->ended);
	json_put_number(o, "bytes", 0);
}

static struct json_object *examples_of(const struct children *c, enum child_group_id group)
{
	struct json_object *list = json_object_new_array(), *o;

	for (size_t i = 0; i < c->n && json_object_array_length(list) < EXAMPLES; i++) {
		if (!child_in_group(&c->child[i], group))
			continue;
		o = json_object_new_object();
		json_put_number(o, "id", c->child[i].pid);
		json_put(o, "what", json_string(c->child[i].comm));
		json_put_real(o, "age_s", child_age_s(c, &c->child[i]));
		json_object_array_add(list, o);
	}
	return list;
}

static struct json_object *span(double p50_s, double p99_s, double max_s, bool with_p99)
{
	struct json_object *o = json_object_new_object();

	json_put_real(o, "p50", p50_s);
	if (with_p99)
		json_put_real(o, "p99", p99_s);
	json_put_real(o, "max", max_s);
	return o;
}

/** report_json_child_site() - a group of children in the form of report_json_site() */
struct json_object *report_json_child_site(const struct model *m, enum child_group_id group)
{
	const struct children *c = &m->children;
	const struct child_group *g = &c->group[group];
	const struct judgement *j = &g->judgement;
	struct json_object *o = json_object_new_object();
	size_t n;

	json_put_number(o, "id", site_number(group));
	json_put(o, "kind", json_object_new_string("process"));
	json_put(o, "type", json_object_new_string(child_group_name(group)));
	report_json_put_judgement(o, j);
	put_counts(o, g);
	json_put_number(o, "live", g->live);
	json_put_number(o, "baseline", g->live_before);
	json_put(o, "command", json_string(children_command(c, group, &n)));
	json_put(o, "age_s", span(j->age_p50_s, 0, j->age_max_s, false));
	json_put(o, "lifetime_s", span(j->life_p50_s, j->life_p99_s, j->life_max_s, true));
	json_put(o, "frames", json_object_new_array());
	json_put(o, "released_at", json_object_new_array());
	json_put(o, "examples", examples_of(c, group));
	return o;
}

/** report_json_child_finding() - the finding of such a group */
struct json_object *report_json_child_finding(const struct model *m, enum child_group_id group, size_t id)
{
	const struct child_group *g = &m->children.group[group];
	struct json_object *o = json_object_new_object(), *sites = json_object_new_array();
	struct json_object *live = json_object_new_object();

	json_put_number(o, "id", id);
	report_json_put_judgement(o, &g->judgement);
	json_object_array_add(sites, json_number(site_number(group)));
	json_put(o, "sites", sites);
	put_counts(o, g);
	json_put_number(live, "process", g->live);
	json_put(o, "live", live);
	return o;
}

/* The children of one command, which stand side by side. */
static struct json_object *command_of(const struct children *c, const struct child **p, size_t n)
{
	struct json_object *o = json_object_new_object();
	uint64_t zombies = 0, untraced = 0;
	double oldest_s = 0, newest_s = INFINITY;

	for (size_t i = 0; i < n; i++) {
		zombies += p[i]->zombie;
		untraced += !p[i]->traced;
		oldest_s = fmax(oldest_s, child_age_s(c, p[i]));
		newest_s = fmin(newest_s, child_age_s(c, p[i]));
	}
	json_put(o, "command", json_string(p[0]->comm));
	json_put_number(o, "children", n);
	json_put_number(o, "zombies", zombies);
	json_put_number(o, "untraced", untraced);
	json_put_real(o, "oldest_s", oldest_s);
	json_put_real(o, "newest_s", newest_s);
	return o;
}

static struct json_object *commands_of(const struct children *c)
{
	struct json_object *list = json_object_new_array();
	size_t from = 0, n;
	const struct child **p = children_by_command(c, CHILD_GROUPS, &n);

	for (size_t i = 1; i <= n && json_object_array_length(list) < COMMANDS; i++) {
		if (i < n && !strcmp(p[i]->comm, p[from]->comm))
			continue;
		json_object_array_add(list, command_of(c, &p[from], i - from));
		from = i;
	}
	free(p);
	return list;
}

/** report_json_processes() - who was looked at; NULL: nobody knows */
struct json_object *report_json_processes(const struct model *m)
{
	const struct children *c = &m->children;
	struct json_object *o;

	if (!c->known)
		return NULL;
	o = json_object_new_object();
	json_put_number(o, "children", c->total);
	json_put_number(o, "zombies", c->zombies);
	json_put_number(o, "untraced", c->untraced);
	json_put_number(o, "dropped", m->target.children_dropped);
	json_put(o, "commands", commands_of(c));
	return o;
}
