// SPDX-License-Identifier: GPL-2.0
/*
 * Which of the exited threads have not been joined. The kernel knows where
 * glibc keeps a thread's tid word, and that the thread has exited; only glibc
 * knows whether it was joined. For debuggers, libpthread has symbols that give
 * the offsets of fields of a thread descriptor: _thread_db_pthread_* each hold
 * {size in bits, number, offset}. A descriptor with tid 0, EXITING and not
 * TERMINATED belongs to a thread that has exited and waits to be joined; its
 * stack stays mapped.
 */
#include <fcntl.h>
#include <gelf.h>
#include <stdio.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "model/model.h"
#include "model/object.h"
#include "model/object_notes.h"
#include "model/thread_join.h"
#include "util/proc_maps.h"
#include "util/process.h"

enum { EXITING = 0x10, TERMINATED = 0x20 };

struct field {
	uint32_t bits, n, offset;
};

struct layout {
	struct field tid, cancelhandling;
};

static bool peek(pid_t pid, uint64_t address, void *to, size_t len)
{
	struct iovec here = { to, len }, there = { (void *)(uintptr_t)address, len };

	return process_vm_readv(pid, &here, 1, &there, 1, 0) == (ssize_t)len;
}

static bool is_libc(const char *path)
{
	const char *name = strrchr(path, '/');

	return name && (!strcmp(name, "/libc.so.6") || !strncmp(name, "/libpthread", 11));
}

/* The ELF addresses of the two field descriptions. */
static int find_symbols(Elf *elf, uint64_t *tid, uint64_t *cancelhandling)
{
	Elf_Scn *scn = NULL;
	GElf_Shdr shdr;

	while ((scn = elf_nextscn(elf, scn))) {
		Elf_Data *data;
		GElf_Sym sym;

		if (!gelf_getshdr(scn, &shdr) || shdr.sh_type != SHT_DYNSYM || !shdr.sh_entsize)
			continue;
		data = elf_getdata(scn, NULL);
		for (int i = 0; data && gelf_getsym(data, i, &sym); i++) {
			const char *name = elf_strptr(elf, shdr.sh_link, sym.st_name);

			if (!name || !sym.st_value)
				continue;
			if (!strcmp(name, "_thread_db_pthread_tid"))
				*tid = sym.st_value;
			else if (!strcmp(name, "_thread_db_pthread_cancelhandling"))
				*cancelhandling = sym.st_value;
		}
	}
	return *tid && *cancelhandling ? 0 : -1;
}

static bool read_layout(pid_t task, const struct map *map, struct layout *l)
{
	uint64_t tid = 0, cancelhandling = 0;
	char path[128];
	bool good = false;
	Elf *elf;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/map_files/%llx-%llx", task,
		 (unsigned long long)map->start, (unsigned long long)map->end);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	elf_version(EV_CURRENT);
	elf = elf_begin(fd, ELF_C_READ_MMAP, NULL);
	if (elf && !find_symbols(elf, &tid, &cancelhandling))
		good = peek(task, map->start + tid, &l->tid, sizeof(l->tid)) &&
			peek(task, map->start + cancelhandling, &l->cancelhandling,
			     sizeof(l->cancelhandling)) &&
			l->tid.bits == 32 && l->cancelhandling.bits == 32;
	elf_end(elf);
	close(fd);
	return good;
}

static bool find_layout(const struct model *m, struct layout *l)
{
	for (size_t i = 0; m->maps && i < m->maps->n; i++) {
		const struct map *map = &m->maps->map[i];

		if (map->path && !map->offset_bytes && is_libc(map->path) &&
		    read_layout(m->maps->tid, map, l))
			return true;
	}
	return false;
}

static bool is_unjoined(pid_t pid, const struct layout *l, const struct object *o)
{
	uint64_t descriptor = o->ctid - l->tid.offset;
	uint32_t tid, cancelhandling;

	return o->ctid && peek(pid, o->ctid, &tid, sizeof(tid)) && !tid &&
		peek(pid, descriptor + l->cancelhandling.offset, &cancelhandling,
		     sizeof(cancelhandling)) &&
		(cancelhandling & EXITING) && !(cancelhandling & TERMINATED);
}

static bool is_exited(const struct object *o)
{
	return o->kind == LEAKTRACE_KIND_THREAD && o->flags & LEAKTRACE_OBJECT_F_EXITED;
}

/* Reads the thread descriptors in the target. Returns whether all could be read. */
static bool ask(struct model *m)
{
	bool known = false, looked = false;
	struct layout l;

	for (size_t i = 0; i < m->nobjects; i++) {
		struct object *o = &m->objects[i];

		if (!is_exited(o))
			continue;
		if (!looked)
			known = find_layout(m, &l);
		looked = true;
		o->unjoined = known && is_unjoined(m->maps->tid, &l, o);
	}
	/* without memory it can neither be read nor have joined a thread */
	return known && process_mapped_bytes(m->maps->tid);
}

/*
 * Marks the exited threads that have not been joined; if the target has exited,
 * those known to be unjoined before.
 */
void thread_find_unjoined(struct model *m)
{
	bool fresh = !m->offline && !(m->target.flags & LEAKTRACE_TARGET_F_EXITED) && ask(m);

	if (fresh)
		object_notes_forget_unjoined(&m->seen);
	for (size_t i = 0; i < m->nobjects; i++) {
		struct object *o = &m->objects[i];

		if (!is_exited(o))
			continue;
		if (!fresh)
			o->unjoined = object_notes_unjoined(&m->seen, o);
		else if (o->unjoined)
			object_notes_add(&m->seen, o, THREAD_UNJOINED);
	}
}
