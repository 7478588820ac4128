// SPDX-License-Identifier: GPL-2.0
/*
 * Before the functions of a virtual table stand the offset of the object's beginning
 * and the address of its type information: a virtual table pointer, and the address of
 * the mangled name.
 */
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "heap/type.h"
#include "util/format.h"
#include "util/process_memory.h"
#include "util/sanitize.h"

enum { NAME_BYTES = 256 };

/* Whether an address is in a file's mapping, as data of a library is. */
static const struct map *file_map(const struct heap_process *p, uint64_t address)
{
	const struct map *m = maps_find(&p->maps, address);

	return m && m->inode && m->read && !m->shared ? m : NULL;
}

static bool read_words(const struct heap_process *p, uint64_t at, uint64_t words[2])
{
	return !(at % 8) && file_map(p, at) && !memory_read(p->tid, at, words, 2 * sizeof(*words));
}

/* A mangled name, "_ZTS" before it; false: it is none. */
static bool read_name(const struct heap_process *p, uint64_t at, char *name, size_t len)
{
	const struct map *m = file_map(p, at);
	size_t n = 4;

	if (!m)
		return false;
	memcpy(name, "_ZTS", n);
	len = m->end - at < len - n ? m->end - at : len - n;
	if (memory_read(p->tid, at, name + n, len) || !memchr(name + n, '\0', len))
		return false;
	if (name[n] == '*')		/* compared by address, not by name */
		memmove(name + n, name + n + 1, strlen(name + n));
	for (const char *c = name + n; *c; c++)
		if (!isalnum((unsigned char)*c) && !strchr("_.$", *c))
			return false;
	return isdigit((unsigned char)name[n]) || name[n] == 'N' || name[n] == 'S' || name[n] == 'Z';
}

/** type_of_vtable() - the name of the class, or "" */
const char *type_of_vtable(const struct heap_process *p, struct string_table *names, uint64_t vtable)
{
	static const char before[] = "typeinfo name for ";
	uint64_t head[2], info[2];
	char name[NAME_BYTES];
	const char *shown;

	if (vtable < 16 || !read_words(p, vtable - 16, head) || head[0] || !read_words(p, head[1], info) ||
	    !file_map(p, info[0]) || !read_name(p, info[1], name, sizeof(name)))
		return "";
	shown = string_table_demangle(names, name);
	return shown && !strncmp(shown, before, sizeof(before) - 1) ? shown + sizeof(before) - 1 : "";
}

/** place_of_address() - module and offset of an address in a file's mapping, or "" */
const char *place_of_address(const struct heap_process *p, uint64_t address, char *buf, size_t len)
{
	const struct map *m = file_map(p, address);

	buf[0] = '\0';
	if (m) {
		snprintf(buf, len, "%.64s+%#" PRIx64, path_base(m->path), address - m->start + m->offset_bytes);
		sanitize(buf);
	}
	return buf;
}
