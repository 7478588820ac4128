// SPDX-License-Identifier: GPL-2.0
/*
 * First the very objects of an example are tried. Where they have moved, as those of a map
 * that grows, the chain is gone along again from its root, by whatever is there now.
 */
#include <stdlib.h>
#include <string.h>

#include "runtime/go/chain_check.h"
#include "runtime/go/process.h"
#include "runtime/go/reach.h"
#include "runtime/go/variable.h"

enum {
	STEPS_MAX = 4096, OBJECT_BYTES_MAX = 64 << 20, NEAR_BYTES = 512,
	LINKS_MAX = 64, BRANCHES_MAX = 8, OBJECTS_MAX = 512,
};

/* Whether one of these words leads into an object. */
static bool refers(const struct go_reach *r, uint64_t at, uint64_t bytes, uint64_t low, uint64_t high)
{
	unsigned char *copy;
	bool found = false;
	uint64_t w;

	if (bytes > OBJECT_BYTES_MAX)
		return true;
	copy = malloc(bytes);
	if (copy && go_read(r->process, at, copy, bytes))
		for (uint64_t i = 0; i + 8 <= bytes && !found; i += 8) {
			memcpy(&w, copy + i, sizeof(w));
			found = w - low < high - low;
		}
	free(copy);
	return found;
}

/* Whether an object is still referred to by those that it was reached by. */
static bool holds(const struct go_reach *r, const struct go_variables *v, uint32_t object,
		  const struct go_root *root)
{
	const struct go_span *s = go_spans_of(&r->spans, object), *before;
	uint64_t at = go_span_address(s, object), bytes;

	for (int step = 0; step < STEPS_MAX; step++) {
		uint32_t parent = r->parent[object];

		if (parent == GO_OBJECT_NONE) {
			if (root->kind != GO_ROOT_VARIABLE)
				return true;
			bytes = go_variables_at(v, root->at).bytes;
			return refers(r, root->at, bytes ?: NEAR_BYTES, at, at + s->object_bytes);
		}
		before = go_spans_of(&r->spans, parent);
		if (!refers(r, go_span_address(before, parent), before->object_bytes, at, at + s->object_bytes))
			return false;
		s = before;
		object = parent;
		at = go_span_address(s, object);
	}
	return true;
}

struct search {
	struct go_reach *reach;
	uint32_t link[LINKS_MAX];	/* from the first behind the root to the last one */
	size_t links;
	unsigned int objects;		/* that have been tried */
};

/* Whether an object of a link leads to one of the last link. */
static bool leads(struct search *s, uint64_t at, size_t i)
{
	uint64_t next[BRANCHES_MAX];
	size_t n;

	if (i + 1 == s->links)
		return true;
	if (s->objects++ >= OBJECTS_MAX)
		return false;
	n = go_reach_next(s->reach, at, s->link[i], s->link[i + 1], next, BRANCHES_MAX);
	for (size_t k = 0; k < n; k++)
		if (leads(s, next[k], i + 1))
			return true;
	return false;
}

/* The first object of the chain: what the root refers to now; 0: none. */
static uint64_t first_object(struct go_reach *r, uint32_t example, uint32_t first)
{
	const struct go_root *root = &r->chains.root[r->chains.link[first].root];
	uint64_t at;

	if (root->kind == GO_ROOT_VARIABLE)
		return go_reach_next(r, root->at, root->link, first, &at, 1) ? at : 0;
	for (int step = 0; step < STEPS_MAX && r->parent[example] != GO_OBJECT_NONE; step++)
		example = r->parent[example];
	return r->link[example] == first ? go_span_address(go_spans_of(&r->spans, example), example) : 0;
}

/* Whether the chain is there by other objects. */
static bool is_found_again(struct go_reach *r, uint32_t link)
{
	const struct go_link *l = r->chains.link;
	struct search s = { .reach = r };
	uint64_t at;

	for (uint32_t i = link; l[i].way.role != GO_ROLE_ROOT; i = l[i].way.parent)
		s.links++;
	if (!s.links || s.links > LINKS_MAX)
		return false;
	for (size_t i = s.links, at_link = link; i-- > 0; at_link = l[at_link].way.parent)
		s.link[i] = at_link;
	at = first_object(r, l[link].example, s.link[0]);
	return at && leads(&s, at, 0);
}

/** go_chain_is_there() - whether the objects of a link are still reached that way */
bool go_chain_is_there(struct go_reach *r, const struct go_variables *v, uint32_t link)
{
	const struct go_link *l = &r->chains.link[link];

	return l->example == GO_OBJECT_NONE || holds(r, v, l->example, &r->chains.root[l->root]) ||
	       is_found_again(r, link);
}
