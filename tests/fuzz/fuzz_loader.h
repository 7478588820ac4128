/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Input of fuzz_loader: this, table_bytes[0] bytes of the first table,
 * table_bytes[1] of the second, and then the words that user memory is made of.
 *
 * Addresses (registers, words) may be given relative to where things are, so that
 * they need not be guessed: RELATIVE_STACK + offset and RELATIVE_CODE + offset.
 */
#ifndef FUZZ_LOADER_H
#define FUZZ_LOADER_H

#include <stdint.h>

enum { LOADER_TABLES = 2, LOADER_MAPS = 4, LOADER_REGS = 16 };

#define LOADER_CODE	0x400000000000ULL
#define LOADER_STACK	0x7ffd00001000ULL
#define RELATIVE_STACK	(0x51ULL << 56)
#define RELATIVE_CODE	(0x52ULL << 56)

enum loader_mode {
	LOADER_MADE_0 = 1 << 0,		/* bytes are choices of a valid table */
	LOADER_MADE_1 = 1 << 1,
	LOADER_EVERYWHERE = 1 << 2,	/* words repeat over all of memory */
	LOADER_NO_MAPS = 1 << 3,
	LOADER_COMPAT = 1 << 4,
	LOADER_SMALL = 1 << 5,		/* hardly room for tables */
};

struct loader_map {
	uint32_t gap_bytes, bytes;	/* from the end of the one before */
	uint64_t bias;
	uint8_t table;			/* 0: none */
	uint8_t flags;
	uint8_t dead;
	uint8_t pad[5];
};

struct loader_input {
	uint8_t mode;			/* enum loader_mode */
	uint8_t depth;
	uint8_t nmaps;
	uint8_t flaw;			/* of the first table's file */
	uint8_t change;			/* from the second walk to the last */
	uint8_t pad;
	uint16_t table_bytes[LOADER_TABLES];
	uint16_t changed_word;
	uint32_t pad2;
	uint64_t changed_to;
	uint64_t reg[LOADER_REGS];	/* by DWARF number */
	uint64_t ip;
	struct loader_map map[LOADER_MAPS];
};

#endif
