// SPDX-License-Identifier: GPL-2.0
/*
 * Addresses differ from run to run, and names from host to host, as debug files are
 * installed or not. What stays is where in a file the code is: the build id, or
 * without one the name of the file, and the offset in it.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "model/kind.h"
#include "model/model.h"
#include "model/runtime.h"
#include "model/site.h"
#include "model/site_hash.h"
#include "symbolize/frame.h"
#include "symbolize/stack.h"
#include "symbolize/symbolizer.h"
#include "util/format.h"
#include "util/hash.h"
#include "util/proc_maps.h"

/* With the NUL, so that two strings are not the same as others that are parted elsewhere. */
static uint64_t add_text(uint64_t hash, const char *text)
{
	text = text ?: "";
	return hash_bytes(hash, text, strlen(text) + 1);
}

/* Where in a file the code is; mappings that are gone are known to the symbolizer. */
static bool offset_in_file(const struct model *m, uint64_t pc, uint64_t *offset_bytes)
{
	const struct map *map = m->maps ? maps_find(m->maps, pc - 1) : NULL;

	if (!map)
		return m->symbolizer && symbolizer_file_offset(m->symbolizer, pc, offset_bytes);
	*offset_bytes = pc - map->start + map->offset_bytes;
	return *map->path == '/';
}

static const char *file_of(const struct symbol_frame *f)
{
	return f->build_id && *f->build_id ? f->build_id : f->module ? path_base(f->module) : "";
}

/* Generated code, and code of mappings that are not known, has only its name. */
static uint64_t add_frame(uint64_t hash, const struct model *m, uint64_t pc, const struct symbol_frame *f)
{
	uint64_t offset_bytes;

	hash = add_text(hash, file_of(f));
	if (!offset_in_file(m, pc, &offset_bytes))
		return add_text(hash, f->function);
	return hash_bytes(hash, &offset_bytes, sizeof(offset_bytes));
}

/* Its file may be elsewhere on another host. */
static uint64_t add_script(uint64_t hash, const struct symbol_frame *f)
{
	hash = add_text(add_text(hash, f->file ? path_base(f->file) : NULL), f->function);
	return hash_bytes(hash, &f->line, sizeof(f->line));
}

static const char *write_hash(uint64_t hash, char buf[SITE_HASH_DIGITS + 1])
{
	hash ^= hash >> 32;	/* FNV leaves the first digits of similar texts alike */
	hash *= 0x9e3779b97f4a7c15;
	hash ^= hash >> 29;
	snprintf(buf, SITE_HASH_DIGITS + 1, "%016" PRIx64, hash);
	return buf;
}

const char *site_hash(struct model *m, const struct site *s, char buf[SITE_HASH_DIGITS + 1])
{
	const struct stack *stack = model_stack(m, s->stack);
	const struct symbol_frame *frames;
	int n = model_frames(m, s->stack, &frames);
	unsigned int pc = 0;
	uint64_t hash;

	hash = add_text(add_text(HASH_START, kind_name(s->kind)), type_name(s->type));
	for (int i = 0; i < n && stack; i++)
		if (frames[i].script)
			hash = add_script(hash, &frames[i]);
		else if (frame_is_on_stack(&frames[i]) && pc < stack->npcs)
			hash = add_frame(hash, m, stack->pcs[pc++], &frames[i]);
	return write_hash(hash, buf);
}

/* A runtime's frames have no addresses, but the names of its own table, which strip leaves. */
const char *runtime_site_hash(const struct runtime_site *s, char buf[SITE_HASH_DIGITS + 1])
{
	uint64_t hash = add_text(add_text(HASH_START, s->kind), s->type);

	for (int i = 0; i < s->nframes; i++) {
		hash = add_text(hash, file_of(&s->frames[i]));
		hash = add_text(hash, s->frames[i].function);
		hash = hash_bytes(hash, &s->frames[i].line, sizeof(s->frames[i].line));
	}
	if (s->by)
		hash = add_text(hash, s->by->function);
	return write_hash(hash, buf);
}
