// SPDX-License-Identifier: GPL-2.0
/*
 * The ELF files that a target can make the symbolizer read.
 */
#include <stdlib.h>
#include <string.h>

#include "elf/image.h"
#include "symbolize/debug_file.h"
#include "symbolize/frame.h"
#include "symbolize/module.h"
#include "symbolize/tail_call.h"
#include "util/string_table.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What else is read of the code at an address, and behind a call at it. */
static void look_around(struct elf_module *module, struct string_table *names, uint64_t vaddr)
{
	struct symbol_frame frames[32];
	int n = elf_module_tail_calls(module, names, -1, vaddr, vaddr / 2, frames, 32);

	if (n < 0 || n > 32)
		abort();
	elf_module_is_inferred(module, vaddr);
	elf_module_has_call(module, vaddr);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	void *bytes = malloc(size ?: 1);
	struct symbol_frame frames[8];
	struct elf_image *image;
	struct elf_module *module;
	struct string_table *names;

	elf_debug_dir = "/nonexistent";
	memcpy(bytes, data, size);
	image = elf_image_adopt(bytes, size);
	if (!image)
		return 0;
	names = string_table_open();
	module = elf_module_open(image, NULL, names);
	for (size_t i = 0; i < image->nsegments && i < 16; i++)
		for (uint64_t at = 0, n = 0; image->segment[i].exec && n < 32; at += 1 + at / 2, n++) {
			if (elf_module_resolve(module, names, -1, image->segment[i].vaddr + at, 0,
					       frames, 8) < 1)
				abort();
			look_around(module, names, image->segment[i].vaddr + at);
		}
	elf_module_close(module);
	string_table_close(names);
	return 0;
}
