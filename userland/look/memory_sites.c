// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <string.h>

#include "look/count.h"
#include "look/look.h"
#include "look/memory_sites.h"
#include "model/address_range.h"
#include "model/object.h"
#include "util/array.h"
#include "util/units.h"

enum memory_part { PART_HEAP, PART_MAPPED, PART_STACK, PART_SHARED, PART_FILES, PART_ALL, PARTS };

static const struct look_name names[PARTS] = {
	[PART_HEAP] = { LEAKTRACE_TYPE_ANON, "heap" },
	[PART_MAPPED] = { LEAKTRACE_TYPE_ANON, "anonymous mappings" },
	[PART_STACK] = { LEAKTRACE_TYPE_ANON, "stack" },
	[PART_SHARED] = { LEAKTRACE_TYPE_SHMEM, "shared memory" },
	[PART_FILES] = { LEAKTRACE_TYPE_ANON, "private memory of mapped files" },
	[PART_ALL] = { LEAKTRACE_TYPE_ANON, "memory" },
};

struct part {
	uint64_t bytes;
	uint64_t address;		/* of its largest mapping */
	uint64_t largest;
};

static enum memory_part part_of(const struct look *l, const struct map *map)
{
	static const enum memory_part of_range[RANGES] = {
		[RANGE_HEAP] = PART_HEAP, [RANGE_MMAP] = PART_MAPPED, [RANGE_STACK] = PART_STACK,
		[RANGE_SHARED] = PART_SHARED, [RANGE_UNKNOWN] = PART_MAPPED,
	};

	if (!l->memory_by_mapping)
		return PART_ALL;
	if (map->inode && !map->shared)
		return PART_FILES;
	return of_range[range_of(&l->model, map->start)];
}

static int add(struct look *l, uint32_t group, uint64_t pages, uint64_t address)
{
	struct look_group *g = &l->groups.group[group];
	struct look_known *known = &l->known[LEAKTRACE_KIND_PAGE];
	struct look_object *o;

	if (!array_reserve(known->object, known->room, known->n, 1))
		return -ENOMEM;
	o = &known->object[known->n++];
	*o = (struct look_object){ .group = group };
	o->o = (struct object){
		.id = address, .count = pages, .kind = LEAKTRACE_KIND_PAGE, .type = g->type,
		.born_ns = l->looks ? l->model.target.now_ns : 0,
		.flags = l->looks ? 0 : LEAKTRACE_OBJECT_F_BASELINE,
	};
	o->o.site = look_born(l, g, pages);
	return 0;
}

/* The newest first: what stays is at least as old as that. */
static void take_away(struct look *l, uint32_t group, uint64_t pages)
{
	struct look_known *known = &l->known[LEAKTRACE_KIND_PAGE];
	size_t kept = 0;

	for (size_t i = known->n; i-- && pages;) {
		struct look_object *o = &known->object[i];
		uint64_t n = o->o.count < pages ? o->o.count : pages;

		if (o->group != group)
			continue;
		look_died(l, &l->groups.group[group], &o->o, n);
		o->o.count -= n;
		pages -= n;
	}
	for (size_t i = 0; i < known->n; i++)
		if (known->object[i].o.count)
			known->object[kept++] = known->object[i];
	known->n = kept;
}

static int take_part(struct look *l, enum memory_part which, const struct part *p)
{
	long group = look_group_of(&l->groups, LEAKTRACE_KIND_PAGE, &names[which]);
	uint64_t pages = p->bytes / PAGE_BYTES, before;

	if (group < 0)
		return -ENOMEM;
	before = l->groups.group[group].live;
	if (pages < before)
		take_away(l, group, before - pages);
	return pages > before ? add(l, group, pages - before, p->address) : 0;
}

int look_take_memory(struct look *l, const uint64_t *bytes)
{
	const struct maps *maps = l->model.maps;
	struct part part[PARTS] = { 0 };
	int err = 0;

	for (size_t i = 0; i < maps->n; i++) {
		struct part *p = &part[part_of(l, &maps->map[i])];

		p->bytes += bytes[i];
		if (bytes[i] < p->largest)
			continue;
		p->largest = bytes[i];
		p->address = maps->map[i].start;
	}
	for (int i = 0; i < PARTS && !err; i++)
		err = take_part(l, i, &part[i]);
	l->model.target.kind[LEAKTRACE_KIND_PAGE].present = true;
	l->model.target.kinds |= 1U << LEAKTRACE_KIND_PAGE;
	return err;
}
