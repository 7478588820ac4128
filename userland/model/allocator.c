// SPDX-License-Identifier: GPL-2.0
#include <stdbool.h>
#include <string.h>

#include "model/allocator.h"
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

/** allocator_loaded() - the name of the nth allocator that is loaded, or NULL */
const char *allocator_loaded(const struct maps *maps, unsigned int nth)
{
	for (size_t i = 0; i < ARRAY_SIZE(allocators); i++)
		if (is_loaded(maps, allocators[i].file) && !nth--)
			return allocators[i].name;
	return NULL;
}
