// SPDX-License-Identifier: GPL-2.0
/*
 * CPython maps arenas of 256 KiB or 1 MiB for small objects, without a name. They are made of
 * pools of 4 or 16 KiB, and each begins with a header whose numbers fit each other: the last
 * place for a block follows from the size of the pool and of its blocks.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "model/python_heap.h"
#include "util/format.h"
#include "util/process_memory.h"

/* struct pool_header, the same from 3.6 to 3.13 */
struct pool {
	uint32_t blocks, unused;	/* in use */
	uint64_t free, next, previous;
	uint32_t arena;			/* its number */
	uint32_t size_class;		/* of blocks: 16, 32, … bytes */
	uint32_t next_offset, last_offset;	/* of the block that was never used, of the last one */
};

enum {
	ARENA_BYTES_MIN = 256 << 10,
	POOL_BYTES_MAX = 16 << 10,	/* also a multiple of the smaller one */
	SIZE_CLASSES = 32, BLOCK_ALIGN = 16,
	LOOKS = 32, POOLS_MIN = 2,
	ARENAS_MAX = 1 << 20,
};

static bool is_pool_of(const struct pool *p, uint64_t at, uint32_t pool_bytes)
{
	uint32_t block_bytes = (p->size_class + 1) * BLOCK_ALIGN;
	uint32_t blocks_max = (pool_bytes - sizeof(*p)) / block_bytes;

	return p->last_offset == pool_bytes - block_bytes && p->blocks <= blocks_max &&
		p->next_offset >= sizeof(*p) && p->next_offset <= pool_bytes &&
		(!p->free || (p->free > at && p->free < at + pool_bytes));
}

static bool is_pool(const struct pool *p, uint64_t at)
{
	return p->size_class < SIZE_CLASSES && p->arena < ARENAS_MAX &&
		(is_pool_of(p, at, POOL_BYTES_MAX) || is_pool_of(p, at, 4096));
}

bool python_heap_is(pid_t tid, int pagemap, const struct map *map)
{
	static const struct pool empty;
	uint64_t at = (map->start + POOL_BYTES_MAX - 1) & ~(uint64_t)(POOL_BYTES_MAX - 1);
	uint64_t step = (map->end - map->start) / LOOKS & ~(uint64_t)(POOL_BYTES_MAX - 1);
	unsigned int pools = 0, seen = 0;
	struct pool p;

	if (!step)
		step = POOL_BYTES_MAX;
	for (; at + sizeof(p) <= map->end; at += step) {
		if (memory_read_populated(tid, pagemap, at, &p, sizeof(p)))
			return false;
		seen += !!memcmp(&p, &empty, sizeof(p));
		pools += is_pool(&p, at);
	}
	return pools >= POOLS_MIN && pools * 2 > seen;
}

static bool is_interpreter(const struct maps *maps)
{
	for (size_t i = 0; i < maps->n; i++) {
		const char *base = maps->map[i].inode ? path_base(maps->map[i].path) : "";

		if (!strncmp(base, "python3", strlen("python3")) || !strncmp(base, "libpython3", strlen("libpython3")))
			return true;
	}
	return false;
}

static bool may_be_heap(const struct map *map)
{
	return !map->inode && !*map->path && map->read && map->write && !map->exec && !map->shared &&
		map->end - map->start >= ARENA_BYTES_MIN;
}

/** python_heap_name() - name the mappings in which CPython has its small objects */
void python_heap_name(struct maps *maps)
{
	char path[40];
	int pagemap;

	if (!is_interpreter(maps))
		return;
	snprintf(path, sizeof(path), "/proc/%d/pagemap", maps->tid);
	pagemap = open(path, O_RDONLY | O_CLOEXEC);
	if (pagemap < 0)
		return;
	for (size_t i = 0; i < maps->n; i++)
		if (may_be_heap(&maps->map[i]) && python_heap_is(maps->tid, pagemap, &maps->map[i]))
			maps->map[i].path = PYTHON_HEAP_NAME;
	close(pagemap);
}
