// SPDX-License-Identifier: GPL-2.0
/*
 * Interpreters in a process, from outside: which one, how its frames are found, and what
 * they are of. Nothing is stopped or written to; what is read may change, or be gone,
 * meanwhile: then there is no name.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "elf/image.h"
#include "script/interpreter.h"
#include "script/script.h"
#include "util/format.h"
#include "util/macros.h"
#include "util/proc_maps.h"
#include "util/target_file.h"

static const struct interpreter *const interpreters[] = {
	&interpreter_cpython, &interpreter_php, &interpreter_perl, &interpreter_ruby,
};

static const struct interpreter *by_file(const struct map *map)
{
	const char *base = path_base(map->path);

	if (!map->exec || !map->inode || *map->path != '/')
		return NULL;
	for (size_t i = 0; i < ARRAY_SIZE(interpreters); i++)
		for (size_t k = 0; k < ARRAY_SIZE(interpreters[i]->files); k++)
			if (!strncmp(base, interpreters[i]->files[k], strlen(interpreters[i]->files[k])))
				return interpreters[i];
	return NULL;
}

static void look_into(struct script *script, const struct interpreter *interpreter, const struct map *map,
		      struct elf_image *image)
{
	struct script found = { .pid = script->pid, .interpreter = interpreter };
	uint64_t vaddr;

	if (image->machine != EM_X86_64 || !elf_image_vaddr(image, map->offset_bytes, &vaddr))
		return;
	interpreter->look_into(&found, image, map->start - vaddr, map->path);
	if (!found.version || (script->version && !found.layout))
		return;
	snprintf(found.module, sizeof(found.module), "%s", map->path);
	*script = found;
}

void script_find(pid_t pid, const struct maps *maps, int root_fd, struct script *script)
{
	*script = (struct script){ .pid = pid };
	for (size_t i = 0; i < maps->n && !script->layout; i++) {
		const struct interpreter *interpreter = by_file(&maps->map[i]);
		struct elf_image *image;
		struct stat st;
		int fd;

		if (!interpreter)
			continue;
		fd = open_mapped(maps->tid, root_fd, &maps->map[i], &st);
		image = fd >= 0 ? elf_image_map(fd) : NULL;
		if (image) {
			look_into(script, interpreter, &maps->map[i], image);
			elf_image_close(image);
		}
		if (fd >= 0)
			close(fd);
	}
}

bool script_describe(const struct script *s, struct leaktrace_chain *chain, bool *is_certain)
{
	return s->layout && s->interpreter->describe(s, chain, is_certain);
}

bool script_name(const struct script *s, const uint64_t word[LEAKTRACE_CHAIN_FRAME_WORDS],
		 struct script_name *name)
{
	return s->layout && s->interpreter->name_frame(s, word, name);
}

bool script_is_unknown(const struct script *s, char *name, size_t bytes)
{
	if (!s->version || s->layout)
		return false;
	snprintf(name, bytes, s->build ? "%s %d.%d (%s)" : "%s %d.%d", s->interpreter->name, s->version >> 8,
		 s->version & 255, s->build);
	return true;
}

const char *script_key(const struct script *s)
{
	return s->interpreter ? s->interpreter->key : "script";
}

bool script_is_eval(const char *function)
{
	for (size_t i = 0; i < ARRAY_SIZE(interpreters); i++)
		if (!strcmp(function, interpreters[i]->eval))
			return true;
	return false;
}
