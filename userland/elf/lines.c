// SPDX-License-Identifier: GPL-2.0
/*
 * Which compilation unit, which line. The units' ranges are indexed here once
 * per module from the units themselves: clang writes no .debug_aranges, which
 * libdw 0.188 would need.
 *
 * libdw expands a whole line program into rows at once, and a byte of it can
 * be a row: the size of the program is looked at first.
 */
#include <dwarf.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "elf/lines.h"

enum {
	MAX_UNITS = 1 << 20,
	MAX_RANGES_PER_UNIT = 1 << 18,
	MAX_LINE_PROGRAM_BYTES = 16 << 20,
};

static void add_unit(struct elf_lines *lines, Dwarf_Die *die)
{
	Dwarf_Addr base, start, end;
	ptrdiff_t at = 0;

	if (lines->nunits == lines->units_room) {
		uint32_t room = lines->units_room ? 2 * lines->units_room : 64;
		void *bigger = realloc(lines->unit, room * sizeof(*lines->unit));

		if (!bigger)
			return;
		lines->unit = bigger;
		lines->units_room = room;
	}
	for (int i = 0; i < MAX_RANGES_PER_UNIT; i++) {
		at = dwarf_ranges(die, at, &base, &start, &end);
		if (at <= 0)
			break;
		/* Functions the linker dropped are left at 0 or so. */
		if (elf_image_is_code(lines->code, start))
			elf_ranges_add(&lines->ranges, start, end, lines->nunits);
	}
	lines->unit[lines->nunits++] = (struct elf_unit) { .die = *die };
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
	if (!scn)	/* .zdebug_line: renamed or not, as a whole it is bounded */
		scn = elf_image_section(lines->source, ".zdebug_line", &shdr);
	data = scn ? elf_getdata(scn, NULL) : NULL;
	if (!data || !data->d_buf || data->d_size < 4 || offset > data->d_size - 4)
		return false;
	memcpy(&bytes, (char *)data->d_buf + offset, sizeof(bytes));
	if (bytes == 0xffffffff)	/* 64-bit DWARF: judge by what can be there */
		return data->d_size - offset <= MAX_LINE_PROGRAM_BYTES;
	return bytes <= MAX_LINE_PROGRAM_BYTES;
}

/**
 * elf_lines_open() - index the units of a module
 * @lines: filled; release with elf_lines_close()
 * @dwarf: must live as long
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
			add_unit(lines, &die);
	elf_ranges_sort(&lines->ranges);
}

/**
 * elf_lines_unit() - the compilation unit of an address, ready for questions
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
		elf_unit_scan(unit, lines->code);
	}
	return unit;
}

/**
 * elf_lines_file() - a source file's path in full
 * @path: as DWARF has it, perhaps relative to where the compiler ran
 *
 * A relative place, as packages built reproducibly have, adds nothing.
 *
 * Return: the path, as kept by @names, or NULL.
 */
const char *elf_lines_file(struct elf_unit *unit, struct names *names, const char *path)
{
	Dwarf_Attribute attr;
	const char *folder;
	char full[2 * PATH_MAX];

	if (!path || path[0] == '/' || !dwarf_attr(&unit->die, DW_AT_comp_dir, &attr))
		return names_keep(names, path);
	folder = dwarf_formstring(&attr);
	if (!folder || folder[0] != '/')
		return names_keep(names, path);
	snprintf(full, sizeof(full), "%s/%s", folder, path);
	return names_keep(names, full);
}

/**
 * elf_lines_at() - the source line of an address
 * @line: set to 0 without line information
 *
 * Return: the file, as kept by @names, or NULL.
 */
const char *elf_lines_at(struct elf_unit *unit, struct names *names, uint64_t vaddr, int *line)
{
	Dwarf_Line *row = unit->has_lines ? dwarf_getsrc_die(&unit->die, vaddr) : NULL;

	*line = 0;
	if (!row || dwarf_lineno(row, line) || *line <= 0) {
		*line = 0;		/* line 0: the compiler's own code */
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
	}
	free(lines->unit);
	free(lines->ranges.range);
	*lines = (struct elf_lines) { 0 };
}
