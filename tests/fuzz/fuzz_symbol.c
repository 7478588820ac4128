// SPDX-License-Identifier: GPL-2.0
/*
 * Everything that a target can make the symboliser read: ELF files, and the
 * texts of maps, perf-PID.map and mangled names.
 */
#include <elf.h>
#include <stdlib.h>
#include <string.h>

#include "elf_debug.h"
#include "elf_module.h"
#include "maps.h"
#include "symbol_jit.h"

static void fuzz_elf(const uint8_t *data, size_t size)
{
	void *bytes = malloc(size);
	struct symbol_frame frames[8];
	struct elf_image *image;
	struct elf_module *module;
	struct names *names;

	memcpy(bytes, data, size);
	image = elf_image_adopt(bytes, size);
	if (!image)
		return;
	names = names_open();
	module = elf_module_open(image, NULL, names);
	for (size_t i = 0; i < image->nsegments && i < 16; i++)
		for (uint64_t at = 0, n = 0; image->segment[i].exec && n < 32; at += 1 + at / 2, n++)
			if (elf_module_resolve(module, names, -1, image->segment[i].vaddr + at, 0,
					       frames, 8) < 1)
				abort();
	elf_module_close(module);
	names_close(names);
}

static void fuzz_text(const uint8_t *data, size_t size)
{
	struct names *names = names_open();
	char *text = strndup((const char *)data, size);
	struct jit jit = { 0 };
	struct maps maps;

	names_demangle(names, text);
	if (!maps_parse(strdup(text), &maps)) {
		for (size_t i = 0; i < maps.n; i++)
			if (maps_find(&maps, maps.map[i].start) != &maps.map[i])
				abort();
		maps_free(&maps);
	}
	jit_parse(&jit, names, text);
	for (uint32_t i = 0; i < jit.n; i++)
		if (!jit_find(&jit, jit.symbol[i].start))
			abort();
	jit_free(&jit);
	names_close(names);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	elf_debug_dir = "/nonexistent";
	if (size > SELFMAG && !memcmp(data, ELFMAG, SELFMAG))
		fuzz_elf(data, size);
	else
		fuzz_text(data, size);
	return 0;
}
