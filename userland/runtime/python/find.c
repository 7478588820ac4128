// SPDX-License-Identifier: GPL-2.0
/*
 * Finds the interpreter's variables in the executable or a shared library: _PyRuntime is
 * exported, and from 3.11 on the version is, too.
 */
#include <string.h>
#include <unistd.h>

#include "elf/image.h"
#include "elf/symbol_table.h"
#include "runtime/python/process.h"
#include "util/process_memory.h"
#include "util/target_file.h"

/* From a symbol of its file to memory; 0: there is none. */
static uint64_t address_of(const struct map *map, struct elf_image *image, const char *name)
{
	uint64_t at = elf_symbol_value(image, SHT_DYNSYM, name), vaddr;

	if (!at)
		at = elf_symbol_value(image, SHT_SYMTAB, name);
	return at && elf_image_vaddr(image, map->offset_bytes, &vaddr) ? map->start - vaddr + at : 0;
}

static bool find_in(struct python_process *p, const struct map *map, int root)
{
	struct elf_image *image;
	struct stat st;
	uint64_t version;
	int fd = open_mapped(p->tid, root, map, &st);

	if (fd < 0)
		return false;
	image = elf_image_map(fd);
	close(fd);
	if (!image)
		return false;
	if (image->machine == EM_X86_64)
		p->runtime = address_of(map, image, "_PyRuntime");
	version = p->runtime ? address_of(map, image, "Py_Version") : 0;
	elf_image_close(image);
	if (version && memory_read(p->tid, version, &p->hex_version, sizeof(p->hex_version)))
		p->hex_version = 0;
	return p->runtime;
}

/** python_find() - find _PyRuntime; false: no file that is mapped has it */
bool python_find(struct python_process *p)
{
	int root = open_root(p->pid, p->tid);
	bool found = false;

	for (size_t i = 0; i < p->maps.n && !found; i++)
		if (p->maps.map[i].inode && p->maps.map[i].exec)
			found = find_in(p, &p->maps.map[i], root);
	if (root >= 0)
		close(root);
	return found;
}
