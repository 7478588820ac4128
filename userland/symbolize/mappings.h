/* SPDX-License-Identifier: GPL-2.0 */
/* The executable mappings of a process, current and past. */
#ifndef LEAKTRACE_SYMBOL_CODE_H
#define LEAKTRACE_SYMBOL_CODE_H

#include "symbolize/module.h"
#include "util/proc_maps.h"
#include "util/string_table.h"

struct code {				/* one executable mapping */
	uint64_t start, end, offset_bytes;
	dev_t dev;
	uint64_t inode;
	const char *path;		/* as /proc shows it, or NULL */
	const char *label;		/* name in reports; never NULL */
	struct elf_module *module;	/* NULL: not an ELF file, or it cannot be opened */
};

struct code_list {
	struct code *code;
	size_t n;
};

struct code_table {
	pid_t pid;
	pid_t tid;	/* a live thread of the process */
	int root_fd;			/* the target's root directory, or negative */
	struct string_table *names;
	struct code_list now;		/* by address, disjoint */
	struct code_list old;		/* in the order in which they vanished */
	struct elf_module *modules;
	bool has_jit;			/* some code is in no ELF file */
};

int code_learn(struct code_table *table, const struct maps *maps);
int code_refresh(struct code_table *table);
const struct code *code_find(const struct code_table *table, uint64_t pc);
void code_free(struct code_table *table);

#endif
