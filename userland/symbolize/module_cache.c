// SPDX-License-Identifier: GPL-2.0
/*
 * The modules of all symbolizers, each with the strings that it hands out. A file is known
 * by device, inode, size and times. A copy, as in another container or another layer of
 * images, is known by build id, size and content: a build id alone is what the file says of
 * itself, and one process must not choose the names in another's report.
 */
#include <stdlib.h>
#include <string.h>

#include "elf/image.h"
#include "symbolize/module.h"
#include "symbolize/module_cache.h"
#include "util/string_table.h"

static struct elf_module *modules;

static bool is_same_file(const struct elf_module *module, const struct stat *st)
{
	return module->inode && module->inode == st->st_ino && module->dev == st->st_dev &&
	       module->size_bytes == (size_t)st->st_size &&
	       !memcmp(&module->mtime, &st->st_mtim, sizeof(st->st_mtim)) &&
	       !memcmp(&module->ctime, &st->st_ctim, sizeof(st->st_ctim));
}

static bool is_copy(const struct elf_image *a, const struct elf_image *b)
{
	return a->build_id_bytes && a->build_id_bytes == b->build_id_bytes && a->size_bytes == b->size_bytes &&
	       !memcmp(a->build_id, b->build_id, a->build_id_bytes) &&
	       !memcmp(a->bytes, b->bytes, a->size_bytes);
}

static struct elf_module *share(struct elf_module *module)
{
	if (module)
		module->users++;
	return module;
}

struct elf_module *module_cache_image(struct elf_image *image, const char *path)
{
	struct elf_module *module;
	struct string_table *names;

	if (!image)
		return NULL;
	for (module = modules; module; module = module->next)
		if (is_copy(image, module->image)) {
			elf_image_close(image);
			return share(module);
		}
	names = string_table_open();
	if (!names) {
		elf_image_close(image);
		return NULL;
	}
	module = elf_module_open(image, string_table_intern(names, path), names);
	if (!module) {
		string_table_close(names);
		return NULL;
	}
	module->names = names;
	module->next = modules;
	modules = module;
	return share(module);
}

struct elf_module *module_cache_file(int fd, const struct stat *st, const char *path)
{
	struct elf_module *module;

	for (module = modules; module; module = module->next)
		if (is_same_file(module, st))
			return share(module);
	module = module_cache_image(elf_image_map(fd), path);
	if (module && module->users == 1) {
		module->dev = st->st_dev;
		module->inode = st->st_ino;
		module->size_bytes = st->st_size;
		module->mtime = st->st_mtim;
		module->ctime = st->st_ctim;
	}
	return module;
}

void module_cache_put(struct elf_module *module)
{
	struct elf_module **at = &modules;
	struct string_table *names;

	if (!module || --module->users)
		return;
	while (*at != module)
		at = &(*at)->next;
	*at = module->next;
	names = module->names;
	elf_module_close(module);
	string_table_close(names);
}
