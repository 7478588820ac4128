// SPDX-License-Identifier: GPL-2.0
/*
 * The executable mappings of a process and the files behind them. Mappings that
 * vanish (dlclose, exec) are kept, because objects created by their code may
 * still be live. One file is one module, however often and by how many it is mapped.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "elf/image.h"
#include "symbolize/mappings.h"
#include "symbolize/module.h"
#include "symbolize/module_cache.h"
#include "util/array.h"
#include "util/proc_maps.h"
#include "util/string_table.h"
#include "util/target_file.h"

enum {
	MAX_OLD = 1 << 14,		/* beyond that, the oldest are dropped */
	MAX_VDSO_BYTES = 1 << 20,
};

static bool is_vdso(const char *path)
{
	return !strcmp(path, "[vdso]");
}

/* The vDSO has no file: it is read from the target's memory. */
static struct elf_image *read_vdso(pid_t pid, const struct map *map)
{
	size_t bytes = map->end - map->start;
	struct elf_image *image = NULL;
	char path[32];
	void *copy;
	int fd;

	if (bytes > MAX_VDSO_BYTES)
		return NULL;
	snprintf(path, sizeof(path), "/proc/%d/mem", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	copy = malloc(bytes);
	if (fd >= 0 && copy && pread(fd, copy, bytes, map->start) == (ssize_t)bytes) {
		image = elf_image_adopt(copy, bytes);
		copy = NULL;
	}
	free(copy);
	if (fd >= 0)
		close(fd);
	return image;
}

/* Without permission to read the target: all 64-bit processes share one vDSO image. */
static struct elf_image *own_vdso(uint64_t bytes)
{
	struct elf_image *image = NULL;
	struct maps maps;

	if (maps_read(getpid(), &maps))
		return NULL;
	for (size_t i = 0; i < maps.n && !image; i++)
		if (is_vdso(maps.map[i].path) && maps.map[i].end - maps.map[i].start == bytes)
			image = read_vdso(getpid(), &maps.map[i]);
	maps_free(&maps);
	return image;
}

/* The table keeps it until the end: strings of it may be in use. */
static struct elf_module *keep(struct mapping_table *table, struct elf_module *module)
{
	for (size_t i = 0; module && i < table->nmodules; i++)
		if (table->module[i] == module) {
			module_cache_put(module);
			return module;
		}
	if (module && !array_reserve(table->module, table->modules_room, table->nmodules, 1)) {
		module_cache_put(module);
		return NULL;
	}
	if (module)
		table->module[table->nmodules++] = module;
	return module;
}

static struct elf_module *module_of(struct mapping_table *table, const struct map *map,
				    const char *label)
{
	struct elf_module *module;
	struct stat st;
	int fd;

	if (is_vdso(map->path)) {
		struct elf_image *image = read_vdso(table->tid, map);

		return keep(table, module_cache_image(image ? image : own_vdso(map->end - map->start), label));
	}
	if (!map->inode)
		return NULL;
	fd = open_mapped(table->tid, table->root_fd, map, &st);
	if (fd < 0)
		return NULL;
	module = keep(table, module_cache_file(fd, &st, label));
	close(fd);
	return module;
}

/* The name in reports: a deleted file keeps its name. */
static const char *label_of(struct mapping_table *table, const char *path)
{
	static const char deleted[] = " (deleted)";
	size_t bytes = strlen(path), tail = sizeof(deleted) - 1;
	const char *label;
	char *cut;

	if (!*path || !strncmp(path, "//anon", 6))
		return string_table_intern(table->names, "[anon]");
	if (bytes <= tail || strcmp(path + bytes - tail, deleted))
		return string_table_intern(table->names, path);
	cut = strndup(path, bytes - tail);
	label = string_table_intern(table->names, cut);
	free(cut);
	return label;
}

static bool is_same(const struct exec_mapping *code, const struct map *map)
{
	return code->start == map->start && code->end == map->end &&
	       code->offset_bytes == map->offset_bytes && code->dev == map->dev &&
	       code->inode == map->inode && !strcmp(code->path ? code->path : "", map->path);
}

static const struct exec_mapping *find_in(const struct mapping_list *list, uint64_t pc)
{
	size_t low = 0, high = list->n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (list->code[mid].end <= pc)
			low = mid + 1;
		else
			high = mid;
	}
	return low < list->n && list->code[low].start <= pc ? &list->code[low] : NULL;
}

/* Moves mappings that are not in the new list to the old ones. */
static int retire(struct mapping_table *table, const struct mapping_list *next)
{
	struct mapping_list *old = &table->old;
	struct exec_mapping *bigger;

	bigger = realloc(old->code, (old->n + table->now.n + 1) * sizeof(*old->code));
	if (!bigger)
		return -ENOMEM;
	old->code = bigger;
	for (size_t i = 0; i < table->now.n; i++) {
		const struct exec_mapping *code = &table->now.code[i], *same = find_in(next, code->start);

		if (!same || memcmp(same, code, sizeof(*code)))
			old->code[old->n++] = *code;
	}
	if (old->n > MAX_OLD) {
		memmove(old->code, old->code + old->n - MAX_OLD, MAX_OLD * sizeof(*old->code));
		old->n = MAX_OLD;
	}
	return 0;
}

static void fill(struct mapping_table *table, struct exec_mapping *code, const struct map *map)
{
	const struct exec_mapping *before = find_in(&table->now, map->start);

	if (before && is_same(before, map)) {
		*code = *before;
		return;
	}
	memset(code, 0, sizeof(*code));	/* retire() compares with memcmp() */
	code->start = map->start;
	code->end = map->end;
	code->offset_bytes = map->offset_bytes;
	code->dev = map->dev;
	code->inode = map->inode;
	code->path = string_table_intern(table->names, map->path);
	code->label = label_of(table, map->path);
	if (!code->label)
		code->label = "[unknown]";
	code->module = module_of(table, map, code->label);
}

/**
 * mapping_table_set() - replace the current mappings
 *
 * Return: 0; -errno on failure, with the mappings unchanged.
 */
int mapping_table_set(struct mapping_table *table, const struct maps *maps)
{
	struct mapping_list next = { 0 };
	int err;

	next.code = calloc(maps->n + 1, sizeof(*next.code));
	if (!next.code)
		return -ENOMEM;
	table->has_jit = false;
	for (size_t i = 0; i < maps->n; i++) {
		if (!maps->map[i].exec)
			continue;
		fill(table, &next.code[next.n], &maps->map[i]);
		table->has_jit |= !next.code[next.n].module;
		next.n++;
	}
	err = retire(table, &next);
	if (err) {
		free(next.code);
		return err;
	}
	free(table->now.code);
	table->now = next;
	return 0;
}

/**
 * mapping_table_refresh() - read the mappings again
 *
 * Return: 0; -errno on failure, with the mappings unchanged.
 */
int mapping_table_refresh(struct mapping_table *table)
{
	struct maps maps;
	int err, root_fd;

	err = maps_read(table->pid, &maps);
	if (err)
		return err;
	table->tid = maps.tid;
	root_fd = open_root(table->pid, maps.tid);
	if (root_fd >= 0) {		/* exec or chroot may have changed it */
		if (table->root_fd >= 0)
			close(table->root_fd);
		table->root_fd = root_fd;
	}
	err = mapping_table_set(table, &maps);
	script_find(table->pid, &maps, table->root_fd, &table->script);
	maps_free(&maps);
	return err;
}

/**
 * mapping_table_find() - the newest mapping that covers an address
 *
 * Return: the mapping, or NULL.
 */
const struct exec_mapping *mapping_table_find(const struct mapping_table *table, uint64_t pc)
{
	const struct exec_mapping *code = find_in(&table->now, pc);

	for (size_t i = table->old.n; !code && i--;)
		if (table->old.code[i].start <= pc && pc < table->old.code[i].end)
			code = &table->old.code[i];
	return code;
}

/** mapping_table_free() - release everything */
void mapping_table_free(struct mapping_table *table)
{
	for (size_t i = 0; i < table->nmodules; i++)
		module_cache_put(table->module[i]);
	free(table->module);
	free(table->now.code);
	free(table->old.code);
	if (table->root_fd >= 0)
		close(table->root_fd);
}
