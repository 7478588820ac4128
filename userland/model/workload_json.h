/* SPDX-License-Identifier: GPL-2.0 */
/* Unit, container and pod as members of what tells of a process in JSON. */
#ifndef LEAKTRACE_MODEL_WORKLOAD_JSON_H
#define LEAKTRACE_MODEL_WORKLOAD_JSON_H

struct json_object;
struct workload;

/* All members are there; what it has not got is "". */
void workload_put_json(struct json_object *o, const struct workload *w);

#endif
