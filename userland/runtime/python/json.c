// SPDX-License-Identifier: GPL-2.0
/* Objects by type as JSON. */
#include "runtime/python/objects.h"
#include "runtime/python/process.h"
#include "util/json.h"

static struct json_object *target_of(const struct python_objects *o)
{
	struct json_object *target = json_object_new_object();

	json_put_number(target, "pid", o->process->pid);
	json_put(target, "comm", json_string(o->process->comm));
	json_put(target, "python", json_string(o->process->version));
	json_put_number(target, "rss_bytes", o->process->rss_bytes);
	return target;
}

static struct json_object *tracked_of(const struct python_objects *o)
{
	struct json_object *tracked = json_object_new_object(), *list = json_object_new_array();

	json_put_number(tracked, "objects", o->objects);
	json_put_number(tracked, "bytes", o->bytes);
	for (int i = 0; i < PYTHON_GENERATIONS; i++)
		json_object_array_add(list, json_number(o->tracked.objects[i]));
	json_put(tracked, "generations", list);
	json_put_number(tracked, "frozen", o->tracked.objects[PYTHON_GENERATIONS]);
	json_put_number(tracked, "interpreters", o->tracked.interpreters);
	return tracked;
}

static struct json_object *row_of(const struct python_row *r)
{
	struct json_object *o = json_object_new_object();

	json_put(o, "type", json_string(r->name));
	json_put_number(o, "types", r->types);
	json_put_number(o, "objects", r->objects);
	json_put_number(o, "bytes", r->bytes);
	return o;
}

static struct json_object *losses_of(const struct python_objects *o)
{
	struct json_object *losses = json_object_new_object();

	json_put_number(losses, "torn_reads", o->tracked.torn);
	json_put_number(losses, "restarts", o->tracked.restarts);
	json_put_number(losses, "unreadable_objects", o->tracked.unreadable);
	json_put_number(losses, "gone_objects", o->gone);
	json_put(losses, "young_cut", json_object_new_boolean(o->tracked.is_cut));
	return losses;
}

/** python_objects_json() - everything as one object, which the caller owns */
struct json_object *python_objects_json(const struct python_objects *o)
{
	struct json_object *all = json_object_new_object(), *list = json_object_new_array();

	json_put_number(all, "leaktrace", 1);
	json_put(all, "target", target_of(o));
	json_put(all, "tracked", tracked_of(o));
	json_put(all, "losses", losses_of(o));
	for (size_t i = 0; i < o->rows; i++)
		json_object_array_add(list, row_of(&o->row[i]));
	json_put(all, "types", list);
	return all;
}
