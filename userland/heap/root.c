// SPDX-License-Identifier: GPL-2.0
/*
 * Memory that may refer to blocks. Stacks count as a whole: below the stack pointer
 * are often copies of the registers of a thread that waits, which cannot be read
 * without stopping it. An arena's own lists do not count, nor do blocks.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "heap/root.h"
#include "util/array.h"

struct hole {
	uint64_t start, end;
};

static int by_start(const void *a, const void *b)
{
	const struct hole *x = a, *y = b;

	return x->start < y->start ? -1 : x->start > y->start;
}

/* Areas of blocks, unless it is not sure that they are, and arenas. */
static struct hole *find_holes(const struct glibc *g, const struct heap_blocks *b, size_t *n)
{
	struct hole *hole = malloc((g->n + b->areas + 1) * sizeof(*hole));

	*n = 0;
	for (size_t i = 0; hole && i < b->areas; i++)
		if (b->area[i].arena != AREA_MAPPED || !g->mapped_unread_bytes)
			hole[(*n)++] = (struct hole){ b->area[i].start, b->area[i].end };
	for (size_t i = 0; hole && i < g->n; i++)
		hole[(*n)++] = (struct hole){ g->arena[i].at, g->arena[i].at + GLIBC_ARENA_BYTES };
	if (hole)
		qsort(hole, *n, sizeof(*hole), by_start);
	return hole;
}

static bool starts_with(const char *s, const char *prefix)
{
	return !strncmp(s, prefix, strlen(prefix));
}

/* Shared memory of which a file system keeps no file: addresses in it may be the process's own. */
static bool is_shared_memory(const struct map *m)
{
	return starts_with(m->path, "/dev/zero") || starts_with(m->path, "/memfd:") ||
	       starts_with(m->path, "/SYSV") || starts_with(m->path, "/dev/shm/") || !m->inode;
}

static bool may_refer(const struct map *m)
{
	if (!m->read || starts_with(m->path, "[v"))	/* [vdso], [vvar], [vsyscall] */
		return false;
	return !m->shared || is_shared_memory(m);
}

static bool add_root(struct roots *r, const struct map *m, uint64_t start, uint64_t end)
{
	if (start >= end)
		return true;
	if (!array_reserve(r->root, r->capacity, r->n, 1))
		return false;
	r->root[r->n++] = (struct root){
		.start = start, .end = end, .own_only = m->inode && !m->shared, .unaligned = m->exec,
	};
	return true;
}

/* A mapping, without the holes. */
static bool add_map(struct roots *r, const struct map *m, const struct hole *hole, size_t n)
{
	uint64_t at = m->start;

	for (size_t i = 0; i < n && hole[i].start < m->end; i++) {
		if (hole[i].end <= at)
			continue;
		if (!add_root(r, m, at, hole[i].start))
			return false;
		at = hole[i].end;
	}
	return add_root(r, m, at, m->end);
}

/** roots_find() - all memory that may refer to blocks, and what the kernel keeps; 0 or -ENOMEM */
int roots_find(const struct heap_process *p, const struct glibc *g, const struct heap_blocks *b, struct roots *r)
{
	size_t n;
	struct hole *hole = find_holes(g, b, &n);
	bool good = hole != NULL;

	for (size_t i = 0; i < p->maps.n && good; i++)
		if (may_refer(&p->maps.map[i]))
			good = add_map(r, &p->maps.map[i], hole, n);
	free(hole);
	return good && roots_add_kernel(p, r) ? 0 : -ENOMEM;
}

/** roots_add_word() - add a word that may be an address; false: no memory */
bool roots_add_word(struct roots *r, uint64_t word)
{
	if (!array_reserve(r->word, r->words_capacity, r->words, 1))
		return false;
	r->word[r->words++] = word;
	return true;
}

/** roots_free() - release what it holds, and empty it */
void roots_free(struct roots *r)
{
	free(r->root);
	free(r->word);
	memset(r, 0, sizeof(*r));
}
