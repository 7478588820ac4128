// SPDX-License-Identifier: GPL-2.0
/*
 * What a file can make the planner of gates do. Input: an ELF file. What is planned is
 * checked as the kernel does, and never more than what the file has is replaced.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/leaktrace_gate.h>

#include "gate/plan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint64_t BIAS = 0x7f0000000000;

static void look_at(const struct gate_plan *plan, const struct elf_image *image)
{
	const struct leaktrace_gate_header *header = (const void *)plan->blob;
	const struct leaktrace_gate_door *door = (const void *)(header + 1);

	for (uint32_t i = 0; i < header->ndoors; i++) {
		const unsigned char *code = elf_image_code(image, door[i].address - BIAS,
							   door[i].jump_bytes);

		if (!code || memcmp(code, door[i].old, door[i].jump_bytes))
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char text[] = "7f8000000000-7f8000001000 r-xp 00000000 08:01 7 /nowhere/libc.so.6\n";
	struct gate_options options = { .mean_bytes = 65536, .tag_bits = 16 };
	struct gate_plan plan = { 0 };
	uint8_t *copy = malloc(size + 1);
	struct elf_image *image;
	struct maps maps;
	char err[256];

	memcpy(copy, data, size);
	image = elf_image_adopt(copy, size);
	if (!image)
		return 0;
	maps_parse(strdup(text), &maps);
	if (!gate_plan_add_file(&plan, image, "/nowhere/libc.so.6", BIAS) && plan.nfiles &&
	    !gate_plan_write(&plan, &maps, &options, err, sizeof(err)))
		look_at(&plan, image);
	gate_plan_free(&plan);
	maps_free(&maps);
	return 0;
}
