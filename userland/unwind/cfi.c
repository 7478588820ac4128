// SPDX-License-Identifier: GPL-2.0
/*
 * The interpreter of call frame instructions. A function's program is run once
 * and yields its rows in ascending order of addresses. An unknown instruction
 * ends the program, because everything after it could be wrong.
 */
#include <dwarf.h>
#include <errno.h>

#include "unwind/cfi.h"
#include "unwind/cursor.h"

enum {
	/* Not in every dwarf.h. */
	CFA_AARCH64_NEGATE_RA_STATE = 0x2d,
	CFA_GNU_NEGATIVE_OFFSET_EXTENDED = 0x2f,
	ELF_AARCH64 = 183,
};

static const struct unwind_machine machines[] = {
	{
		.elf_machine = 62,
		.ra = 16, .sp = 7, .bp = 6, .pc = 16,
		.column = {
			[3] = COLUMN_SAVED, [6] = COLUMN_BP, [7] = COLUMN_SP,
			[12] = COLUMN_SAVED + 1, [13] = COLUMN_SAVED + 2,
			[14] = COLUMN_SAVED + 3, [15] = COLUMN_SAVED + 4,
			[16] = COLUMN_RA,
		},
	},
};

const struct unwind_machine *unwind_machine(uint32_t elf_machine)
{
	for (size_t i = 0; i < sizeof(machines) / sizeof(*machines); i++)
		if (machines[i].elf_machine == elf_machine)
			return &machines[i];
	return NULL;
}

/* Reads an address as encoded in .eh_frame. Indirect encodings would need a running process. */
bool unwind_cfi_address(struct cursor *c, uint8_t encoding, uint64_t pcrel, uint64_t *value)
{
	uint64_t from = pcrel + (uintptr_t)c->at;

	switch (encoding & 0x0f) {
	case DW_EH_PE_absptr:
	case DW_EH_PE_udata8:
	case DW_EH_PE_sdata8:
		*value = cursor_u64(c);
		break;
	case DW_EH_PE_uleb128:
		*value = cursor_uleb(c);
		break;
	case DW_EH_PE_udata2:
		*value = cursor_u16(c);
		break;
	case DW_EH_PE_udata4:
		*value = cursor_u32(c);
		break;
	case DW_EH_PE_sleb128:
		*value = cursor_sleb(c);
		break;
	case DW_EH_PE_sdata2:
		*value = (int16_t)cursor_u16(c);
		break;
	case DW_EH_PE_sdata4:
		*value = (int32_t)cursor_u32(c);
		break;
	default:
		return false;
	}
	if ((encoding & 0xf0) == DW_EH_PE_pcrel)
		*value += from;
	else if (encoding & 0xf0)
		return false;
	return !c->bad;
}

static struct unwind_location *column_of(struct unwind_cfi *run, uint64_t reg)
{
	if (reg >= MAX_DWARF_REG || !run->machine->column[reg])
		return &run->ignored;
	return &run->state.column[run->machine->column[reg]];
}

static void set(struct unwind_cfi *run, uint64_t reg, enum unwind_how how, int64_t offset)
{
	struct unwind_location *l = column_of(run, reg);

	l->how = how;
	l->offset = offset;
	l->expr_bytes = 0;
}

static int64_t scaled(struct unwind_cfi *run, int64_t factor)
{
	return (uint64_t)factor * (uint64_t)run->cie->data_align;
}

static const uint8_t *block(struct unwind_cfi *run, uint32_t *bytes)
{
	uint64_t n = cursor_uleb(&run->code);
	const uint8_t *at = run->code.at;

	if (n > UINT32_MAX || !cursor_skip(&run->code, n)) {
		run->code.bad = true;
		n = 0;
	}
	*bytes = n;
	return at;
}

static void set_expression(struct unwind_cfi *run, enum unwind_how how)
{
	struct unwind_location *l = column_of(run, cursor_uleb(&run->code));

	l->how = how;
	l->expr = block(run, &l->expr_bytes);
}

static void restore(struct unwind_cfi *run, uint64_t reg)
{
	if (reg < MAX_DWARF_REG && run->machine->column[reg])
		*column_of(run, reg) = run->cie->initial.column[run->machine->column[reg]];
}

static int move(struct unwind_cfi *run, uint64_t to)
{
	if (to < run->pc)
		return -EINVAL;
	run->pc = to;
	return 0;
}

static int advance(struct unwind_cfi *run, uint64_t units)
{
	return move(run, run->pc + units * run->cie->code_align);
}

/* Instructions that say how the CFA is found. */
static int define_cfa(struct unwind_cfi *run, uint8_t op)
{
	struct unwind_cfa *cfa = &run->state.cfa;
	struct cursor *c = &run->code;

	if (op == DW_CFA_def_cfa_expression) {
		cfa->expr = block(run, &cfa->expr_bytes);
		cfa->known = true;
		return 0;
	}
	if (op == DW_CFA_def_cfa || op == DW_CFA_def_cfa_sf) {
		cfa->reg = cursor_uleb(c);
		cfa->expr = NULL;
		cfa->known = true;
	} else if (!cfa->known) {
		return -EINVAL;		/* redefines half of a CFA that is not defined */
	}
	/*
	 * After a CFA expression, the offset of the last register rule is used,
	 * as in libgcc; libgcrypt's assembly relies on it.
	 */
	if (op == DW_CFA_def_cfa_register) {
		cfa->reg = cursor_uleb(c);
		cfa->expr = NULL;
	} else if (op == DW_CFA_def_cfa_sf || op == DW_CFA_def_cfa_offset_sf) {
		cfa->offset = scaled(run, cursor_sleb(c));
	} else {
		cfa->offset = cursor_uleb(c);
	}
	return 0;
}

/* Instructions that say where a register is. */
static int define_register(struct unwind_cfi *run, uint8_t op)
{
	struct cursor *c = &run->code;
	uint64_t reg;

	if (op == DW_CFA_expression || op == DW_CFA_val_expression) {
		set_expression(run, op == DW_CFA_expression ? HOW_EXPRESSION : HOW_VAL_EXPRESSION);
		return 0;
	}
	reg = cursor_uleb(c);
	switch (op) {
	case DW_CFA_offset_extended:
		set(run, reg, HOW_OFFSET, scaled(run, cursor_uleb(c)));
		return 0;
	case DW_CFA_offset_extended_sf:
		set(run, reg, HOW_OFFSET, scaled(run, cursor_sleb(c)));
		return 0;
	case CFA_GNU_NEGATIVE_OFFSET_EXTENDED:
		set(run, reg, HOW_OFFSET, scaled(run, -cursor_uleb(c)));
		return 0;
	case DW_CFA_val_offset:
		set(run, reg, HOW_VAL_OFFSET, scaled(run, cursor_uleb(c)));
		return 0;
	case DW_CFA_val_offset_sf:
		set(run, reg, HOW_VAL_OFFSET, scaled(run, cursor_sleb(c)));
		return 0;
	case DW_CFA_register:
		set(run, reg, HOW_REGISTER, cursor_uleb(c));
		return 0;
	case DW_CFA_undefined:
		set(run, reg, HOW_UNDEFINED, 0);
		return 0;
	case DW_CFA_same_value:
		set(run, reg, HOW_SAME, 0);
		return 0;
	case DW_CFA_restore_extended:
		restore(run, reg);
		return 0;
	default:
		return -EINVAL;
	}
}

static int remember(struct unwind_cfi *run, uint8_t op)
{
	if (op == DW_CFA_remember_state) {
		if (run->depth == MAX_REMEMBERED)
			return -E2BIG;
		run->remembered[run->depth++] = run->state;
		return 0;
	}
	if (!run->depth)
		return -EINVAL;
	run->state = run->remembered[--run->depth];
	return 0;
}

static int step_extended(struct unwind_cfi *run, uint8_t op)
{
	uint64_t to;

	switch (op) {
	case DW_CFA_nop:
		return 0;
	case DW_CFA_set_loc:
		if (!unwind_cfi_address(&run->code, run->cie->encoding, run->cie->pcrel, &to))
			return -EINVAL;
		return move(run, to);
	case DW_CFA_advance_loc1:
		return advance(run, cursor_u8(&run->code));
	case DW_CFA_advance_loc2:
		return advance(run, cursor_u16(&run->code));
	case DW_CFA_advance_loc4:
		return advance(run, cursor_u32(&run->code));
	case DW_CFA_MIPS_advance_loc8:
		return advance(run, cursor_u64(&run->code));
	case DW_CFA_remember_state:
	case DW_CFA_restore_state:
		return remember(run, op);
	case DW_CFA_def_cfa:
	case DW_CFA_def_cfa_sf:
	case DW_CFA_def_cfa_register:
	case DW_CFA_def_cfa_offset:
	case DW_CFA_def_cfa_offset_sf:
	case DW_CFA_def_cfa_expression:
		return define_cfa(run, op);
	case DW_CFA_GNU_args_size:	/* concerns landing pads only */
		cursor_uleb(&run->code);
		return 0;
	case CFA_AARCH64_NEGATE_RA_STATE:
		return run->machine->elf_machine == ELF_AARCH64 ? 0 : -EINVAL;
	default:
		return define_register(run, op);
	}
}

static int step(struct unwind_cfi *run)
{
	uint8_t op = cursor_u8(&run->code);
	int error = 0;

	switch (op & 0xc0) {
	case DW_CFA_advance_loc:
		error = advance(run, op & 0x3f);
		break;
	case DW_CFA_offset:
		set(run, op & 0x3f, HOW_OFFSET, scaled(run, cursor_uleb(&run->code)));
		break;
	case DW_CFA_restore:
		restore(run, op & 0x3f);
		break;
	default:
		error = step_extended(run, op);
	}
	return run->code.bad ? -EINVAL : error;
}

/* A CIE's program is run once; the programs of its functions start from the resulting state. */
int unwind_cfi_initial(struct unwind_cfi *run, struct unwind_cie *cie, struct cursor code)
{
	int error = 0;

	memset(&cie->initial, 0, sizeof(cie->initial));
	run->cie = cie;
	run->code = code;
	run->state = cie->initial;
	run->depth = 0;
	run->pc = 0;
	while (!error && cursor_left(&run->code))
		error = step(run);
	if (!error && run->pc)
		error = -EINVAL;
	cie->initial = run->state;
	return error;
}

void unwind_cfi_begin(struct unwind_cfi *run, const struct unwind_cie *cie,
		      const struct unwind_fde *fde)
{
	run->cie = cie;
	run->code = (struct cursor){ .at = fde->code, .end = fde->code + fde->code_bytes };
	run->state = cie->initial;
	run->depth = 0;
	run->pc = fde->start;
	run->end = fde->start + fde->bytes;
	run->done = false;
}

/**
 * unwind_cfi_row() - run until the next row is complete
 * @start, @end: set to the addresses for which run->state holds
 *
 * Return: 1, 0: that was all, or a negative error: not understood.
 */
int unwind_cfi_row(struct unwind_cfi *run, uint64_t *start, uint64_t *end)
{
	*start = run->pc;
	if (run->done || *start >= run->end)
		return 0;
	while (cursor_left(&run->code)) {
		int error = step(run);

		if (error)
			return error;
		if (run->pc != *start) {
			*end = run->pc < run->end ? run->pc : run->end;
			return 1;
		}
	}
	run->done = true;
	*end = run->end;
	return 1;
}
