// SPDX-License-Identifier: GPL-2.0
#include <stdlib.h>
#include <string.h>

#include "runtime/python/link.h"
#include "util/array.h"
#include "util/hash.h"

enum { DEPTH_MAX = 48, LINKS_MAX = 1 << 21, SLOTS_FIRST = 4096 };

uint64_t python_hash(uint64_t hash, uint64_t more)
{
	hash = (hash ^ more) * 0x9e3779b97f4a7c15ULL;
	return hash ^ hash >> 29;
}

static bool is_same(const struct python_link *a, const struct python_link *b)
{
	return a->parent == b->parent && a->root == b->root && a->type == b->type && a->role == b->role &&
	       a->name == b->name && a->is_folded == b->is_folded;
}

static size_t slot_of(const struct python_links *l, const struct python_link *what)
{
	uint64_t h = python_hash(python_hash(python_hash(what->parent, what->root), what->type),
				 what->name + what->role * 8 + what->is_folded);
	size_t i = h & (l->slots - 1);

	while (l->slot[i] && !is_same(&l->link[l->slot[i]], what))
		i = (i + 1) & (l->slots - 1);
	return i;
}

static bool make_room(struct python_links *l)
{
	size_t n = l->slots ? 2 * l->slots : SLOTS_FIRST;
	uint32_t *bigger;

	if (!array_reserve(l->link, l->capacity, l->n, 1))
		return false;
	if (l->slots > 2 * l->n)
		return true;
	bigger = calloc(n, sizeof(*bigger));
	if (!bigger)
		return false;
	free(l->slot);
	l->slot = bigger;
	l->slots = n;
	for (size_t i = 1; i < l->n; i++)
		l->slot[slot_of(l, &l->link[i])] = i;
	return true;
}

/** python_links_open() - begin with none; false: no memory */
bool python_links_open(struct python_links *l)
{
	memset(l, 0, sizeof(*l));
	if (!make_room(l))
		return false;
	l->link[l->n++] = (struct python_link){ 0 };
	return true;
}

/** python_links_root() - add a root; its number */
uint32_t python_links_root(struct python_links *l, char *name)
{
	if (!name || !array_reserve(l->root, l->root_capacity, l->roots, 1)) {
		free(name);
		return UINT32_MAX;
	}
	l->root[l->roots] = (struct python_root){
		.name = name, .hash = hash_bytes(HASH_START, name, strlen(name)),
	};
	return l->roots++;
}

/* A list of which each refers to the next alike is one link; PYTHON_LINK_NONE: it is no list. */
static uint32_t repeated(const struct python_links *l, const struct python_link *what)
{
	uint32_t before = what->parent;
	const struct python_link *b = &l->link[before];

	if (b->role == PYTHON_OWN_DICT)
		before = b->parent;
	b = &l->link[before];
	return before && b->type == what->type && b->role == what->role && b->name == what->name && !b->is_folded ?
		before : PYTHON_LINK_NONE;
}

/** python_links_get() - the number of the link that fits */
uint32_t python_links_get(struct python_links *l, const struct python_link *what)
{
	struct python_link wanted = *what;
	const struct python_link *parent = &l->link[what->parent];
	size_t i;

	if (repeated(l, what))
		return repeated(l, what);
	if (parent->depth >= DEPTH_MAX || l->n >= LINKS_MAX) {
		wanted.parent = PYTHON_LINK_NONE;
		wanted.is_folded = true;
		wanted.name = 0;
		parent = &l->link[PYTHON_LINK_NONE];
	}
	if (!make_room(l))
		return PYTHON_LINK_NONE;
	i = slot_of(l, &wanted);
	if (!l->slot[i]) {
		wanted.depth = l->link[wanted.parent].depth + 1;
		wanted.hash = python_hash(python_hash(python_hash(wanted.parent ? l->link[wanted.parent].hash :
			l->root[wanted.root].hash, what->hash), wanted.role), wanted.is_folded);
		l->link[l->n] = wanted;
		l->slot[i] = l->n++;
	}
	return l->slot[i];
}

/** python_links_free() - release it */
void python_links_free(struct python_links *l)
{
	for (size_t i = 0; i < l->roots; i++)
		free(l->root[i].name);
	free(l->root);
	free(l->link);
	free(l->slot);
	memset(l, 0, sizeof(*l));
}
