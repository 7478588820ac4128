// SPDX-License-Identifier: GPL-2.0
/* The tree of chains: roots and links, each found by a hash table. */
#include <stdlib.h>
#include <string.h>

#include "runtime/go/chain.h"
#include "util/array.h"

enum { LINKS_MAX = 1 << 18, ROOTS_MAX = 1 << 20, DEPTH_MAX = 60, ALIAS = 1u << 31 };

/** go_chains_open() - an empty tree; false: no memory */
bool go_chains_open(struct go_chains *c)
{
	memset(c, 0, sizeof(*c));
	c->index_size = c->root_index_size = 1024;
	c->index = calloc(c->index_size, sizeof(*c->index));
	c->root_index = calloc(c->root_index_size, sizeof(*c->root_index));
	if (!c->index || !c->root_index || !array_reserve(c->link, c->capacity, 0, GO_LINK_FIRST))
		return false;
	memset(c->link, 0, GO_LINK_FIRST * sizeof(*c->link));
	c->n = GO_LINK_FIRST;
	return true;
}

/** go_chains_close() - release it */
void go_chains_close(struct go_chains *c)
{
	for (uint32_t i = 0; i < c->roots; i++)
		free(c->root[i].name);
	free(c->root);
	free(c->link);
	free(c->index);
	free(c->root_index);
	free(c->alias);
	free(c->alias_to);
	memset(c, 0, sizeof(*c));
}

static uint64_t mix(uint64_t h, uint64_t v)
{
	h = (h ^ v) * 0x9e3779b97f4a7c15ULL;
	return h ^ h >> 29;
}

static uint64_t hash_way(const struct go_way *w)
{
	return mix(mix(mix(mix(w->parent, w->type), w->offset), w->object_bytes), w->role);
}

static bool same(const struct go_way *a, const struct go_way *b)
{
	return a->parent == b->parent && a->type == b->type && a->offset == b->offset &&
	       a->object_bytes == b->object_bytes && a->role == b->role;
}

static const struct go_way *way_of(const struct go_chains *c, uint32_t entry)
{
	return entry & ALIAS ? &c->alias[entry & ~ALIAS] : &c->link[entry].way;
}

static uint32_t *find(const struct go_chains *c, uint32_t *index, uint32_t size, const struct go_way *w)
{
	uint32_t i = hash_way(w);

	while (index[i & (size - 1)] && !same(way_of(c, index[i & (size - 1)]), w))
		i++;
	return &index[i & (size - 1)];
}

/* Room for one entry more. */
static bool reserve_index(struct go_chains *c)
{
	uint32_t size = 2 * c->index_size, *more;

	if (2 * (c->n + c->aliases) < c->index_size)
		return true;
	more = calloc(size, sizeof(*more));
	if (!more)
		return false;
	for (uint32_t i = 0; i < c->index_size; i++)
		if (c->index[i])
			*find(c, more, size, way_of(c, c->index[i])) = c->index[i];
	free(c->index);
	c->index = more;
	c->index_size = size;
	return true;
}

/*
 * The link before this one, if there is one, that stands for the same: objects of the
 * same type, or of an unknown type in the same place. So a list is one link, however long.
 */
static uint32_t same_before(const struct go_chains *c, const struct go_way *w)
{
	for (uint32_t i = w->parent; i >= GO_LINK_FIRST; i = c->link[i].way.parent) {
		const struct go_way *before = &c->link[i].way;

		if (before->role != w->role || before->object_bytes != w->object_bytes ||
		    w->role == GO_ROLE_STRING)
			continue;
		if (w->type ? before->type == w->type : !before->type && before->offset == w->offset)
			return i;
	}
	return GO_LINK_NONE;
}

static uint32_t add_alias(struct go_chains *c, const struct go_way *w, uint32_t to)
{
	if (c->aliases >= LINKS_MAX || !reserve_index(c) ||
	    !array_reserve(c->alias, c->aliases_capacity, c->aliases, 1) ||
	    !array_reserve(c->alias_to, c->alias_to_capacity, c->aliases, 1))
		return to;
	*find(c, c->index, c->index_size, w) = c->aliases | ALIAS;
	c->alias[c->aliases] = *w;
	c->alias_to[c->aliases++] = to;
	return to;
}

static uint32_t add_link(struct go_chains *c, const struct go_way *w, uint32_t root, uint32_t depth)
{
	if (c->n >= LINKS_MAX || !reserve_index(c) || !array_reserve(c->link, c->capacity, c->n, 1))
		return GO_LINK_NONE;
	*find(c, c->index, c->index_size, w) = c->n;
	c->link[c->n] = (struct go_link){ .way = *w, .root = root, .depth = depth, .example = UINT32_MAX };
	return c->n++;
}

/** go_chains_link() - the link behind another one; the other one itself if there is no room */
uint32_t go_chains_link(struct go_chains *c, const struct go_way *w)
{
	uint32_t entry = *find(c, c->index, c->index_size, w), made;
	const struct go_link *parent = &c->link[w->parent];

	if (entry)
		return entry & ALIAS ? c->alias_to[entry & ~ALIAS] : entry;
	made = same_before(c, w);
	if (made)
		return add_alias(c, w, made);
	made = parent->depth < DEPTH_MAX ? add_link(c, w, parent->root, parent->depth + 1) : GO_LINK_NONE;
	c->folded += !made;
	return made ?: w->parent;
}

static uint32_t *find_root(struct go_chains *c, uint32_t *index, uint32_t size, enum go_root_kind kind,
			   uint64_t at, uint64_t creator)
{
	uint32_t i = mix(mix(kind, at), creator);

	for (; index[i & (size - 1)]; i++) {
		const struct go_root *r = &c->root[index[i & (size - 1)] - 1];

		if (r->kind == kind && r->at == at && r->creator == creator)
			break;
	}
	return &index[i & (size - 1)];
}

static bool grow_roots(struct go_chains *c)
{
	uint32_t size = 2 * c->root_index_size, *more = calloc(size, sizeof(*more));

	if (!more)
		return false;
	for (uint32_t i = 0; i < c->roots; i++)
		*find_root(c, more, size, c->root[i].kind, c->root[i].at, c->root[i].creator) = i + 1;
	free(c->root_index);
	c->root_index = more;
	c->root_index_size = size;
	return true;
}

/** go_chains_root() - the link of a root; GO_LINK_NONE: no room */
uint32_t go_chains_root(struct go_chains *c, enum go_root_kind kind, uint64_t at, uint64_t creator)
{
	struct go_way way = { .role = GO_ROLE_ROOT };
	uint32_t *known;

	if (2 * c->roots >= c->root_index_size && !grow_roots(c))
		return GO_LINK_NONE;
	known = find_root(c, c->root_index, c->root_index_size, kind, at, creator);
	if (*known)
		return c->root[*known - 1].link;
	way.offset = c->roots;
	if (c->roots >= ROOTS_MAX || !array_reserve(c->root, c->roots_capacity, c->roots, 1))
		return GO_LINK_NONE;
	c->root[c->roots] = (struct go_root){ .kind = kind, .at = at, .creator = creator };
	c->root[c->roots].link = add_link(c, &way, c->roots, 0);
	if (!c->root[c->roots].link)
		return GO_LINK_NONE;
	*known = ++c->roots;
	return c->root[c->roots - 1].link;
}

/** go_chains_sum() - what each root and link leads to */
void go_chains_sum(struct go_chains *c)
{
	/* a link is behind the one that it comes from */
	for (uint32_t i = GO_LINK_FIRST; i < c->n; i++)
		c->link[i].below_bytes = c->link[i].bytes;
	for (uint32_t i = c->n; i-- > GO_LINK_FIRST;)
		if (c->link[i].way.role != GO_ROLE_ROOT)
			c->link[c->link[i].way.parent].below_bytes += c->link[i].below_bytes;
	for (uint32_t i = 0; i < c->roots; i++)
		c->root[i].bytes = c->root[i].objects = 0;
	for (uint32_t i = GO_LINK_FIRST; i < c->n; i++) {
		const struct go_link *l = &c->link[i];

		c->root[l->root].bytes += l->bytes;
		c->root[l->root].objects += l->objects;
	}
}
