// SPDX-License-Identifier: GPL-2.0
/* The line of an instruction, by a code object's table; the table may be anything. */
#include <limits.h>
#include <stdint.h>

#include "script/cpython.h"

/* 3.9: (bytes of instructions, lines) to add, before the range that they lead to. */
static int64_t line_of_lnotab(const uint8_t *table, size_t bytes, int64_t line, uint32_t offset)
{
	uint32_t at = 0;

	for (size_t i = 0; i + 1 < bytes; i += 2) {
		at += table[i];
		if (at > offset)
			break;
		line += (int8_t)table[i + 1];
	}
	return line;
}

/* 3.10: (bytes of instructions, lines to add) of each range; -128: it has no line. */
static int64_t line_of_linetable(const uint8_t *table, size_t bytes, int64_t line, uint32_t offset)
{
	uint32_t end = 0;

	for (size_t i = 0; i + 1 < bytes; i += 2) {
		int8_t lines = table[i + 1];

		if (lines != -128)
			line += lines;
		end += table[i];
		if (offset < end)
			return lines == -128 ? 0 : line;
	}
	return 0;
}

/* Six bits a byte, the lowest first; bit 6: another one follows. The lowest bit is the sign. */
static int read_signed(const uint8_t *table, size_t bytes, size_t at)
{
	uint32_t value = 0;

	for (unsigned int shift = 0; at < bytes && shift < 30; shift += 6, at++) {
		value |= (uint32_t)(table[at] & 63) << shift;
		if (!(table[at] & 64))
			break;
	}
	return value & 1 ? -(int)(value >> 1) : (int)(value >> 1);
}

enum { FORM_ONE_LINE_0 = 10, FORM_ONE_LINE_2 = 12, FORM_NO_COLUMNS, FORM_LONG, FORM_NONE };

/* 3.11 on: each entry begins with a byte that has bit 7, a form, and how many units it is of. */
static int64_t line_of_locations(const uint8_t *table, size_t bytes, int64_t line, uint32_t offset)
{
	uint32_t end = 0;

	for (size_t i = 0; i < bytes; i++) {
		unsigned int form = table[i] >> 3 & 15;

		if (!(table[i] & 0x80))
			continue;
		if (form >= FORM_ONE_LINE_0 && form <= FORM_ONE_LINE_2)
			line += form - FORM_ONE_LINE_0;
		else if (form == FORM_NO_COLUMNS || form == FORM_LONG)
			line += read_signed(table, bytes, i + 1);
		end += 2 * ((table[i] & 7) + 1);
		if (offset < end)
			return form == FORM_NONE ? 0 : line;
	}
	return 0;
}

int cpython_line(enum cpython_lines lines, const uint8_t *table, size_t bytes, int first_line,
		 uint32_t offset_bytes)
{
	int64_t line;

	switch (lines) {
	case CPYTHON_LNOTAB:
		line = line_of_lnotab(table, bytes, first_line, offset_bytes);
		break;
	case CPYTHON_LINETABLE:
		line = line_of_linetable(table, bytes, first_line, offset_bytes);
		break;
	default:
		line = line_of_locations(table, bytes, first_line, offset_bytes);
	}
	return line > 0 && line <= INT_MAX ? line : 0;
}
