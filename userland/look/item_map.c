// SPDX-License-Identifier: GPL-2.0
/* Mappings. Anonymous ones side by side are one to the kernel: fewer may be seen than were made. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <linux/leaktrace.h>

#include "look/item.h"
#include "util/format.h"
#include "util/hash.h"
#include "util/proc_maps.h"

#define LARGE_BYTES	(1 << 20)	/* smaller ones are of all sizes, and grow together */

static uint64_t mark_of(const struct map *map)
{
	const bool flags[] = { map->read, map->write, map->exec, map->shared };
	uint64_t hash = hash_bytes(HASH_START, map->path, strlen(map->path));

	hash = hash_bytes(hash, &map->inode, sizeof(map->inode));
	return hash_bytes(hash, flags, sizeof(flags));
}

int look_maps(const struct maps *maps, struct look_items *items)
{
	items->n = 0;
	for (size_t i = 0; i < maps->n; i++) {
		const struct map *map = &maps->map[i];
		struct look_item *item = look_item_add(items);

		if (!item)
			return -ENOMEM;
		item->id = map->start;
		item->bytes = map->end - map->start;
		item->mark = mark_of(map);
	}
	return 0;
}

static uint8_t type_of(const struct map *map)
{
	if (!strncmp(map->path, "[stack", 6))
		return LEAKTRACE_TYPE_STACK;
	if (!strncmp(map->path, "/anon_hugepage", 14))
		return LEAKTRACE_TYPE_HUGE;
	if (map->shared)
		return LEAKTRACE_TYPE_SHARED;
	return map->inode ? LEAKTRACE_TYPE_FILE : LEAKTRACE_TYPE_ANON;
}

bool look_map_name(const struct maps *maps, const struct look_item *item, struct look_name *name)
{
	const struct map *map = maps_find(maps, item->id);
	char bytes[32] = "small", permissions[MAP_PERMISSIONS_SIZE];

	if (!map)
		return false;
	if (*map->path) {
		look_name_set(name, type_of(map), map->path);
		return true;
	}
	name->type = type_of(map);
	if (item->bytes >= LARGE_BYTES)
		format_bytes(item->bytes, bytes);
	snprintf(name->text, sizeof(name->text), "anonymous, %s, %s", bytes, map_permissions(map, permissions));
	return true;
}
