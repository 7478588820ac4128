// SPDX-License-Identifier: GPL-2.0
/*
 * What the planner says, for tests/unit/gate/run.
 *
 *   plan list FILE…		the doors of a file: entry, address, bytes, island
 *   plan for PID MEAN FILE	the plan for a process, to a file
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gate/plan.h"

static void list_entry(const struct gate_allocator *a, const struct gate_entry *entry)
{
	const struct gate_step *step;

	if (entry->state == ENTRY_PASSES) {
		printf("passes %s %s\n", entry->symbol, a->entry[entry->passes].symbol);
		return;
	}
	if (entry->state == ENTRY_REFUSED) {
		printf("refused %s %s\n", entry->symbol, entry->why);
		return;
	}
	step = gate_door_step(entry->door);
	printf("door %s %#lx %#lx %u %u %#lx\n", entry->symbol, (unsigned long)entry->vaddr,
	       (unsigned long)step->at, step->insn.bytes, entry->door->jump_bytes,
	       (unsigned long)entry->door->island);
}

static int list(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct gate_survey survey;
	struct elf_image *image;

	image = fd < 0 ? NULL : elf_image_map(fd);
	if (!image || gate_survey_read(&survey, image))
		return 1;
	for (size_t i = 0; i < survey.found.n; i++) {
		const struct gate_allocator *a = &survey.found.allocator[i];

		printf("allocator %u %s%s%s\n", a->type, *a->prefix ? a->prefix : "-",
		       a->refused ? " refused: " : "", a->refused ? a->refused : "");
		for (uint32_t j = 0; j < a->n; j++)
			list_entry(a, &a->entry[j]);
	}
	gate_survey_free(&survey);
	elf_image_close(image);
	close(fd);
	return 0;
}

static int plan_for(char **arg)
{
	struct gate_options options = { .mean_bytes = strtoull(arg[1], NULL, 0), .tag_bits = 20 };
	struct gate_plan plan;
	char err[256];
	FILE *f;
	int bad;

	if (gate_plan_make(&plan, atoi(arg[0]), &options, err, sizeof(err))) {
		fprintf(stderr, "%s\n", err);
		gate_plan_free(&plan);
		return 1;
	}
	f = fopen(arg[2], "w");
	bad = !f || fwrite(plan.blob, 1, plan.blob_bytes, f) != plan.blob_bytes;
	if (f)
		bad |= fclose(f) != 0;
	gate_plan_free(&plan);
	return bad;
}

int main(int argc, char **argv)
{
	int bad = 0;

	if (argc == 5 && !strcmp(argv[1], "for"))
		return plan_for(argv + 2);
	if (argc < 3 || strcmp(argv[1], "list"))
		return 2;
	for (int i = 2; i < argc; i++)
		bad |= list(argv[i]);
	return bad;
}
