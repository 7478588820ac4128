// SPDX-License-Identifier: GPL-2.0
/* One look at a host as JSON. */
#include <stdlib.h>

#include "host/line.h"
#include "model/workload_json.h"
#include "util/json.h"

static struct json_object *resource_json(const struct host_row *row, enum host_resource which)
{
	struct json_object *o = json_object_new_object();
	const struct limit *l = &row->limit[which];

	json_put_number(o, "now", row->now[which]);
	json_put_real(o, "per_min", row->per_min[which]);
	if (l->max) {
		json_put_number(o, "max", l->max);
		json_put(o, "limit", json_string(l->name));
		json_put_real(o, "share", host_row_share(row, which));
	}
	if (row->in_s[which])
		json_put_real(o, "limit_in_s", row->in_s[which]);
	return o;
}

struct json_object *host_row_json(const struct host_row *row)
{
	struct json_object *o = json_object_new_object();

	if (row->pid) {
		json_put_number(o, "pid", row->pid);
		json_put(o, "comm", json_string(row->comm));
	} else {
		json_put_number(o, "processes", row->processes);
	}
	workload_put_json(o, &row->workload);
	for (int i = 0; i < HOST_RESOURCES; i++)
		if (row->known[i])
			json_put(o, host_resource_name(i), resource_json(row, i));
	json_put(o, "nearest", json_string(host_resource_name(host_row_nearest(row))));
	return o;
}

static struct json_object *rows_json(const struct host_table *t, bool groups, enum host_order order)
{
	struct host_row **row = host_table_sorted(t, groups, order);
	struct json_object *list = row ? json_object_new_array() : NULL;

	for (size_t i = 0; row && i < (groups ? t->ngroups : t->n); i++)
		json_object_array_add(list, host_row_json(row[i]));
	free(row);
	return list;
}

struct json_object *host_json(const struct host_table *t, enum host_order order)
{
	struct json_object *o = json_object_new_object();
	struct json_object *processes = rows_json(t, false, order), *groups = rows_json(t, true, order);

	json_put_number(o, "leaktrace", 1);
	json_put(o, "processes", processes);
	json_put(o, "cgroups", groups);
	json_put_number(o, "unreadable", t->unreadable);
	json_put_number(o, "left_out", t->left_out);
	if (processes && groups)
		return o;
	json_object_put(o);
	return NULL;
}
