/* SPDX-License-Identifier: GPL-2.0 */
/* Source lines and inlined functions by address, from one module's DWARF. */
#ifndef LEAKTRACE_ELF_LINES_H
#define LEAKTRACE_ELF_LINES_H

#include <elfutils/libdw.h>
#include <stdbool.h>
#include <stdint.h>

#include "elf/image.h"
#include "elf/split.h"
#include "util/string_table.h"

struct elf_range {			/* ranges may nest; inner ones come later */
	uint64_t start, end;
	uint32_t outer;			/* the range around this one, or ELF_NO_RANGE */
	uint32_t owner;			/* the index of its owner */
};

enum { ELF_NO_RANGE = -1 };

struct elf_ranges {
	struct elf_range *range;
	uint32_t n, capacity;
};

void elf_ranges_add(struct elf_ranges *ranges, uint64_t start, uint64_t end, uint32_t owner);
void elf_ranges_sort(struct elf_ranges *ranges);
const struct elf_range *elf_ranges_find(const struct elf_ranges *ranges, uint64_t address);

struct elf_scope {			/* a function, or one inlined into it */
	Dwarf_Off die;
	uint32_t parent;		/* scope that it is inlined into; its own index for a function */
	int call_line;			/* in the parent */
	uint32_t call_file;		/* 0: unknown */
	bool inlined, named;
	const char *linkage, *plain;	/* filled on demand; NULL: none */
};

struct elf_unit {			/* a compilation unit */
	Dwarf_Die die;
	bool scanned, has_lines, is_skeleton;
	bool lacks_split;		/* its other part was not found, or is of another build */
	struct elf_split *split;	/* its other part, or NULL */
	struct elf_scope *scope;
	uint32_t nscopes, scopes_room;
	struct elf_ranges ranges;	/* owner: a scope */
};

struct elf_lines {
	Dwarf *dwarf;
	struct elf_image *source;	/* what dwarf was read from */
	const struct elf_image *code;	/* the module's own file */
	/* Finds the file that has a unit's other part, whose owner is the caller; may be NULL. */
	struct elf_image *(*find_split)(void *context, const struct elf_split_name *name);
	void *context;
	struct elf_unit *unit;
	uint32_t nunits, units_room;
	struct elf_ranges ranges;	/* owner: a unit */
};

void elf_lines_open(struct elf_lines *lines, Dwarf *dwarf, struct elf_image *source,
		    const struct elf_image *code);
struct elf_unit *elf_lines_unit(struct elf_lines *lines, uint64_t vaddr);
const char *elf_lines_file(struct elf_unit *unit, struct string_table *names, const char *path);
const char *elf_lines_at(struct elf_unit *unit, struct string_table *names, uint64_t vaddr, int *line);
void elf_lines_close(struct elf_lines *lines);

/* lines_inlined.c */
Dwarf *elf_unit_dwarf(const struct elf_lines *lines, const struct elf_unit *unit);
void elf_unit_scan(struct elf_unit *unit, const struct elf_image *code);
struct elf_scope *elf_unit_scope(struct elf_unit *unit, uint64_t vaddr);
const char *elf_unit_call(struct elf_unit *unit, struct string_table *names,
			  const struct elf_scope *scope, int *line);
void elf_scope_name(struct elf_scope *scope, Dwarf *dwarf, struct string_table *names);

#endif
