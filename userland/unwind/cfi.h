/* SPDX-License-Identifier: GPL-2.0 */
/* Call frame instructions: from a function's program to its rows. */
#ifndef LEAKTRACE_UNWIND_CFI_H
#define LEAKTRACE_UNWIND_CFI_H

#include "unwind/cursor.h"

/* The registers that stack walks need; others are skipped. */
enum unwind_column {
	COLUMN_NONE,
	COLUMN_RA,
	COLUMN_SP,
	COLUMN_BP,
	COLUMN_SAVED,			/* first of the callee-saved ones */
	NCOLUMNS = COLUMN_SAVED + 5
};

enum { MAX_DWARF_REG = 17 };

/* What depends on the machine; arm64 will be the second. */
struct unwind_machine {
	uint32_t elf_machine;
	uint8_t ra, sp, bp, pc;		/* DWARF numbers */
	uint8_t column[MAX_DWARF_REG];	/* enum unwind_column, by DWARF number */
};

const struct unwind_machine *unwind_machine(uint32_t elf_machine);

enum unwind_how {
	HOW_UNSPECIFIED,
	HOW_SAME,
	HOW_UNDEFINED,
	HOW_OFFSET,			/* *(cfa + offset) */
	HOW_VAL_OFFSET,			/* cfa + offset */
	HOW_REGISTER,
	HOW_EXPRESSION,			/* *expression */
	HOW_VAL_EXPRESSION,
};

struct unwind_location {
	uint32_t how;
	uint32_t expr_bytes;
	union {
		int64_t offset;
		uint64_t reg;
		const uint8_t *expr;
	};
};

struct unwind_cfa {
	const uint8_t *expr;		/* NULL: reg + offset */
	uint32_t expr_bytes;
	bool known;
	uint64_t reg;
	int64_t offset;
};

struct unwind_state {
	struct unwind_cfa cfa;
	struct unwind_location column[NCOLUMNS];
};

struct unwind_cie {
	uint64_t offset;		/* in its section */
	uint64_t code_align;
	int64_t data_align;
	uint64_t pcrel;			/* vaddr - address in memory, for set_loc */
	uint8_t section;
	uint8_t encoding;		/* DW_EH_PE_* of addresses */
	bool has_data;			/* FDEs carry augmentation data */
	bool signal;
	bool bad;
	struct unwind_state initial;
};

struct unwind_fde {
	uint64_t start;
	const uint8_t *code;
	uint32_t bytes;
	uint32_t code_bytes;
	uint32_t cie;
};

enum { MAX_REMEMBERED = 16 };		/* compilers nest 1 deep */

struct unwind_cfi {
	const struct unwind_machine *machine;
	const struct unwind_cie *cie;
	struct cursor code;
	uint64_t pc, end;
	bool done;
	unsigned int depth;
	struct unwind_location ignored;	/* for registers without a column */
	struct unwind_state state;
	struct unwind_state remembered[MAX_REMEMBERED];
};

bool unwind_cfi_address(struct cursor *c, uint8_t encoding, uint64_t pcrel, uint64_t *value);
int unwind_cfi_initial(struct unwind_cfi *run, struct unwind_cie *cie, struct cursor code);
void unwind_cfi_begin(struct unwind_cfi *run, const struct unwind_cie *cie,
		      const struct unwind_fde *fde);
int unwind_cfi_row(struct unwind_cfi *run, uint64_t *start, uint64_t *end);

#endif
