// SPDX-License-Identifier: GPL-2.0
/* From a process' mappings to a plan: where the gate lies, its doors in order, its code. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gate/plan.h"
#include "util/array.h"
#include "util/process.h"
#include "util/target_file.h"

enum { MAX_FILES = 4096 };

/** gate_plan_add_file() - look for allocators in a file; takes the image */
int gate_plan_add_file(struct gate_plan *plan, struct elf_image *image, const char *path,
		       uint64_t bias)
{
	struct gate_file file = { .bias = bias };
	int error = gate_survey_read(&file.survey, image);

	if (!error && file.survey.found.n) {
		file.path = strdup(path);
		if (file.path && array_reserve(plan->file, plan->capacity, plan->nfiles, 1)) {
			plan->file[plan->nfiles++] = file;
			return 0;
		}
		free(file.path);
		error = -ENOMEM;
	}
	gate_survey_free(&file.survey);
	elf_image_close(image);
	return error;
}

static int add_mapping(struct gate_plan *plan, pid_t tid, int root, const struct map *map)
{
	struct elf_image *image;
	struct stat st;
	uint64_t vaddr;
	int fd = open_mapped(tid, root, map, &st);

	if (fd < 0)
		return 0;
	image = elf_image_map(fd);
	close(fd);
	if (!image)
		return 0;
	if (!elf_image_vaddr(image, map->offset_bytes, &vaddr)) {
		elf_image_close(image);
		return 0;
	}
	return gate_plan_add_file(plan, image, map->path, map->start - vaddr);
}

static bool seen_before(const struct maps *maps, size_t i)
{
	for (size_t j = 0; j < i; j++)
		if (maps->map[j].exec && maps->map[j].dev == maps->map[i].dev &&
		    maps->map[j].inode == maps->map[i].inode)
			return true;
	return false;
}

static int add_files(struct gate_plan *plan, pid_t pid, const struct maps *maps)
{
	int root = open_root(pid, maps->tid), error = 0;
	unsigned int files = 0;

	for (size_t i = 0; !error && i < maps->n; i++) {
		const struct map *map = &maps->map[i];

		if (!map->exec || !map->inode || seen_before(maps, i) || files++ >= MAX_FILES)
			continue;
		error = add_mapping(plan, maps->tid, root, map);
	}
	if (root >= 0)
		close(root);
	return error;
}

int gate_plan_make(struct gate_plan *plan, pid_t pid, const struct gate_options *options,
		   char *err, size_t errlen)
{
	struct maps maps;
	int error = maps_read(pid, &maps);

	*plan = (struct gate_plan){ 0 };
	if (error) {
		process_explain_maps(pid, error, err, errlen);
		return error;
	}
	error = add_files(plan, pid, &maps);
	if (error)
		snprintf(err, errlen, "no memory to read the allocators of process %d", pid);
	else
		error = gate_plan_write(plan, &maps, options, err, errlen);
	maps_free(&maps);
	return error;
}

void gate_plan_free(struct gate_plan *plan)
{
	for (size_t i = 0; i < plan->nfiles; i++) {
		elf_image_close(plan->file[i].survey.image);
		gate_survey_free(&plan->file[i].survey);
		free(plan->file[i].path);
	}
	free(plan->file);
	free(plan->blob);
	*plan = (struct gate_plan){ 0 };
}
