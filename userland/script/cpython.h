/* SPDX-License-Identifier: GPL-2.0 */
/* Where CPython keeps what: as measured, of each minor version. */
#ifndef LEAKTRACE_SCRIPT_CPYTHON_H
#define LEAKTRACE_SCRIPT_CPYTHON_H

#include <stddef.h>
#include <stdint.h>

#include <linux/leaktrace_chain.h>

/* How a code object's table says which line an instruction is of. */
enum cpython_lines {
	CPYTHON_LNOTAB,			/* 3.9: pairs of increments */
	CPYTHON_LINETABLE,		/* 3.10: pairs, a line for each range */
	CPYTHON_LOCATIONS,		/* 3.11 on: with columns, of variable length */
};

struct cpython_layout {
	int version;			/* major << 8 | minor */
	uint32_t key;			/* of _PyRuntime: pthread_key_t, behind an int that says if it is there */
	uint32_t usual_key;		/* of a program that makes none before the interpreter does */
	struct leaktrace_chain chain;	/* but for steps 0 and 1, which know the key */
	/* of a code object */
	uint32_t first_line, file, name, table;
	uint32_t code;			/* where its instructions begin; 0: offsets count from there */
	uint32_t unit_bytes;		/* of an offset */
	enum cpython_lines lines;
	uint32_t check, check_bytes;	/* check_bytes 0: check is in the table's object */
	uint32_t ascii, wide;		/* where a string's characters begin */
};

extern const struct cpython_layout cpython_layouts[];
extern const int cpython_nlayouts;

/* The line of an instruction at offset_bytes; 0: it has none. */
int cpython_line(enum cpython_lines lines, const uint8_t *table, size_t bytes, int first_line,
		 uint32_t offset_bytes);

#endif
