// SPDX-License-Identifier: GPL-2.0
#include "model/workload.h"
#include "model/workload_json.h"
#include "util/json.h"

void workload_put_json(struct json_object *o, const struct workload *w)
{
	json_put(o, "cgroup", json_string(w->cgroup));
	json_put(o, "unit", json_string(w->unit));
	json_put(o, "container", json_string(w->container ?: w->container_id));
	json_put(o, "container_id", json_string(w->container_id));
	json_put(o, "pod", json_string(w->pod));
}
