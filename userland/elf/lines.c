// SPDX-License-Identifier: GPL-2.0
/*
 * Maps addresses to compilation units and source lines. The ranges of the units
 * are indexed once per module, from the units themselves: clang writes no
 * .debug_aranges, which libdw 0.188 would need.
 *
 * libdw expands a whole line program into rows at once, and one byte of it can
 * be a row: the size of the program is checked first.
 */
#include <dwarf.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "elf/image.h"
#include "elf/lines.h"
#include "util/array.h"
#include "util/string_table.h"

enum {
	MAX_UNITS = 1 << 20,
	MAX_RANGES_PER_UNIT = 1 << 18,
	MAX_LINE_PROGRAM_BYTES = 16 << 20,
};

static void add_unit(struct elf_lines *lines, Dwarf_Die *die, bool is_skeleton)
{
	Dwarf_Addr base, start, end;
	ptrdiff_t at = 0;

	if (!array_reserve(lines->unit, lines->units_room, lines->nunits, 1))
		return;
	for (int i = 0; i < MAX_RANGES_PER_UNIT; i++) {
		at = dwarf_ranges(die, at, &base, &start, &end);
		if (at <= 0)
			break;
		/* Functions that the linker dropped have address 0 or near it. */
		if (elf_image_is_code(lines->code, start))
			elf_ranges_add(&lines->ranges, start, end, lines->nunits);
	}
	lines->unit[lines->nunits++] = (struct elf_unit) { .die = *die, .is_skeleton = is_skeleton };
}

static bool line_program_is_sane(const struct elf_lines *lines, Dwarf_Die *die)
{
	Dwarf_Attribute attr;
	Dwarf_Word offset;
	uint32_t bytes;
	GElf_Shdr shdr;
	Elf_Data *data;
	Elf_Scn *scn;

	if (!dwarf_attr(die, DW_AT_stmt_list, &attr) || dwarf_formudata(&attr, &offset))
		return false;
	scn = elf_image_section(lines->source, ".debug_line", &shdr);
	if (!scn)	/* .zdebug_line: the whole section is bounded */
		scn = elf_image_section(lines->source, ".zdebug_line", &shdr);
	data = scn ? elf_getdata(scn, NULL) : NULL;
	if (!data || !data->d_buf || data->d_size < 4 || offset > data->d_size - 4)
		return false;
	memcpy(&bytes, (char *)data->d_buf + offset, sizeof(bytes));
	if (bytes == 0xffffffff)	/* 64-bit DWARF: use what is left of the section */
		return data->d_size - offset <= MAX_LINE_PROGRAM_BYTES;
	return bytes <= MAX_LINE_PROGRAM_BYTES;
}

/**
 * elf_lines_open() - index the units of a module
 * @lines: filled; release with elf_lines_close()
 * @dwarf: must outlive @lines
 * @source: what @dwarf was read from
 * @code: the module's own file: addresses outside its code are dropped
 */
void elf_lines_open(struct elf_lines *lines, Dwarf *dwarf, struct elf_image *source,
		    const struct elf_image *code)
{
	Dwarf_CU *cu = NULL;
	uint8_t type;
	Dwarf_Die die;

	*lines = (struct elf_lines) { .dwarf = dwarf, .source = source, .code = code };
	while (lines->nunits < MAX_UNITS &&
	       !dwarf_get_units(dwarf, cu, &cu, NULL, &type, &die, NULL))
		if (type == DW_UT_compile || type == DW_UT_skeleton)
			add_unit(lines, &die, type == DW_UT_skeleton);
	elf_ranges_sort(&lines->ranges);
}

static void open_split(struct elf_lines *lines, struct elf_unit *unit)
{
	struct elf_split_name name;
	struct elf_image *image = NULL;

	if (!unit->is_skeleton || !lines->find_split || !elf_split_name(&unit->die, &name))
		return;
	image = lines->find_split(lines->context, &name);
	if (image)
		unit->split = elf_split_open(image, lines->source, &unit->die, name.id);
	unit->lacks_split = !unit->split;
}

/**
 * elf_lines_unit() - the compilation unit of an address, with its functions indexed
 *
 * Return: the unit, or NULL when none covers it.
 */
struct elf_unit *elf_lines_unit(struct elf_lines *lines, uint64_t vaddr)
{
	const struct elf_range *range = elf_ranges_find(&lines->ranges, vaddr);
	struct elf_unit *unit = range ? &lines->unit[range->owner] : NULL;

	if (unit && !unit->scanned) {
		unit->scanned = true;
		unit->has_lines = line_program_is_sane(lines, &unit->die);
		open_split(lines, unit);
		elf_unit_scan(unit, lines->code);
	}
	return unit;
}

/**
 * elf_lines_file() - a source file's path in full
 * @path: as in DWARF, perhaps relative to the compilation directory
 *
 * A relative compilation directory, as in reproducible builds, is left out.
 *
 * Return: the path, interned in @names, or NULL.
 */
const char *elf_lines_file(struct elf_unit *unit, struct string_table *names, const char *path)
{
	Dwarf_Attribute attr;
	const char *folder;
	char full[2 * PATH_MAX];

	if (!path || path[0] == '/' || !dwarf_attr(&unit->die, DW_AT_comp_dir, &attr))
		return string_table_intern(names, path);
	folder = dwarf_formstring(&attr);
	if (!folder || folder[0] != '/')
		return string_table_intern(names, path);
	snprintf(full, sizeof(full), "%s/%s", folder, path);
	return string_table_intern(names, full);
}

/**
 * elf_lines_at() - the source line of an address
 * @line: set to 0 without line information
 *
 * Return: the file, interned in @names, or NULL.
 */
const char *elf_lines_at(struct elf_unit *unit, struct string_table *names, uint64_t vaddr, int *line)
{
	Dwarf_Line *row = unit->has_lines ? dwarf_getsrc_die(&unit->die, vaddr) : NULL;

	*line = 0;
	if (!row || dwarf_lineno(row, line) || *line <= 0) {
		*line = 0;		/* line 0: generated by the compiler */
		return NULL;
	}
	return elf_lines_file(unit, names, dwarf_linesrc(row, NULL, NULL));
}

/** elf_lines_close() - release the index */
void elf_lines_close(struct elf_lines *lines)
{
	for (uint32_t i = 0; i < lines->nunits; i++) {
		free(lines->unit[i].scope);
		free(lines->unit[i].ranges.range);
		elf_split_close(lines->unit[i].split);
	}
	free(lines->unit);
	free(lines->ranges.range);
	*lines = (struct elf_lines) { 0 };
}
