// SPDX-License-Identifier: GPL-2.0
/* Objects by type as JSON. */
#include <string.h>

#include "runtime/python/objects.h"
#include "runtime/python/process.h"
#include "util/json.h"

static struct json_object *target_of(const struct python_objects *o)
{
	struct json_object *target = json_object_new_object();

	json_put_number(target, "pid", o->process->pid);
	json_put(target, "comm", json_string(o->process->comm));
	json_put(target, "python", json_string(o->process->version));
	if (o->window_s > 0)
		json_put_real(target, "window_s", o->window_s);
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

static void put_grown(struct json_object *o, const struct python_objects *all, int64_t objects, int64_t bytes)
{
	if (all->window_s <= 0)
		return;
	json_put(o, "grown_objects", json_object_new_int64(objects));
	json_put(o, "grown_bytes", json_object_new_int64(bytes));
}

static struct json_object *row_of(const struct python_objects *all, const struct python_row *r)
{
	struct json_object *o = json_object_new_object();

	json_put(o, "type", json_string(r->name));
	json_put_number(o, "types", r->types);
	json_put(o, "listed", json_object_new_boolean(!r->is_other));
	json_put_number(o, "objects", r->objects);
	json_put_number(o, "bytes", r->bytes);
	if (all->is_reached)
		json_put_number(o, "reached_objects", r->reached);
	put_grown(o, all, r->grown_objects, r->grown_bytes);
	return o;
}

static struct json_object *chain_of(const struct python_objects *all, const struct python_chain *c)
{
	const struct python_link *l = &all->reach.links.link[c->link];
	struct json_object *o = json_object_new_object(), *parts = json_object_new_array();
	const char *part = c->text;

	json_put(o, "root", json_string(all->reach.links.root[l->root].name));
	for (unsigned int i = 0; i < c->parts; i++) {
		json_object_array_add(parts, json_string(part));
		part += strlen(part) + 1;
	}
	json_put(o, "chain", parts);
	json_put_number(o, "objects", l->objects);
	json_put_number(o, "bytes", l->bytes);
	put_grown(o, all, l->grown_objects, l->grown_bytes);
	return o;
}

static struct json_object *held_of(const struct python_objects *all, const struct python_held *h)
{
	struct json_object *o = row_of(all, &all->row[h->row]), *list = json_object_new_array();

	for (size_t i = 0; i < h->chains; i++)
		json_object_array_add(list, chain_of(all, &all->chain[h->first + i]));
	json_put(o, "holders", list);
	return o;
}

static struct json_object *root_of(const struct python_objects *all, uint32_t root)
{
	const struct python_root *r = &all->reach.links.root[root];
	struct json_object *o = json_object_new_object();

	json_put(o, "root", json_string(r->name));
	json_put_number(o, "objects", r->objects);
	json_put_number(o, "bytes", r->bytes);
	put_grown(o, all, r->grown_objects, r->grown_bytes);
	return o;
}

static void put_reached(struct json_object *all, const struct python_objects *o)
{
	struct json_object *list = json_object_new_array(), *other = json_object_new_object();

	json_put_number(other, "objects", o->other_objects);
	json_put_number(other, "bytes", o->other_bytes);
	json_put(all, "unlisted", other);
	for (size_t i = 0; i < o->roots; i++)
		json_object_array_add(list, root_of(o, o->root[i]));
	json_put(all, "roots", list);
	list = json_object_new_array();
	for (size_t i = 0; i < o->helds; i++)
		json_object_array_add(list, held_of(o, &o->held[i]));
	json_put(all, o->window_s > 0 ? "growth" : "held", list);
}

static struct json_object *losses_of(const struct python_objects *o)
{
	struct json_object *losses = json_object_new_object();

	json_put_number(losses, "torn_reads", o->tracked.torn);
	json_put_number(losses, "restarts", o->tracked.restarts);
	json_put_number(losses, "unreadable_objects", o->tracked.unreadable);
	json_put_number(losses, "gone_objects", o->gone);
	if (o->is_reached) {
		json_put_number(losses, "late_objects", o->reach.late);
		json_put_number(losses, "unreached_objects", o->reach.unreached);
		json_put_number(losses, "unreached_bytes", o->reach.unreached_bytes);
		json_put_number(losses, "changed_chains", o->changed);
	}
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
		json_object_array_add(list, row_of(o, &o->row[i]));
	json_put(all, "types", list);
	if (o->is_reached)
		put_reached(all, o);
	return all;
}
