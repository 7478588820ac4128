// SPDX-License-Identifier: GPL-2.0
/*
 * Inlined functions. The DIEs of a unit are walked once, when one of its
 * addresses is first looked up. The result is a tree of scopes (functions and
 * what is inlined into them) and a sorted index of all their ranges.
 *
 * A DIE takes at least one byte of its unit, so a unit cannot have more DIEs
 * than bytes; counting them ends loops in a damaged file.
 */
#include <dwarf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "elf/image.h"
#include "elf/lines.h"
#include "util/array.h"
#include "util/format.h"
#include "util/macros.h"
#include "util/string_table.h"

enum {
	MAX_DEPTH = 128,
	MAX_DIES = 16 << 20,		/* of one unit */
	MAX_UNIT_RANGES = 4 << 20,
	ENCLOSING_BYTES = 512,
};

struct scan {
	struct elf_unit *unit;
	const struct elf_image *code;
	uint32_t dies_left, ranges_left;
	uint32_t index;			/* of the scope whose ranges are read */
};

static const uint32_t NO_SCOPE = UINT32_MAX;

static uint32_t number_of(Dwarf_Die *die, unsigned int name)
{
	Dwarf_Attribute attr;
	Dwarf_Word value;

	if (!dwarf_attr(die, name, &attr) || dwarf_formudata(&attr, &value) || value > INT32_MAX)
		return 0;
	return value;
}

static void take_range(void *arg, uint64_t start, uint64_t end)
{
	struct scan *scan = arg;

	if (elf_image_is_code(scan->code, start))
		elf_ranges_add(&scan->unit->ranges, start, end, scan->index);
}

static void take_ranges(struct scan *scan, Dwarf_Die *die)
{
	const struct elf_split *split = scan->unit->split;
	Dwarf_Addr base, start, end;
	ptrdiff_t at = 0;

	if (split && !elf_split_ranges(split, die, &scan->ranges_left, take_range, scan))
		return;
	while (scan->ranges_left && (at = dwarf_ranges(die, at, &base, &start, &end)) > 0) {
		scan->ranges_left--;
		take_range(scan, start, end);
	}
}

/* The index of the new scope, or NO_SCOPE if it has no code. */
static uint32_t add_scope(struct scan *scan, Dwarf_Die *die, uint32_t parent, bool inlined)
{
	struct elf_unit *unit = scan->unit;
	uint32_t index = unit->nscopes, before = unit->ranges.n;

	scan->index = index;
	take_ranges(scan, die);
	if (unit->ranges.n == before)
		return NO_SCOPE;
	if (!array_reserve(unit->scope, unit->scopes_room, index, 1)) {
		unit->ranges.n = before;
		return NO_SCOPE;
	}
	unit->scope[index] = (struct elf_scope) {
		.die = dwarf_dieoffset(die),
		.parent = inlined && parent != NO_SCOPE ? parent : index,
		.inlined = inlined && parent != NO_SCOPE,
	};
	if (unit->scope[index].inlined) {
		unit->scope[index].call_file = number_of(die, DW_AT_call_file);
		unit->scope[index].call_line = number_of(die, DW_AT_call_line);
	}
	unit->nscopes++;
	return index;
}

static void scan_children(struct scan *scan, Dwarf_Die *parent_die, uint32_t parent, int depth)
{
	Dwarf_Die die;

	if (depth > MAX_DEPTH || dwarf_child(parent_die, &die))
		return;
	do {
		uint32_t scope = parent;
		int tag;

		if (!scan->dies_left)
			return;
		scan->dies_left--;
		tag = dwarf_tag(&die);
		switch (tag) {
		case DW_TAG_subprogram:
		case DW_TAG_inlined_subroutine:
			scope = add_scope(scan, &die, parent, tag == DW_TAG_inlined_subroutine);
			if (scope == NO_SCOPE)
				continue;	/* a declaration, or the abstract instance of an inlined function */
			break;
		case DW_TAG_lexical_block:
		case DW_TAG_try_block:
		case DW_TAG_catch_block:
		case DW_TAG_namespace:
		case DW_TAG_module:
			break;
		default:
			continue;
		}
		scan_children(scan, &die, scope, depth + 1);
	} while (!dwarf_siblingof(&die, &die));
}

/** elf_unit_dwarf() - where the DIEs of a unit's scopes are */
Dwarf *elf_unit_dwarf(const struct elf_lines *lines, const struct elf_unit *unit)
{
	return unit && unit->split ? unit->split->dwarf : lines->dwarf;
}

/**
 * elf_unit_scan() - index the functions of a unit, once
 * @code: the module's own file: ranges outside its code are dropped
 */
void elf_unit_scan(struct elf_unit *unit, const struct elf_image *code)
{
	struct scan scan = {
		.unit = unit, .code = code, .dies_left = MAX_DIES, .ranges_left = MAX_UNIT_RANGES,
	};
	Dwarf_Die die = unit->split ? unit->split->die : unit->die;

	scan_children(&scan, &die, NO_SCOPE, 0);
	elf_ranges_sort(&unit->ranges);
}

/**
 * elf_unit_scope() - the innermost function, inlined or not, at an address
 *
 * Return: the scope, or NULL.
 */
struct elf_scope *elf_unit_scope(struct elf_unit *unit, uint64_t vaddr)
{
	const struct elf_range *range = elf_ranges_find(&unit->ranges, vaddr);

	return range ? &unit->scope[range->owner] : NULL;
}

/**
 * elf_unit_call() - where an inlined function was called
 * @line: set to 0 when unknown
 *
 * Return: the file, interned in @names, or NULL.
 */
const char *elf_unit_call(struct elf_unit *unit, struct string_table *names,
			  const struct elf_scope *scope, int *line)
{
	bool own = unit->split && unit->split->has_files;
	Dwarf_Files *files;
	size_t n;

	*line = 0;
	if (!(own || unit->has_lines) || scope->call_line <= 0 ||
	    dwarf_getsrcfiles(own ? &unit->split->die : &unit->die, &files, &n) || scope->call_file >= n)
		return NULL;
	*line = scope->call_line;
	return elf_lines_file(unit, names, dwarf_filesrc(files, scope->call_file, NULL, NULL));
}

/* Where a function is declared, whose DIE may only refer to that. */
static void find_declaration(Dwarf_Die *die)
{
	static const unsigned int references[] = { DW_AT_abstract_origin, DW_AT_specification };
	Dwarf_Attribute attr;
	Dwarf_Die next;

	for (size_t i = 0; i < ARRAY_SIZE(references); i++)
		if (dwarf_attr(die, references[i], &attr) && dwarf_formref_die(&attr, &next))
			*die = next;
}

/* "main::{lambda}::" for what is declared in a lambda of main(). */
static void write_enclosing(Dwarf_Die *scopes, int n, char *buf, size_t len)
{
	size_t used = 0;

	*buf = '\0';
	for (int i = n - 1; i > 0 && used < len; i--) {
		int tag = dwarf_tag(&scopes[i]);
		const char *name = dwarf_diename(&scopes[i]);

		if (tag == DW_TAG_namespace && !name)
			name = "(anonymous namespace)";
		if ((tag == DW_TAG_class_type || tag == DW_TAG_structure_type) && !name)
			name = "{lambda}";
		if (name && (tag == DW_TAG_namespace || tag == DW_TAG_class_type || tag == DW_TAG_subprogram ||
			     tag == DW_TAG_structure_type))
			used += snprintf(buf + used, len - used, "%s::", name);
	}
}

/*
 * A lambda has no linkage name, and all are called "operator()": what encloses it tells
 * them apart. Finding that takes a walk through the unit, so other names are left as they are.
 */
static const char *enclosed_name(Dwarf_Die *die, const char *plain, struct string_table *names)
{
	char enclosing[ENCLOSING_BYTES], *whole;
	const char *interned = plain;
	Dwarf_Die *scopes = NULL;
	int n;

	if (strcmp(plain, "operator()") && strcmp(plain, "_FUN"))
		return plain;
	find_declaration(die);
	n = dwarf_getscopes_die(die, &scopes);
	if (n < 1)
		return plain;
	write_enclosing(scopes, n, enclosing, sizeof(enclosing));
	free(scopes);
	whole = strdup_printf("%s%s", enclosing, plain);
	if (whole)
		interned = string_table_intern(names, whole);
	free(whole);
	return interned;
}

/**
 * elf_scope_name() - fill in the names of a scope, once
 *
 * Both may stay NULL: artificial functions have none.
 */
void elf_scope_name(struct elf_scope *scope, Dwarf *dwarf, struct string_table *names)
{
	Dwarf_Attribute attr;
	Dwarf_Die die;

	if (scope->named || !dwarf_offdie(dwarf, scope->die, &die))
		return;
	scope->named = true;
	if (dwarf_attr_integrate(&die, DW_AT_linkage_name, &attr) ||
	    dwarf_attr_integrate(&die, DW_AT_MIPS_linkage_name, &attr))
		scope->linkage = string_table_intern(names, dwarf_formstring(&attr));
	if (dwarf_attr_integrate(&die, DW_AT_name, &attr))
		scope->plain = string_table_intern(names, dwarf_formstring(&attr));
	if (scope->plain && !scope->linkage)
		scope->plain = enclosed_name(&die, scope->plain, names);
}
