// SPDX-License-Identifier: GPL-2.0
/* From a process' mappings and pairs to doors. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "pair/function.h"
#include "pair/plan.h"
#include "util/process.h"
#include "util/target_file.h"

struct planning {
	struct pair_plan *plan;
	const struct pair_specs *specs;
	const bool *done;
	struct elf_image *image;	/* of the file that is looked at */
	uint64_t bias;
};

static bool has(const struct pair_plan *plan, uint64_t address, uint8_t role, uint8_t space)
{
	for (size_t i = 0; i < plan->n; i++)
		if (plan->door[i].address == address && plan->door[i].role == role &&
		    plan->door[i].space == space)
			return true;
	return false;
}

static bool add(struct planning *p, struct leaktrace_pair_door door, const char *name)
{
	struct pair_plan *plan = p->plan;

	door.address += p->bias;
	if (has(plan, door.address, door.role, door.space))
		return true;
	if (plan->n == LEAKTRACE_PAIR_DOORS_MAX)
		return false;
	snprintf(door.name, sizeof(door.name), "%s", name);
	plan->door[plan->n++] = door;
	return true;
}

static const char *add_doors(struct planning *p, const struct pair_spec *spec)
{
	uint64_t release = pair_function_start(p->image, spec->release);
	struct pair_function acquire;
	const char *why = pair_function_read(&acquire, p->image, spec->acquire);
	bool room;

	if (why)
		return why;
	if (!release)
		return "there is no function that releases";
	room = add(p, (struct leaktrace_pair_door){
		.address = acquire.vaddr, .role = LEAKTRACE_PAIR_ENTER, .space = spec->space,
		.handle = spec->handle, .argument = spec->argument,
	}, spec->acquire);
	room = room && add(p, (struct leaktrace_pair_door){
		.address = release, .role = LEAKTRACE_PAIR_RELEASE, .space = spec->space,
		.argument = spec->release_argument,
	}, spec->release);
	for (size_t i = 0; room && i < acquire.nexits; i++)
		room = add(p, (struct leaktrace_pair_door){
			.address = acquire.exit[i], .role = LEAKTRACE_PAIR_LEAVE,
		}, "");
	return room ? NULL : "there are too many places to watch";
}

static void plan_pair(struct planning *p, size_t i)
{
	const struct pair_spec *spec = &p->specs->spec[i];
	struct pair_plan *plan = p->plan;
	size_t n = plan->n;
	const char *why = add_doors(p, spec);

	plan->state[i] = why ? PAIR_REFUSED : PAIR_PLANNED;
	if (!why)
		return;
	plan->n = n;
	if (!*plan->refused)
		snprintf(plan->refused, sizeof(plan->refused), "%s:%s/%s: %s", spec->library,
			 spec->acquire, spec->release, why);
}

static bool is_wanted(const struct planning *p, const struct map *map, size_t i)
{
	return !p->done[i] && p->plan->state[i] == PAIR_ABSENT &&
	       pair_spec_is_of(&p->specs->spec[i], map->path);
}

static void look_at(struct planning *p, pid_t tid, int root, const struct map *map)
{
	struct stat st;
	uint64_t vaddr;
	int fd;

	p->image = NULL;
	for (size_t i = 0; i < p->specs->n; i++) {
		if (!is_wanted(p, map, i))
			continue;
		if (!p->image) {
			fd = open_mapped(tid, root, map, &st);
			p->image = fd < 0 ? NULL : elf_image_map(fd);
			if (fd >= 0)
				close(fd);
			if (!p->image || !elf_image_vaddr(p->image, map->offset_bytes, &vaddr))
				break;
			p->bias = map->start - vaddr;
		}
		plan_pair(p, i);
	}
	if (p->image)
		elf_image_close(p->image);
}

/** pair_plan_make() - find the doors of pairs */
int pair_plan_make(struct pair_plan *plan, pid_t pid, const struct pair_specs *specs,
		   const bool *done, char *err, size_t errlen)
{
	struct planning p = { .plan = plan, .specs = specs, .done = done };
	struct maps maps;
	int error, root;

	*plan = (struct pair_plan){ .state = calloc(specs->n ?: 1, 1) };
	if (!plan->state) {
		snprintf(err, errlen, "out of memory");
		return -ENOMEM;
	}
	error = maps_read(pid, &maps);
	if (error) {
		process_explain_maps(pid, error, err, errlen);
		return error;
	}
	root = open_root(pid, maps.tid);
	for (size_t i = 0; i < maps.n; i++)
		if (maps.map[i].exec && maps.map[i].inode)
			look_at(&p, maps.tid, root, &maps.map[i]);
	if (root >= 0)
		close(root);
	maps_free(&maps);
	return 0;
}

void pair_plan_free(struct pair_plan *plan)
{
	free(plan->state);
	plan->state = NULL;
}
