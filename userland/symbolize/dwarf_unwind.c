// SPDX-License-Identifier: GPL-2.0
/*
 * Runs libdw's unwinder over a copy of a stack. Files are opened as the target
 * has mapped them, never by path, and no debug information is downloaded. Where
 * there is no call frame information libdw would fall back to frame pointers;
 * we stop there. The root is where call frame information says that there is no
 * caller.
 */
#include <dwarf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <elfutils/libdwfl.h>

#include <linux/leaktrace.h>

#include "symbolize/dwarf_unwind.h"
#include "symbolize/stack.h"
#include "unwind/cfi.h"
#include "util/proc_maps.h"
#include "util/target_file.h"

enum { ENTRY_BYTES = 48 };	/* from an entry point to the return address of its call, at most */

struct walk {
	pid_t pid;
	const struct stack_copy *copy;
	const struct unwind_machine *machine;
	Dwfl *dwfl;
	struct maps maps;
	struct file *files;
	size_t nfiles;
	int root_fd;
	struct stack *out;
	unsigned int capacity, seen;
};

/* A module for libdwfl: adjacent mappings of one file. */
struct file {
	struct walk *walk;
	const struct map *first;
};

static int find_elf(Dwfl_Module *mod, void **userdata, const char *name, Dwarf_Addr base,
		    char **file_name, Elf **elf)
{
	struct file *file = *userdata;
	struct stat st;
	int fd;

	(void)mod, (void)name, (void)base, (void)elf;
	fd = open_mapped(file->walk->maps.tid, file->walk->root_fd, file->first, &st);
	if (fd >= 0)
		*file_name = strdup(file->first->path);
	return fd < 0 ? -1 : fd;
}

static int no_debuginfo(Dwfl_Module *mod, void **userdata, const char *name, Dwarf_Addr base,
			const char *file, const char *link, GElf_Word crc, char **found)
{
	(void)mod, (void)userdata, (void)name, (void)base, (void)file, (void)link, (void)crc;
	(void)found;
	return -1;
}

static bool same_file(const struct map *a, const struct map *b)
{
	return a->inode == b->inode && a->dev == b->dev && !strcmp(a->path, b->path);
}

static int report_file(struct walk *w, size_t from, size_t to)
{
	const struct map *first = &w->maps.map[from];
	struct file *file = &w->files[w->nfiles++];
	void **userdata;
	Dwfl_Module *mod;

	*file = (struct file){ w, first };
	mod = dwfl_report_module(w->dwfl, first->path, first->start, w->maps.map[to - 1].end);
	if (!mod)
		return -ENOMEM;
	dwfl_module_info(mod, &userdata, NULL, NULL, NULL, NULL, NULL, NULL);
	*userdata = file;
	return 0;
}

/* Reports all files with executable mappings. */
static int report_files(struct walk *w)
{
	int err = 0;

	w->files = calloc(w->maps.n ?: 1, sizeof(*w->files));
	if (!w->files)
		return -ENOMEM;
	dwfl_report_begin(w->dwfl);
	for (size_t i = 0, end; i < w->maps.n && !err; i = end) {
		bool code = false;

		for (end = i; end < w->maps.n && same_file(&w->maps.map[i], &w->maps.map[end]); end++)
			code |= w->maps.map[end].exec;
		if (code && w->maps.map[i].inode)
			err = report_file(w, i, end);
	}
	return dwfl_report_end(w->dwfl, NULL, NULL) ? -ENOMEM : err;
}

/* --- libdwfl's callbacks for a process: ours has one thread, and some memory --- */

static pid_t next_thread(Dwfl *dwfl, void *arg, void **thread)
{
	struct walk *w = arg;

	(void)dwfl;
	if (*thread)
		return 0;
	*thread = w;
	return w->pid;
}

static bool read_memory(Dwfl *dwfl, Dwarf_Addr at, Dwarf_Word *word, void *arg)
{
	const struct stack_copy *copy = ((struct walk *)arg)->copy;
	uint64_t offset = at - copy->sp;

	(void)dwfl;
	if (at < copy->sp || copy->memory_bytes < sizeof(*word) ||
	    offset > copy->memory_bytes - sizeof(*word))
		return false;
	memcpy(word, copy->memory + offset, sizeof(*word));
	return true;
}

static bool set_registers(Dwfl_Thread *thread, void *arg)
{
	struct walk *w = arg;
	const struct stack_copy *c = w->copy;
	Dwarf_Word bp = c->bp, sp = c->sp, pc = c->ip;

	dwfl_thread_state_register_pc(thread, pc);
	return dwfl_thread_state_registers(thread, w->machine->ra, 1, &pc) &&
	       dwfl_thread_state_registers(thread, w->machine->sp, 1, &sp) &&
	       (!c->bp_known || dwfl_thread_state_registers(thread, w->machine->bp, 1, &bp));
}

/* The entry point of a program or the dynamic linker has no caller, whatever its CFI says. */
static bool is_entry(Dwfl_Module *mod, Dwarf_Addr pc)
{
	GElf_Addr bias;
	GElf_Ehdr ehdr;
	Elf *elf = mod ? dwfl_module_getelf(mod, &bias) : NULL;

	return elf && gelf_getehdr(elf, &ehdr) && pc - (ehdr.e_entry + bias) < ENTRY_BYTES;
}

enum next { NEXT_UNKNOWN, NEXT_NONE, NEXT_CALLER };

/* What call frame information says about the caller of the code at @pc. */
static enum next next_of(struct walk *w, Dwarf_Addr pc)
{
	Dwfl_Module *mod = dwfl_addrmodule(w->dwfl, pc);
	Dwarf_Op memory[3], *ops = NULL;
	Dwarf_Addr bias = 0;
	Dwarf_CFI *cfi = mod ? dwfl_module_eh_cfi(mod, &bias) : NULL;
	Dwarf_Frame *frame;
	size_t n = 1;
	bool none;

	if (is_entry(mod, pc))
		return NEXT_NONE;
	if (mod && (!cfi || dwarf_cfi_addrframe(cfi, pc - bias, &frame))) {
		cfi = dwfl_module_dwarf_cfi(mod, &bias);
		if (cfi && dwarf_cfi_addrframe(cfi, pc - bias, &frame))
			cfi = NULL;
	}
	if (!cfi)
		return NEXT_UNKNOWN;
	/* libdw returns no location but a non-NULL expression for "undefined" */
	none = !dwarf_frame_register(frame, w->machine->ra, memory, &ops, &n) && !n && ops;
	free(frame);
	return none ? NEXT_NONE : NEXT_CALLER;
}

static int take_frame(Dwfl_Frame *frame, void *arg)
{
	struct walk *w = arg;
	struct stack *out = w->out;
	enum next next;
	Dwarf_Addr pc;
	bool exact;

	if (!dwfl_frame_pc(frame, &pc, &exact))
		return DWARF_CB_ABORT;
	next = next_of(w, exact ? pc : pc - 1);
	/* the walk starts at the last of the kernel's frames */
	if (w->seen++ || !w->copy->kept) {
		if (out->npcs == w->capacity)
			return DWARF_CB_ABORT;
		out->pcs[out->npcs++] = pc;
	}
	if (next == NEXT_NONE)
		out->status = LEAKTRACE_STACK_ROOT;
	return next == NEXT_CALLER ? DWARF_CB_OK : DWARF_CB_ABORT;
}

static int walk(struct walk *w)
{
	static const Dwfl_Thread_Callbacks callbacks = {
		.next_thread = next_thread, .memory_read = read_memory,
		.set_initial_registers = set_registers,
	};
	Dwfl_Module *mod = dwfl_addrmodule(w->dwfl, w->copy->ip);
	GElf_Addr bias;
	Elf *elf = mod ? dwfl_module_getelf(mod, &bias) : NULL;
	GElf_Ehdr ehdr;

	if (!elf || !gelf_getehdr(elf, &ehdr))
		return -ENODATA;
	w->machine = unwind_machine(ehdr.e_machine);
	if (!w->machine || !dwfl_attach_state(w->dwfl, elf, w->pid, &callbacks, w))
		return -ENODATA;
	dwfl_getthread_frames(w->dwfl, w->pid, take_frame, w);
	return w->out->npcs ? 0 : -ENODATA;
}

static void close_all(struct walk *w)
{
	if (w->dwfl)
		dwfl_end(w->dwfl);
	if (w->root_fd >= 0)
		close(w->root_fd);
	maps_free(&w->maps);
	free(w->files);
}

int dwarf_unwind(pid_t pid, const struct stack_copy *copy, struct stack *rest)
{
	static const Dwfl_Callbacks callbacks = {
		.find_elf = find_elf, .find_debuginfo = no_debuginfo,
	};
	struct walk w = { .pid = pid, .copy = copy, .out = rest, .root_fd = -1 };
	int err;

	*rest = (struct stack){ .id = copy->id, .status = copy->status };
	if (copy->kept >= LEAKTRACE_STACK_DEPTH_MAX)
		return -ENODATA;
	w.capacity = LEAKTRACE_STACK_DEPTH_MAX - copy->kept;
	if (maps_read(pid, &w.maps))
		return -ESRCH;
	rest->pcs = calloc(w.capacity, sizeof(*rest->pcs));
	w.dwfl = dwfl_begin(&callbacks);
	w.root_fd = open_root(pid, w.maps.tid);
	err = rest->pcs && w.dwfl ? report_files(&w) : -ENOMEM;
	err = err ?: walk(&w);
	close_all(&w);
	if (err) {
		free(rest->pcs);
		*rest = (struct stack){ 0 };
	}
	return err;
}
