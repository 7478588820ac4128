// SPDX-License-Identifier: GPL-2.0
/* Mappings of our own: pools as CPython lays them out, and what only looks like them. */
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "check.h"
#include "model/python_heap.h"

enum { ARENA = 1 << 20 };

static char *memory;

/* What pymalloc has written once half of the blocks of a pool are in use. */
static void put_pool(uint64_t offset, uint32_t pool_bytes, uint32_t size_class)
{
	uint32_t block = (size_class + 1) * 16, n = (pool_bytes - 48) / block / 2;
	uint32_t head[] = { n, 0 }, tail[] = { 3, size_class, 48 + (n + 1) * block, pool_bytes - block };
	uint64_t free_block = (uint64_t)memory + offset + 48 + (uint64_t)n * block;

	memcpy(memory + offset, head, sizeof(head));
	memcpy(memory + offset + 8, &free_block, sizeof(free_block));
	memcpy(memory + offset + 32, tail, sizeof(tail));
}

static bool is_heap(void)
{
	const struct map map = { .start = (uint64_t)memory, .end = (uint64_t)memory + ARENA };

	return python_heap_is(getpid(), -1, &map);
}

static void clear(void)
{
	memset(memory, 0, ARENA);
}

int main(void)
{
	char *all = mmap(NULL, 2 * ARENA, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	memory = (char *)(((uint64_t)all + ARENA - 1) & ~(uint64_t)(ARENA - 1));
	CHECK(!is_heap(), "nothing was touched");
	for (int i = 0; i < 64; i++)
		put_pool(i * 16384, 16384, i % 32);
	CHECK(is_heap(), "an arena of pools of 16 KiB");
	memset(memory + ARENA / 2, 0, ARENA / 2);
	CHECK(is_heap(), "an arena that is half used");
	memset(memory + ARENA / 2, 0x5a, ARENA / 2);
	CHECK(!is_heap(), "as much is of others");
	clear();
	for (int i = 0; i < 256; i++)
		put_pool(i * 4096, 4096, i % 32);
	CHECK(is_heap(), "an arena of pools of 4 KiB, as before 3.10");
	for (int i = 0; i < 256; i++)
		memory[i * 4096 + 44]++;
	CHECK(!is_heap(), "no block ends there");
	clear();
	for (int i = 0; i < ARENA / 4; i++)
		memcpy(memory + 4 * i, &i, 4);
	CHECK(!is_heap(), "numbers of any kind");
	clear();
	put_pool(0, 16384, 1);
	CHECK(!is_heap(), "a single one may be chance");
	munmap(all, 2 * ARENA);
	return verdict("heap of Python");
}
