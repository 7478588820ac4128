/* SPDX-License-Identifier: GPL-2.0 */
/* The executable mappings of a process, current and past. */
#ifndef LEAKTRACE_MAPPINGS_H
#define LEAKTRACE_MAPPINGS_H

#include "script/script.h"
#include "symbolize/module.h"
#include "util/proc_maps.h"
#include "util/string_table.h"

struct exec_mapping {				/* one executable mapping */
	uint64_t start, end, offset_bytes;
	dev_t dev;
	uint64_t inode;
	const char *path;		/* as /proc shows it, or NULL */
	const char *label;		/* name in reports; never NULL */
	struct elf_module *module;	/* NULL: not an ELF file, or it cannot be opened */
};

struct mapping_list {
	struct exec_mapping *code;
	size_t n;
};

struct mapping_table {
	pid_t pid;
	pid_t tid;	/* a live thread of the process */
	int root_fd;			/* the target's root directory, or negative */
	struct string_table *names;
	struct mapping_list now;		/* by address, disjoint */
	struct mapping_list old;		/* in the order in which they vanished */
	struct elf_module **module;		/* of all mappings, old ones included; each once */
	size_t nmodules, modules_room;
	bool has_jit;			/* some code is in no ELF file */
	struct script script;		/* as of the last refresh */
};

int mapping_table_set(struct mapping_table *table, const struct maps *maps);
int mapping_table_refresh(struct mapping_table *table);
const struct exec_mapping *mapping_table_find(const struct mapping_table *table, uint64_t pc);
void mapping_table_free(struct mapping_table *table);

#endif
