// SPDX-License-Identifier: GPL-2.0
/*
 * What kind of memory an address is in. malloc uses the brk heap and arenas: 64
 * MiB of address space, aligned, of which the lower part is readable. Their
 * pages are returned late, if at all, and the next allocation may reuse them.
 */
#include <stdbool.h>
#include <string.h>

#include "model/address_range.h"
#include "model/allocator.h"
#include "model/model.h"
#include "util/proc_maps.h"

#define ARENA_BYTES (64ULL << 20)

/* The brk heap may have grown since the mappings of a process that has exited were read. */
static bool is_grown_heap(const struct model *m, uint64_t address)
{
	const struct map *below = NULL;

	for (size_t i = 0; m->maps && i < m->maps->n && m->maps->map[i].start <= address; i++)
		below = &m->maps->map[i];
	return below && below->path && !strcmp(below->path, "[heap]");
}

static const struct map *mapping(const struct model *m, uint64_t address)
{
	return m->maps ? maps_find(m->maps, address) : NULL;
}

static bool is_arena(const struct map *map, const struct map *rest)
{
	return map && rest && rest->start == map->end && !(map->start % ARENA_BYTES) && map->write &&
		!rest->read && !rest->write && rest->end == map->start + ARENA_BYTES;
}

/* The part of an arena that was inaccessible when the mappings were read may have been used since. */
static bool is_in_arena(const struct model *m, const struct map *map)
{
	return is_arena(map, mapping(m, map->end)) || is_arena(mapping(m, map->start - 1), map);
}

const char *range_allocator(const struct model *m, uint64_t address)
{
	const struct map *map = mapping(m, address);

	if (!map)
		return is_grown_heap(m, address) ? ALLOCATOR_MALLOC : NULL;
	if (map->path && *map->path)
		return allocator_of_mapping(map->path);
	return is_in_arena(m, map) ? ALLOCATOR_MALLOC : NULL;
}

static bool is_stack(const struct model *m, uint64_t address)
{
	const struct map *map = mapping(m, address);

	return map && map->path && !strcmp(map->path, "[stack]");
}

const char *range_name(const struct model *m, uint64_t address)
{
	const struct map *map = mapping(m, address);

	if (!map)
		return NULL;
	if (map->path && *map->path)
		return map->path;
	return is_in_arena(m, map) ? "[malloc arena]" :
		map->shared ? "shared anonymous" : "anonymous";
}

/* The kind of memory at an address. */
enum range range_of(const struct model *m, uint64_t address)
{
	const struct map *map = mapping(m, address);

	if (!map)
		return is_grown_heap(m, address) ? RANGE_HEAP : RANGE_UNKNOWN;
	if (is_stack(m, address))
		return RANGE_STACK;
	if (map->shared)
		return RANGE_SHARED;
	return range_allocator(m, address) ? RANGE_HEAP : RANGE_MMAP;
}

const char *range_kind_name(enum range r)
{
	static const char *const names[RANGES] = {
		[RANGE_HEAP] = "heap", [RANGE_MMAP] = "mmap", [RANGE_STACK] = "stack",
		[RANGE_SHARED] = "shared memory", [RANGE_UNKNOWN] = "unknown",
	};

	return names[r];
}
