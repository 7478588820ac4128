// SPDX-License-Identifier: GPL-2.0
/*
 * Finds malloc's variables in the data of libc, or of a program that is linked
 * statically. The main arena is the structure whose list heads of empty bins point
 * at themselves; the parameters are known by the numbers that fit each other.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "elf/image.h"
#include "heap/glibc.h"
#include "util/array.h"
#include "util/target_file.h"
#include "util/units.h"

/* struct malloc_state in words */
enum {
	ARENA_FAST = 2,
	ARENA_TOP = 12,
	ARENA_BINS = 14, BINS = 127,	/* each the head of a list: forward, backward */
	ARENA_NEXT = 270,
	ARENA_THREADS = 272, ARENA_SYSTEM, ARENA_SYSTEM_MAX,
	ARENA_WORDS,
	EMPTY_BINS_MIN = 32,
};

/* struct malloc_par in words from sbrk_base on, the same in all these versions */
enum {
	PARAM_MAPPED = -2, PARAM_MAPPED_MAX, PARAM_BASE, PARAM_CACHE_BINS, PARAM_CACHE_MAX, PARAM_CACHE_COUNT,
	PARAMS_BEFORE = 2, PARAMS_BEHIND = 4,
};

enum {
	DATA_BYTES_MAX = 64 << 20,	/* of one mapping */
	ARENAS_MAX = 4096,
	PASSES = 4,			/* over all data: lists may be torn while they change */
};

static bool is_chunk_address(uint64_t at)
{
	return at && !(at % GLIBC_ALIGN) && at < 1ULL << 56;
}

/* Whether these words, which are at this address, are an arena's. */
static bool is_arena(const uint64_t *w, uint64_t at)
{
	unsigned int empty = 0;

	if (w[0] >> 32 > 7 || (uint32_t)w[0] > 2 || (uint32_t)w[1] > 1 || !is_chunk_address(w[ARENA_TOP]) ||
	    !is_chunk_address(w[ARENA_NEXT]) || w[ARENA_SYSTEM] > w[ARENA_SYSTEM_MAX])
		return false;
	for (int i = 0; i < GLIBC_FAST_BINS; i++)
		if (w[ARENA_FAST + i] && !is_chunk_address(w[ARENA_FAST + i]))
			return false;
	for (int i = 0; i < BINS; i++) {
		/* as if the list's head were a block whose links are here */
		uint64_t self = at + (ARENA_BINS + 2 * i - 2) * 8;
		const uint64_t *bin = &w[ARENA_BINS + 2 * i];

		if (!is_chunk_address(bin[0]) || !is_chunk_address(bin[1]) || (bin[0] == self) != (bin[1] == self))
			return false;
		empty += bin[0] == self;
	}
	return empty >= EMPTY_BINS_MIN;
}

static void fill_arena(struct glibc_arena *a, const uint64_t *w, uint64_t at, bool is_main)
{
	*a = (struct glibc_arena){
		.at = at, .is_main = is_main, .next = w[ARENA_NEXT], .threads = w[ARENA_THREADS],
		.system_bytes = w[ARENA_SYSTEM],
		/* of an arena without memory it is the head of the first bin */
		.top = w[ARENA_TOP] == at + ARENA_TOP * 8 ? 0 : w[ARENA_TOP],
	};
	for (int i = 0; i < GLIBC_FAST_BINS; i++)
		a->fast[i] = w[ARENA_FAST + i];
}

/* Lists may be torn while they change: an arena is read until it is one, a few times. */
static bool read_arena(const struct heap_process *p, struct glibc *g, uint64_t at, struct glibc_arena *a)
{
	enum { TRIES = 16 };
	uint64_t w[ARENA_WORDS];

	for (int i = 0; i < TRIES; i++) {
		if (!heap_read(p, at, w, sizeof(w)))
			return false;
		if (is_arena(w, at)) {
			fill_arena(a, w, at, at == g->main_arena);
			return true;
		}
		g->torn++;
	}
	return false;
}

/* Another arena lies at the start of its first heap, whose first word is its address. */
static bool is_in_own_heap(const struct heap_process *p, uint64_t at)
{
	uint64_t heap = at & ~(GLIBC_HEAP_BYTES - 1);

	return at - heap < PAGE_BYTES && heap_word(p, heap) == at;
}

/* The list of arenas, from the main one on; 0 or -errno. */
static int read_arenas(const struct heap_process *p, struct glibc *g)
{
	uint64_t at = g->main_arena;

	g->n = 0;
	do {
		struct glibc_arena *a;

		if (!array_reserve(g->arena, g->capacity, g->n, 1))
			return -ENOMEM;
		a = &g->arena[g->n];
		if ((g->n && !is_in_own_heap(p, at)) || !read_arena(p, g, at, a))
			return g->n ? 0 : -EFAULT;
		g->n++;
		at = a->next;
	} while (at != g->main_arena && g->n < ARENAS_MAX);
	return 0;
}

/* The largest block that threads keep goes with the number of their lists. */
static bool is_params(const struct heap_process *p, const uint64_t *w)
{
	const struct map *m;

	if (!w[PARAM_CACHE_BINS] || w[PARAM_CACHE_BINS] > 64 || w[PARAM_CACHE_MAX] < 24 ||
	    (w[PARAM_CACHE_MAX] - 24 + GLIBC_ALIGN - 1) / GLIBC_ALIGN != w[PARAM_CACHE_BINS] - 1 ||
	    w[PARAM_CACHE_COUNT] > UINT16_MAX || w[PARAM_MAPPED] > w[PARAM_MAPPED_MAX] ||
	    w[PARAM_MAPPED] % PAGE_BYTES || w[PARAM_BASE] % GLIBC_ALIGN)
		return false;
	m = w[PARAM_BASE] ? maps_find(&p->maps, w[PARAM_BASE]) : NULL;
	return !w[PARAM_BASE] || (m && m->write && !m->inode);
}

static bool find_params(const struct heap_process *p, struct glibc *g, const uint64_t *w, size_t n)
{
	for (size_t i = PARAMS_BEFORE; i + PARAMS_BEHIND <= n; i++) {
		if (!is_params(p, w + i))
			continue;
		g->sbrk_base = w[i + PARAM_BASE];
		g->mapped_bytes = w[i + PARAM_MAPPED];
		g->cache_limit = w[i + PARAM_CACHE_COUNT];
		return true;
	}
	return false;
}

/* "GNU C Library (…) stable release version 2.36." */
static unsigned int version_in(const char *bytes, size_t n)
{
	static const char banner[] = "GNU C Library ", before[] = " release version 2.";
	const char *at = memmem(bytes, n, banner, sizeof(banner) - 1);
	size_t rest = at ? n - (at - bytes) : 0;
	const char *v = at ? memmem(at, rest < 200 ? rest : 200, before, sizeof(before) - 1) : NULL;
	unsigned int minor = 0;

	for (v = v ? v + sizeof(before) - 1 : NULL; v && v < bytes + n && *v >= '0' && *v <= '9' && minor < 1000; v++)
		minor = 10 * minor + (*v - '0');
	return minor;
}

static unsigned int version_of(const struct heap_process *p, const struct map *m)
{
	int root = open_root(p->pid, p->tid), fd;
	struct elf_image *image = NULL;
	unsigned int minor = 0;
	struct stat st;

	fd = open_mapped(p->tid, root, m, &st);
	if (fd >= 0) {
		image = elf_image_map(fd);
		close(fd);
	}
	if (image)
		minor = version_in((const char *)image->bytes, image->size_bytes);
	elf_image_close(image);
	if (root >= 0)
		close(root);
	return minor;
}

/* Where the arena is in n words of data, or n. */
static size_t find_arena(const uint64_t *w, size_t n, uint64_t at)
{
	size_t i = at % GLIBC_ALIGN / 8;

	for (; i + ARENA_WORDS <= n; i += GLIBC_ALIGN / 8)
		if (w[i + ARENA_NEXT] && is_arena(w + i, at + 8 * i))
			return i;
	return n;
}

/* 0: it is in this mapping; -ENOENT: it isn't. */
static int find_in(const struct heap_process *p, const struct map *m, struct glibc *g)
{
	size_t bytes = m->end - m->start, n = bytes / 8, i;
	uint64_t *w = bytes > DATA_BYTES_MAX ? NULL : malloc(bytes);
	int err = -ENOENT;

	if (w && heap_read(p, m->start, w, bytes)) {
		i = find_arena(w, n, m->start);
		if (i < n) {
			g->main_arena = m->start + 8 * i;
			g->minor = version_of(p, m);
			err = (!g->minor || (g->minor >= GLIBC_OLDEST && g->minor <= GLIBC_NEWEST)) &&
			      find_params(p, g, w, n) ? 0 : -ENOTSUP;
		}
	}
	free(w);
	return err;
}

/**
 * glibc_find() - find malloc's variables
 *
 * Return: 0, -ENOENT if there is no glibc that has allocated something, -ENOTSUP if
 * there is one of which the layout is not known, or another -errno.
 */
int glibc_find(const struct heap_process *p, struct glibc *g)
{
	int err = -ENOENT;

	for (size_t i = 0; i < PASSES * p->maps.n && err == -ENOENT; i++) {
		const struct map *m = &p->maps.map[i % p->maps.n];

		if (m->read && m->write && !m->shared && m->inode)
			err = find_in(p, m, g);
	}
	return err ? err : read_arenas(p, g);
}

/** glibc_refresh_fast() - read the lists of unmerged free blocks again */
void glibc_refresh_fast(const struct heap_process *p, struct glibc *g)
{
	struct glibc_arena a;

	for (size_t i = 0; i < g->n; i++)
		if (read_arena(p, g, g->arena[i].at, &a))
			memcpy(g->arena[i].fast, a.fast, sizeof(a.fast));
}

/** glibc_free() - release what it holds */
void glibc_free(struct glibc *g)
{
	free(g->arena);
	memset(g, 0, sizeof(*g));
}
