// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/python/process.h"
#include "runtime/python/reach.h"
#include "runtime/python/size.h"
#include "util/array.h"
#include "util/hash.h"

enum { STEPS_MAX = 4096 };

/* The object whose references are seen, or a root. */
struct from {
	struct python_reach *r;
	uint32_t object, link, root;
};

/* The number of an object that is not in the lists, which is then known. */
static uint32_t find(struct python_reach *r, const struct python_reference *ref)
{
	uint32_t i = python_tracked_find(r->t, ref->to);
	int error;

	/* a word may be anything; only what the collector knows is an object for sure */
	if (i != PYTHON_OBJECT_NONE || ref->role == PYTHON_FIELD || ref->role == PYTHON_STACK || ref->to % 8)
		return i;
	error = python_tracked_add(r->process, r->t, ref->to);
	if (error)
		r->is_full = true;
	return error ? PYTHON_OBJECT_NONE : python_tracked_find(r->t, ref->to);
}

static bool make_room(struct python_reach *r)
{
	size_t before = r->link_capacity;

	if (!array_reserve(r->link, r->link_capacity, r->t->n, 1) ||
	    !array_reserve(r->parent, r->parent_capacity, r->t->n, 1) ||
	    !array_reserve(r->queue, r->queue_capacity, r->tail, 1))
		return false;
	memset(r->link + before, 0, (r->link_capacity - before) * sizeof(*r->link));
	return true;
}

static void enter(struct python_reach *r, uint32_t object, uint32_t parent, struct python_link *what,
		  uint64_t example_name)
{
	uint32_t link = python_links_get(&r->links, what);

	if (!link) {
		r->is_full = true;
		return;
	}
	r->link[object] = link;
	r->parent[object] = parent;
	r->queue[r->tail++] = object;
	if (!r->links.link[link].objects++) {
		r->links.link[link].example = object;
		r->links.link[link].example_name = example_name;
	}
}

/* Names are told by the way, keys and indices are not. */
static void generalise(const struct python_link *from, const struct python_reference *ref, struct python_link *what)
{
	what->role = ref->role;
	what->name = ref->role == PYTHON_ATTRIBUTE || ref->role == PYTHON_LOCAL || ref->role == PYTHON_FIELD ?
		ref->name : 0;
	if (ref->role == PYTHON_VALUE && from->role == PYTHON_OWN_DICT) {
		what->role = PYTHON_ATTRIBUTE;
		what->name = ref->name;
	}
}

static bool see(const struct python_reference *ref, void *arg)
{
	struct from *from = arg;
	struct python_reach *r = from->r;
	struct python_link what = { .parent = from->link, .root = from->root };
	const char *name;
	uint32_t object;

	object = find(r, ref);
	if (object == PYTHON_OBJECT_NONE || !make_room(r)) {
		r->is_full |= object != PYTHON_OBJECT_NONE;
		return !r->is_full;
	}
	if (r->link[object])
		return true;
	generalise(&r->links.link[from->link], ref, &what);
	what.type = r->t->type[object];
	name = r->t->types.type[what.type].name;
	what.hash = python_hash(hash_bytes(HASH_START, name, strlen(name)), what.name);
	enter(r, object, from->object, &what, ref->name);
	return !r->is_full;
}

void python_reach_begin(struct python_reach *r, uint64_t object, char *name)
{
	const struct python_reference ref = { object, PYTHON_ROOT, 0 };
	struct from from = { .r = r, .object = PYTHON_OBJECT_NONE };

	from.root = python_links_root(&r->links, name);
	if (from.root == UINT32_MAX)
		r->is_full = true;
	else
		see(&ref, &from);
}

void python_reach_close(struct python_reach *r, uint64_t object, const char *name)
{
	size_t tail = r->tail;

	if (!object)
		return;
	python_reach_begin(r, object, strdup(name));
	r->tail = tail;
}

/* References that no object outside the lists can have: most are strings and numbers. */
static bool leads_on(const struct python_reach *r, uint32_t object)
{
	const struct python_type *t = &r->t->types.type[r->t->type[object]];

	return object < r->listed || t->flags & PYTHON_IS_COLLECTED;
}

/* Whether the collector has it by now. Classes of C have nothing before them that would say so. */
static bool is_late(struct python_reach *r, uint32_t object, const struct python_type *t)
{
	uint64_t at = r->t->at[object];

	if (!(t->flags & PYTHON_IS_COLLECTED) ||
	    (t->shape == PYTHON_TYPE && !(python_word(&r->process->memory, at + PYTHON_TYPE_FLAGS) & PYTHON_IS_HEAP_TYPE)))
		return false;
	return python_word(&r->process->memory, at - PYTHON_GC_HEAD_BYTES);
}

static void count_one(struct python_reach *r, uint32_t object, const struct python_type *type, uint64_t bytes)
{
	struct python_type *t = &r->t->types.type[r->t->type[object]];

	if (object < r->listed) {
		t->reached++;
	} else if (is_late(r, object, type)) {
		r->late++;
	} else {
		t->other_objects++;
		t->other_bytes += bytes;
	}
}

static void go_on(struct python_reach *r, uint32_t object)
{
	struct from from = { r, object, r->link[object], r->links.link[r->link[object]].root };
	/* a copy: the table may move */
	struct python_type type = r->t->types.type[r->t->type[object]];
	uint64_t bytes = python_size(r->process, &type, r->t->at[object]);

	r->links.link[from.link].bytes += bytes;
	r->links.root[from.root].bytes += bytes;
	r->links.root[from.root].objects++;
	count_one(r, object, &type, bytes);
	if (leads_on(r, object))
		python_refer(r->process, &type, r->t->at[object], see, &from);
}

static void sum_unreached(struct python_reach *r)
{
	for (size_t i = 0; i < r->listed; i++)
		if (!r->link[i]) {
			r->unreached++;
			r->unreached_bytes += python_size(r->process, &r->t->types.type[r->t->type[i]], r->t->at[i]);
		}
}

static int run(struct python_reach *r, size_t max_objects)
{
	while (r->head < r->tail && !r->is_full) {
		if (r->t->n > max_objects)
			return -E2BIG;
		if (r->progress && r->head % 100000 == 0)
			r->progress(r->head * 100 / (r->t->n + 1));
		go_on(r, r->queue[r->head++]);
	}
	return r->is_full ? -ENOMEM : 0;
}

/**
 * python_reach() - reach all objects from the roots
 * @max_objects: as many may be known, with those in the lists
 *
 * Return: 0, -ENOMEM or -E2BIG.
 */
int python_reach(struct python_reach *r, size_t max_objects, void (*roots)(struct python_reach *r, bool named))
{
	int error;

	r->listed = r->t->n;
	if (r->listed > max_objects)
		return -E2BIG;
	if (!python_links_open(&r->links) || !make_room(r))
		return -ENOMEM;
	for (int named = 1; named >= 0; named--) {
		roots(r, named);
		error = run(r, max_objects);
		if (error)
			return error;
	}
	sum_unreached(r);
	return 0;
}

struct wanted {
	uint64_t to;
	bool found;
};

static bool see_wanted(const struct python_reference *ref, void *arg)
{
	struct wanted *w = arg;

	w->found |= ref->to == w->to;
	return !w->found;
}

/* Whether it still is an object of that type, which has its name still. */
static bool is_as_before(struct python_reach *r, uint32_t object)
{
	const struct python_type *t = &r->t->types.type[r->t->type[object]];

	return python_word(&r->process->memory, r->t->at[object] + PYTHON_OBJECT_TYPE) == t->at &&
	       python_type_holds(r->process, t);
}

/** python_reach_holds() - read the way to an object again; false if it has changed */
bool python_reach_holds(struct python_reach *r, uint32_t object)
{
	bool holds;

	r->process->memory.is_direct = true;
	holds = is_as_before(r, object);
	for (int i = 0; i < STEPS_MAX && holds && r->parent[object] != PYTHON_OBJECT_NONE; i++) {
		uint32_t parent = r->parent[object];
		struct wanted w = { .to = r->t->at[object] };

		python_refer(r->process, &r->t->types.type[r->t->type[parent]], r->t->at[parent], see_wanted, &w);
		holds = w.found && is_as_before(r, parent);
		object = parent;
	}
	r->process->memory.is_direct = false;
	return holds;
}

/** python_reach_free() - release it */
void python_reach_free(struct python_reach *r)
{
	python_links_free(&r->links);
	free(r->link);
	free(r->parent);
	free(r->queue);
	memset(r, 0, sizeof(*r));
}
