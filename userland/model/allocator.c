// SPDX-License-Identifier: GPL-2.0
#include <stdbool.h>
#include <string.h>

#include "model/allocator.h"
#include "model/python_heap.h"
#include "util/macros.h"

static const struct {
	const char *file, *name;	/* what its library's path has in it */
} allocators[] = {
	{ "/libjemalloc", "jemalloc" },
	{ "/libtcmalloc", "tcmalloc" },
	{ "/libmimalloc", "mimalloc" },
	{ "/ld-musl-", "musl's" },
	{ "-musl/libc.so", "musl's" },
	{ "/libsnmalloc", "snmalloc" },
	{ "/libhoard", "Hoard" },
	{ "/libtbbmalloc", "TBB's" },
	{ "/libasan.", "AddressSanitizer's" },
};

static bool is_loaded(const struct maps *maps, const char *file)
{
	for (size_t i = 0; i < maps->n; i++)
		if (maps->map[i].inode && strstr(maps->map[i].path, file))
			return true;
	return false;
}

/*
 * What allocators call their mappings by prctl(), if they do: glibc with glibc.mem.decorate_maps,
 * Android, and runtimes of languages by themselves.
 */
static const struct {
	const char *begin, *name;
} named[] = {
	{ "[heap]", ALLOCATOR_MALLOC },
	{ "[anon: glibc: malloc", ALLOCATOR_MALLOC },
	{ "[anon:libc_malloc", ALLOCATOR_MALLOC },
	{ "[anon:scudo:", ALLOCATOR_MALLOC },
	{ "[anon:jemalloc", "jemalloc" },
	{ "[anon:tcmalloc_region_", "tcmalloc" },
	{ "[anon:partition_alloc", "PartitionAlloc" },
	{ "[anon: Go: heap", "Go" },
	{ "[anon:Ruby:GC:", "Ruby" },
	{ "[anon:cpython:pymalloc", "Python" },
	{ PYTHON_HEAP_NAME, "Python" },
	{ "[anon:zend_alloc", "PHP" },
	{ "[anon:v8", "V8" },
};

/** allocator_of_mapping() - whose memory a mapping is, by its name in /proc/PID/maps, or NULL */
const char *allocator_of_mapping(const char *path)
{
	for (size_t i = 0; i < ARRAY_SIZE(named); i++)
		if (!strncmp(path, named[i].begin, strlen(named[i].begin)))
			return named[i].name;
	return NULL;
}

/** allocator_loaded() - the name of the nth allocator that is loaded, or NULL */
const char *allocator_loaded(const struct maps *maps, unsigned int nth)
{
	for (size_t i = 0; i < ARRAY_SIZE(allocators); i++)
		if (is_loaded(maps, allocators[i].file) && !nth--)
			return allocators[i].name;
	return NULL;
}
