// SPDX-License-Identifier: GPL-2.0
/* A stopped task's stack by libdw, which reads files and memory by itself. */
#include <elfutils/libdwfl.h>
#include <stdlib.h>

#include <linux/leaktrace.h>

#include "walk.h"

enum {
	RETURN_ADDRESS = 16,	/* as CFI numbers registers */
	ENTRY_BYTES = 80,
};

struct truth {
	Dwfl *dwfl;
};

enum said { NOTHING, CALLER, ROOT };

struct taken {
	struct truth *truth;
	struct walked *out;
	enum said last;
};

/* No separate debug files: what libdw knows is what the loaded file says. */
static int no_debug_file(Dwfl_Module *mod, void **userdata, const char *name, Dwarf_Addr base,
			 const char *file, const char *link, GElf_Word crc, char **debug)
{
	(void)mod;
	(void)userdata;
	(void)name;
	(void)base;
	(void)file;
	(void)link;
	(void)crc;
	(void)debug;
	return -1;
}

static const Dwfl_Callbacks callbacks = {
	.find_elf = dwfl_linux_proc_find_elf,
	.find_debuginfo = no_debug_file,
};

struct truth *truth_open(pid_t pid)
{
	struct truth *t = calloc(1, sizeof(*t));

	t->dwfl = dwfl_begin(&callbacks);
	dwfl_report_begin(t->dwfl);
	if (dwfl_linux_proc_report(t->dwfl, pid) || dwfl_report_end(t->dwfl, NULL, NULL) ||
	    dwfl_linux_proc_attach(t->dwfl, pid, true)) {
		truth_close(t);
		return NULL;
	}
	return t;
}

void truth_close(struct truth *t)
{
	if (!t)
		return;
	dwfl_end(t->dwfl);
	free(t);
}

/* Where a program, or the dynamic linker, begins: nobody calls that, CFI or not. */
static bool is_entry(Dwfl_Module *mod, uint64_t pc)
{
	GElf_Addr bias;
	GElf_Ehdr ehdr;
	Elf *elf = mod ? dwfl_module_getelf(mod, &bias) : NULL;

	return elf && gelf_getehdr(elf, &ehdr) && pc - (ehdr.e_entry + bias) < ENTRY_BYTES;
}

/*
 * What call frame information says of the return address at @pc. libdw guesses by
 * frame pointers where there is none; and it calls it an end wherever it cannot find
 * the return address, also when that was to be in a register that it has lost. A root
 * says that it has none.
 */
static enum said said_of(struct truth *t, Dwarf_Addr pc)
{
	Dwfl_Module *mod = dwfl_addrmodule(t->dwfl, pc);
	Dwarf_Op memory[3], *ops = NULL;
	Dwarf_Addr bias;
	Dwarf_CFI *cfi = mod ? dwfl_module_eh_cfi(mod, &bias) : NULL;
	Dwarf_Frame *frame;
	size_t n = 1;
	bool root;

	if (is_entry(mod, pc))
		return ROOT;
	if (!cfi || dwarf_cfi_addrframe(cfi, pc - bias, &frame))
		return NOTHING;
	root = !dwarf_frame_register(frame, RETURN_ADDRESS, memory, &ops, &n) && !n && ops;
	free(frame);
	return root ? ROOT : CALLER;
}

static int take_frame(Dwfl_Frame *frame, void *arg)
{
	struct taken *taken = arg;
	struct walked *s = taken->out;
	Dwarf_Addr pc;
	bool exact;

	if (!dwfl_frame_pc(frame, &pc, &exact) || s->n == MAX_DEPTH)
		return DWARF_CB_ABORT;
	s->pc[s->n++] = pc;
	taken->last = said_of(taken->truth, pc - !exact);
	s->guessed += taken->last == NOTHING;
	return DWARF_CB_OK;
}

void truth_walk(struct truth *t, pid_t tid, struct walked *out)
{
	struct taken taken = { t, out, NOTHING };

	out->n = 0;
	out->guessed = 0;
	dwfl_getthread_frames(t->dwfl, tid, take_frame, &taken);
	out->status = taken.last == ROOT ? LEAKTRACE_STACK_ROOT : LEAKTRACE_STACK_FAULT;
}
