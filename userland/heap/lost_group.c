// SPDX-License-Identifier: GPL-2.0
/*
 * Lost blocks in groups. A block to which another lost block refers was lost with
 * that one, and counts there. Where several refer to each other, one stands for all.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "heap/lost.h"
#include "heap/mark.h"
#include "heap/snapshot.h"
#include "heap/type.h"
#include "util/array.h"
#include "util/hash.h"
#include "util/macros.h"
#include "util/process_memory.h"

struct grouping {
	struct heap_snapshot *snapshot;
	struct heap_lost *lost;
	struct mark mark;
	uint32_t *slot;			/* hash table of groups, 1 + index */
	struct {
		uint64_t vtable;
		const char *type;
	} known[256];			/* types found last */
};

enum { SLOTS = 2 * LOST_GROUPS_MAX };

/* Only lost blocks are followed: all others count as referred to. */
static void leave_others_alone(struct grouping *g)
{
	struct heap_blocks *b = &g->snapshot->blocks;
	struct heap_lost *l = g->lost;

	for (size_t i = 0; i < b->n; i++)
		b->flags[i] |= BLOCK_REFERRED;
	for (size_t i = 0; i < l->n; i++) {
		uint32_t k = blocks_find(b, l->block[i].at);

		if (k != BLOCK_NONE)
			b->flags[k] &= ~BLOCK_REFERRED;
	}
}

/* Marks what a lost block refers to; itself it is not marked. */
static int follow(struct grouping *g, const struct lost_block *lost, uint32_t *block)
{
	struct heap_blocks *b = &g->snapshot->blocks;
	int err;

	*block = blocks_find(b, lost->at);
	if (*block == BLOCK_NONE || b->flags[*block] & BLOCK_INDIRECT)
		return 0;
	b->flags[*block] |= BLOCK_INDIRECT;
	err = mark_from(&g->mark, *block);
	b->flags[*block] &= ~BLOCK_INDIRECT;
	return err;
}

/* Whichever one is not marked in the end is one to which nothing refers. */
static int find_indirect(struct grouping *g)
{
	struct heap_blocks *b = &g->snapshot->blocks;
	struct heap_lost *l = g->lost;
	uint32_t block;

	for (size_t i = 0; i < l->n; i++)
		if (follow(g, &l->block[i], &block))
			return -ENOMEM;
	for (size_t i = 0; i < l->n; i++) {
		block = blocks_find(b, l->block[i].at);
		l->block[i].indirect = block != BLOCK_NONE && b->flags[block] & BLOCK_INDIRECT;
	}
	for (size_t i = 0; i < b->n; i++)
		b->flags[i] &= ~BLOCK_INDIRECT;
	return 0;
}

static const char *type_of(struct grouping *g, uint64_t vtable)
{
	size_t i = hash_bytes(HASH_START, &vtable, sizeof(vtable)) % ARRAY_SIZE(g->known);

	if (!g->known[i].type || g->known[i].vtable != vtable) {
		g->known[i].vtable = vtable;
		g->known[i].type = type_of_vtable(g->snapshot->process, g->lost->names, vtable);
	}
	return g->known[i].type;
}

static void describe(struct grouping *g, const struct lost_block *b, struct lost_group *to)
{
	const struct heap_process *p = g->snapshot->process;
	uint64_t bytes = b->bytes < sizeof(to->words) ? b->bytes : sizeof(to->words);

	*to = (struct lost_group){ .content_bytes = b->bytes, .type = "" };
	if (memory_read(p->tid, b->at, to->words, bytes))
		bytes = 0;
	to->nwords = bytes / sizeof(to->words[0]);
	if (to->nwords)
		to->type = type_of(g, to->words[0]);
	if (to->nwords && !*to->type)
		place_of_address(p, to->words[0], to->where, sizeof(to->where));
}

static bool is_same(const struct lost_group *a, const struct lost_group *b)
{
	return a->content_bytes == b->content_bytes && !strcmp(a->type, b->type) && !strcmp(a->where, b->where);
}

/* The group that is like this one, which is added if there is none; NULL: no room. */
static struct lost_group *group_like(struct grouping *g, const struct lost_group *like)
{
	struct heap_lost *l = g->lost;
	uint64_t hash = hash_bytes(HASH_START, &like->content_bytes, sizeof(like->content_bytes));

	hash = hash_bytes(hash_bytes(hash, like->type, strlen(like->type)), like->where, strlen(like->where));
	for (size_t i = hash % SLOTS; ; i = (i + 1) % SLOTS) {
		if (g->slot[i] && !is_same(&l->group[g->slot[i] - 1], like))
			continue;
		if (g->slot[i])
			return &l->group[g->slot[i] - 1];
		if (l->groups >= LOST_GROUPS_MAX || !array_reserve(l->group, l->groups_capacity, l->groups, 1))
			return NULL;
		l->group[l->groups++] = *like;
		g->slot[i] = l->groups;
		return &l->group[l->groups - 1];
	}
}

static int add(struct grouping *g, struct lost_block *b)
{
	uint64_t blocks = g->mark.marked_blocks, bytes = g->mark.marked_bytes;
	struct lost_group like, *to;
	uint32_t block;
	int err = follow(g, b, &block);

	g->lost->blocks++;
	g->lost->bytes += b->bytes;
	describe(g, b, &like);
	to = group_like(g, &like);
	if (!to) {
		g->lost->ungrouped_blocks++;
		return err;
	}
	b->group = to - g->lost->group;
	to->blocks++;
	to->bytes += b->bytes;
	to->indirect_blocks += g->mark.marked_blocks - blocks;
	to->indirect_bytes += g->mark.marked_bytes - bytes;
	if (to->examples < LOST_EXAMPLES)
		to->example[to->examples++] = b->at;
	return err;
}

static int by_sum(const void *a, const void *b)
{
	const struct lost_group *x = a, *y = b;
	uint64_t xs = x->bytes + x->indirect_bytes, ys = y->bytes + y->indirect_bytes;

	return xs != ys ? (xs < ys ? 1 : -1) : x->content_bytes < y->content_bytes ? 1 : -1;
}

static int group_all(struct grouping *g)
{
	struct heap_lost *l = g->lost;
	int err = find_indirect(g);

	for (size_t i = 0; i < l->n && !err; i++) {
		if (l->block[i].indirect) {
			l->indirect_blocks++;
			l->indirect_bytes += l->block[i].bytes;
		} else {
			err = add(g, &l->block[i]);
		}
	}
	if (l->groups)
		qsort(l->group, l->groups, sizeof(*l->group), by_sum);
	return err;
}

/** heap_lost_group() - put lost blocks into groups, the largest first; 0 or -ENOMEM */
int heap_lost_group(struct heap_snapshot *s, struct heap_lost *l)
{
	struct grouping g = { .snapshot = s, .lost = l, .slot = calloc(SLOTS, sizeof(*g.slot)) };
	int err = -ENOMEM;

	if (mark_begin(&g.mark, s->process, &s->blocks) && g.slot) {
		g.mark.flag = BLOCK_INDIRECT;
		g.mark.skip = BLOCK_REFERRED;
		leave_others_alone(&g);
		err = group_all(&g);
	}
	mark_end(&g.mark);
	free(g.slot);
	return err;
}
