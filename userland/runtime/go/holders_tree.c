// SPDX-License-Identifier: GPL-2.0
/* Puts chains together to a tree, in which what leads to most bytes comes first. */
#include <stdlib.h>
#include <string.h>

#include "runtime/go/holders.h"
#include "runtime/go/holders_tree.h"
#include "runtime/go/process.h"
#include "util/array.h"

enum { BESIDE_MAX = 2000 };

/* 0: no memory */
static uint32_t add_branch(struct go_tree *t, uint32_t parent, const char *name)
{
	char *copy = strdup(name);

	if (!copy || t->n >= UINT32_MAX || !array_reserve(t->branch, t->capacity, t->n, 1)) {
		free(copy);
		return 0;
	}
	t->branch[t->n] = (struct go_branch){ .name = copy };
	if (t->n) {
		t->branch[t->n].next = t->branch[parent].first;
		t->branch[parent].first = t->n;
	}
	return t->n++;
}

/* The branch of that name, which is made if there is none; beyond what is readable one of all. 0: no memory. */
static uint32_t branch_of(struct go_tree *t, uint32_t parent, const char *name)
{
	uint32_t beside = 0, others = 0;

	for (uint32_t i = t->branch[parent].first; i; i = t->branch[i].next, beside++) {
		if (!strcmp(t->branch[i].name, name))
			return i;
		if (!strcmp(t->branch[i].name, "…"))
			others = i;
	}
	if (beside < BESIDE_MAX)
		return add_branch(t, parent, name);
	return others ?: add_branch(t, parent, "…");
}

static bool add_link(struct go_tree *t, struct go_holders *h, uint32_t link, uint32_t root)
{
	const struct go_link *l = &h->reach.chains.link[link];
	struct go_chain chain;
	const char *part;
	uint32_t at = root;

	if (!go_chain_say(&h->reach, link, &chain)) {
		free(chain.text);
		return false;
	}
	part = chain.text;
	for (unsigned int i = 0; at && i < chain.parts; i++, part += strlen(part) + 1)
		if (*part)
			at = branch_of(t, at, part);
	free(chain.text);
	if (!at)
		return false;
	t->branch[at].own.bytes += l->bytes;
	t->branch[at].own.objects += l->objects;
	t->branch[at].own.grown_bytes += l->grown_bytes;
	return true;
}

static void add_amount(struct go_amount *to, const struct go_amount *from)
{
	to->bytes += from->bytes;
	to->objects += from->objects;
	to->grown_bytes += from->grown_bytes;
}

static int by_bytes(const void *a, const void *b, void *arg)
{
	const struct go_branch *branch = arg;
	const struct go_branch *x = &branch[*(const uint32_t *)a], *y = &branch[*(const uint32_t *)b];

	return x->all.bytes < y->all.bytes ? -1 : x->all.bytes > y->all.bytes;
}

/* What leads to most bytes comes first. A branch has a higher number than what it grows from. */
static bool sum(struct go_tree *t, const uint32_t *parent)
{
	uint32_t *order = malloc(t->n * sizeof(*order));

	if (!order)
		return false;
	for (size_t i = 0; i < t->n; i++) {
		t->branch[i].all = t->branch[i].own;
		t->branch[i].first = t->branch[i].next = 0;
		order[i] = i;
	}
	for (size_t i = t->n; i-- > 1;)
		add_amount(&t->branch[parent[i]].all, &t->branch[i].all);
	qsort_r(order, t->n, sizeof(*order), by_bytes, t->branch);
	for (size_t i = 0; i < t->n; i++) {
		struct go_branch *up = &t->branch[parent[order[i]]];

		if (!order[i])
			continue;
		t->branch[order[i]].next = up->first;
		up->first = order[i];
	}
	free(order);
	return true;
}

static uint32_t *parents_of(const struct go_tree *t)
{
	uint32_t *parent = calloc(t->n, sizeof(*parent));

	for (size_t i = 0; parent && i < t->n; i++)
		for (uint32_t k = t->branch[i].first; k; k = t->branch[k].next)
			parent[k] = i;
	return parent;
}

static uint32_t add_root(struct go_tree *t, struct go_holders *h, uint32_t root)
{
	const struct go_chains *c = &h->reach.chains;
	uint32_t at = add_branch(t, 0, go_root_name(&h->reach, &h->variables, root));
	struct go_branch *b = at ? &t->branch[at] : NULL;

	if (b)
		b->is_shared = go_shared_retained(c, root, &b->retained_bytes) && b->retained_bytes < c->root[root].bytes;
	return at;
}

/** go_tree_make() - all chains; false: no memory */
bool go_tree_make(struct go_tree *t, struct go_holders *h)
{
	const struct go_chains *c = &h->reach.chains;
	uint32_t *root = calloc(c->roots + 1, sizeof(*root)), *parent = NULL;
	bool good;

	memset(t, 0, sizeof(*t));
	add_branch(t, 0, h->reach.process->comm);
	good = root && t->n;
	for (uint32_t i = GO_LINK_FIRST; good && i < c->n; i++) {
		uint32_t r = c->link[i].root;

		if (!c->link[i].objects)
			continue;
		if (!root[r])
			root[r] = add_root(t, h, r);
		good = root[r] && add_link(t, h, i, root[r]);
	}
	parent = good ? parents_of(t) : NULL;
	good = parent && sum(t, parent);
	free(root);
	free(parent);
	return good;
}

/** go_tree_free() - release it */
void go_tree_free(struct go_tree *t)
{
	for (size_t i = 0; i < t->n; i++)
		free(t->branch[i].name);
	free(t->branch);
	memset(t, 0, sizeof(*t));
}
