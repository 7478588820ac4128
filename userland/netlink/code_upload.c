// SPDX-License-Identifier: GPL-2.0
/*
 * Tells the kernel which unwind table belongs to which mapping of a target. A
 * table that the kernel already has is found by the key of its object; others
 * are compiled, or read from our cache, and passed in a sealed memfd. An object
 * that cannot be compiled is sent without a table: stack walks end there, with
 * a status.
 *
 * With the mappings goes how to find the frames of a script, if an interpreter is among
 * them.
 *
 * Several mappings of one file are keyed once. Nothing here makes attaching
 * fail: a stack that ends early has a status that says so.
 */
#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <unistd.h>

#include <netlink/attr.h>
#include <netlink/msg.h>

#include "model/model.h"
#include "model/target.h"
#include "netlink/code_maps.h"
#include "netlink/code_upload.h"
#include "netlink/requests.h"
#include "script/script.h"
#include "unwind/unwind.h"
#include "util/proc_maps.h"
#include "util/target_file.h"

enum {
	MAX_CODE_MAPS = 2048,
	SEND_TRIES = 5,
	MAX_KNOWN = 512,
};

/* Caches the result for a file, because the target may be waiting. */
static struct table_cache_entry {
	dev_t dev;
	ino_t inode;
	off_t size_bytes;
	struct timespec mtime, ctime;
	uint64_t offset_bytes, vaddr;
	uint32_t table;
} known[MAX_KNOWN];
static size_t n_known;
static uint32_t known_vdso;	/* its table; 0: none yet */

static struct table_cache_entry *known_of(const struct stat *st, uint64_t offset_bytes)
{
	for (size_t i = 0; i < n_known; i++) {
		struct table_cache_entry *k = &known[i];

		if (k->inode == st->st_ino && k->dev == st->st_dev &&
		    k->offset_bytes == offset_bytes && k->size_bytes == st->st_size &&
		    !memcmp(&k->mtime, &st->st_mtim, sizeof(k->mtime)) &&
		    !memcmp(&k->ctime, &st->st_ctim, sizeof(k->ctime)))
			return k;
	}
	return NULL;
}

static void remember(const struct stat *st, uint64_t offset_bytes, uint64_t vaddr, uint32_t table)
{
	if (n_known == MAX_KNOWN)
		n_known = 0;
	known[n_known++] = (struct table_cache_entry){
		.dev = st->st_dev, .inode = st->st_ino, .size_bytes = st->st_size,
		.mtime = st->st_mtim, .ctime = st->st_ctim,
		.offset_bytes = offset_bytes, .vaddr = vaddr, .table = table,
	};
}

void code_map_forget_tables(void)
{
	n_known = known_vdso = 0;
}

/* The ELF virtual address of a file offset that is mapped executable. */
static int vaddr_of(Elf *elf, uint64_t offset, uint64_t *vaddr)
{
	GElf_Phdr ph;
	size_t n;

	if (elf_getphdrnum(elf, &n))
		return -ENOEXEC;
	for (size_t i = 0; i < n; i++) {
		if (!gelf_getphdr(elf, i, &ph) || ph.p_type != PT_LOAD || !(ph.p_flags & PF_X))
			continue;
		/* the kernel maps whole pages */
		if (offset + 4095 < ph.p_offset || offset >= ph.p_offset + ph.p_filesz)
			continue;
		*vaddr = ph.p_vaddr + (offset - ph.p_offset);
		return 0;
	}
	return -ENOENT;
}

static int read_vaddr(int fd, uint64_t offset_bytes, uint64_t *vaddr)
{
	Elf *elf = elf_begin(fd, ELF_C_READ_MMAP, NULL);
	int err = elf ? vaddr_of(elf, offset_bytes, vaddr) : -ENOEXEC;

	if (elf)
		elf_end(elf);
	return err;
}

static uint32_t hand_over(struct client *c, const struct unwind_blob *blob)
{
	int fd = unwind_blob_memfd(blob);
	uint32_t id = 0;

	if (fd < 0)
		return 0;
	client_unwind_add(c, fd, &id);
	close(fd);
	return id;
}

/* The kernel's id of this file's table; 0: no CFI, or an error. */
static uint32_t table_of(struct client *c, int fd)
{
	uint8_t key[LEAKTRACE_UNWIND_KEY_BYTES];
	struct unwind_blob blob;
	uint32_t id = 0;

	if (unwind_key_fd(fd, key))
		return 0;
	if (!client_unwind_get(c, key, &id))
		return id;
	if (unwind_cached_fd(fd, &blob))
		return 0;
	id = hand_over(c, &blob);
	unwind_blob_free(&blob);
	return id;
}

/* All 64-bit processes have the same vDSO: use our own. */
static uint32_t table_of_vdso(struct client *c, const struct map *map)
{
	void *image = (void *)getauxval(AT_SYSINFO_EHDR);
	struct unwind_blob blob;
	uint32_t id = 0;

	if (known_vdso)
		return known_vdso;
	if (!image || unwind_compile_image(image, map->end - map->start, &blob))
		return 0;
	if (client_unwind_get(c, blob.key, &id))
		id = hand_over(c, &blob);
	unwind_blob_free(&blob);
	known_vdso = id;
	return id;
}

static void fill_from_file(struct client *c, int fd, const struct stat *st,
			   const struct map *map, struct code_mapping *p)
{
	const struct table_cache_entry *k = known_of(st, map->offset_bytes);
	uint64_t vaddr = k ? k->vaddr : 0;

	if (k) {
		p->table = k->table;
	} else if (!read_vaddr(fd, map->offset_bytes, &vaddr)) {
		p->table = table_of(c, fd);
		if (p->table)
			remember(st, map->offset_bytes, vaddr, p->table);
	}
	p->bias = map->start - vaddr;
}

static void fill_piece(struct client *c, pid_t tid, int root, const struct map *map,
		       struct code_mapping *p)
{
	struct stat st;
	int fd;

	p->start = map->start;
	p->end = map->end;
	if (!strcmp(map->path, "[vdso]")) {
		p->bias = map->start;
		p->table = table_of_vdso(c, map);
		p->flags = p->table ? 0 : LEAKTRACE_MAP_F_NO_CFI;
		return;
	}
	if (!map->inode) {
		p->flags = LEAKTRACE_MAP_F_JIT;
		return;
	}
	fd = open_mapped(tid, root, map, &st);
	if (fd >= 0)
		fill_from_file(c, fd, &st, map, p);
	if (!p->table)
		p->flags = LEAKTRACE_MAP_F_NO_CFI;
	if (fd >= 0)
		close(fd);
}

static void find_script(pid_t pid, const struct maps *maps, int root, struct code_map *code)
{
	struct script script;

	script_find(pid, maps, root, &script);
	code->is_certain = true;
	code->has_chain = script_describe(&script, &code->chain, &code->is_certain);
}

struct code_map *code_map_read(struct client *c, pid_t pid)
{
	struct code_map *code = calloc(1, sizeof(*code));
	struct maps maps;
	int root;

	elf_version(EV_CURRENT);
	if (!code || maps_read(pid, &maps)) {
		free(code);
		return NULL;
	}
	root = open_root(pid, maps.tid);
	code->piece = calloc(maps.n ?: 1, sizeof(*code->piece));
	for (size_t i = 0; code->piece && i < maps.n && code->n < MAX_CODE_MAPS; i++)
		/* skips x86's fixed vsyscall page */
		if (maps.map[i].exec && maps.map[i].start < UINT64_MAX / 2)
			fill_piece(c, maps.tid, root, &maps.map[i], &code->piece[code->n++]);
	find_script(pid, &maps, root, code);
	if (root >= 0)
		close(root);
	maps_free(&maps);
	return code;
}

int code_map_send(struct client *c, struct model *m)
{
	struct target *t = &m->target;
	int err = -ESTALE;

	for (int i = 0; i < SEND_TRIES && (err == -ESTALE || err == -ENOENT); i++) {
		struct code_map *code;

		/* read the generation first: it must not be newer than the mappings */
		err = client_target_get(c, t->id, m);
		if (err)
			return err;
		code = code_map_read(c, t->pid);
		err = code ? client_maps_set(c, t->id, t->generation, code) : -ESRCH;
		m->script_is_new = code && !code->is_certain;
		code_map_free(code);
		if (err == -ENOENT)	/* the kernel has dropped a table that is in our cache */
			code_map_forget_tables();
	}
	return err;
}
