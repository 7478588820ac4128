// SPDX-License-Identifier: GPL-2.0
/*
 * A decoder of x86-64 instructions: all lengths, and of effects only those on the
 * stack and frame pointers and on the flow of control. What it does not know, or
 * finds impossible, it refuses.
 */
#include <string.h>

#include "unwind/x86_64_code.h"

enum { MAX_INSN_BYTES = 15, REX_W = 8, REX_R = 4, REX_X = 2, REX_B = 1 };

/* What follows an opcode. */
enum operands {
	BAD, NO, M,			/* nothing; ModRM */
	I1, I2, I4,			/* a constant of so many bytes; 4: 2 with a 66 prefix */
	M1, M4,				/* ModRM and a constant */
	I8,				/* mov: 8 bytes with REX.W, else as I4 */
	A8,				/* an absolute address */
	E3,				/* enter: 2 and 1 */
};

static const uint8_t one_byte[256] = {
#define ALU M, M, M, M, I1, I4, BAD, BAD
	ALU, ALU, ALU, ALU, ALU, ALU, ALU, ALU,
#undef ALU
	[0x50] = NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO,
	[0x60] = BAD, BAD, BAD, M, BAD, BAD, BAD, BAD, I4, M4, I1, M1, NO, NO, NO, NO,
	[0x70] = I1, I1, I1, I1, I1, I1, I1, I1, I1, I1, I1, I1, I1, I1, I1, I1,
	[0x80] = M1, M4, BAD, M1, M, M, M, M, M, M, M, M, M, M, M, M,
	[0x90] = NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, BAD, NO, NO, NO, NO, NO,
	[0xa0] = A8, A8, A8, A8, NO, NO, NO, NO, I1, I4, NO, NO, NO, NO, NO, NO,
	[0xb0] = I1, I1, I1, I1, I1, I1, I1, I1, I8, I8, I8, I8, I8, I8, I8, I8,
	[0xc0] = M1, M1, I2, NO, BAD, BAD, M1, M4, E3, NO, I2, NO, NO, I1, BAD, NO,
	[0xd0] = M, M, M, M, BAD, BAD, BAD, NO, M, M, M, M, M, M, M, M,
	[0xe0] = I1, I1, I1, I1, I1, I1, I1, I1, I4, I4, BAD, I1, NO, NO, NO, NO,
	[0xf0] = BAD, NO, BAD, BAD, NO, NO, M, M, NO, NO, NO, NO, NO, NO, M, M,
};

/* After 0f; also of the first map of VEX and EVEX. */
static enum operands two_byte(uint8_t op)
{
	switch (op) {
	case 0x04: case 0x0a: case 0x0c: case 0x0e: case 0x0f: case 0x24 ... 0x27:
	case 0x36: case 0x38 ... 0x3f: case 0xa6: case 0xa7:
		return BAD;
	case 0x05 ... 0x09: case 0x0b: case 0x30 ... 0x35: case 0x37: case 0x77:
	case 0xa0 ... 0xa2: case 0xa8 ... 0xaa: case 0xc8 ... 0xcf:
		return NO;
	case 0x70 ... 0x73: case 0xa4: case 0xac: case 0xba: case 0xc2: case 0xc4 ... 0xc6:
		return M1;
	case 0x80 ... 0x8f:
		return I4;
	default:
		return M;
	}
}

struct decoding {
	const uint8_t *at, *end;
	struct x86_insn *insn;
	uint64_t vaddr;			/* of the instruction */
	const uint8_t *start;
	uint8_t map;			/* 0: one byte; 1: after 0f; 2: 0f 38; 3: 0f 3a */
	uint8_t op, rex;
	bool word, vex, short_address;
	enum operands operands;
	/* of ModRM: */
	uint8_t mod, reg, rm;
	bool index;
	uint8_t base;			/* of memory; X86_NO_REG: none */
	bool rip;
	int32_t offset;
	int64_t constant;
};

static bool need(struct decoding *d, size_t n)
{
	return (size_t)(d->end - d->at) >= n;
}

static bool read_signed(struct decoding *d, size_t n, int64_t *value)
{
	uint64_t raw = 0;

	if (!need(d, n))
		return false;
	memcpy(&raw, d->at, n);
	d->at += n;
	*value = n == 8 ? (int64_t)raw : (int64_t)(raw << (64 - 8 * n)) >> (64 - 8 * n);
	return true;
}

/* VEX and EVEX: no instruction of theirs concerns us, but for its length. */
static bool read_vex(struct decoding *d, uint8_t first)
{
	size_t n = first == 0xc5 ? 1 : first == 0xc4 ? 2 : 3;

	if (!need(d, n + 1))
		return false;
	d->map = first == 0xc5 ? 1 : d->at[0] & (first == 0xc4 ? 0x1f : 0x07);
	d->at += n;
	d->op = *d->at++;
	d->vex = true;
	if (d->map == 1)
		d->operands = two_byte(d->op);
	else
		d->operands = d->map == 3 ? M1 : M;
	return d->map && d->map <= 6 && d->map != 4 && d->operands != BAD;
}

static bool read_opcode(struct decoding *d)
{
	uint8_t byte;

	for (;;) {
		if (!need(d, 1))
			return false;
		byte = *d->at++;
		if (byte == 0x66)
			d->word = true;
		else if (byte == 0x67)
			d->short_address = true;
		else if (byte != 0xf0 && byte != 0xf2 && byte != 0xf3 && byte != 0x2e &&
			 byte != 0x36 && byte != 0x3e && byte != 0x26 && byte != 0x64 && byte != 0x65)
			break;
	}
	if (byte == 0xc4 || byte == 0xc5 || byte == 0x62)
		return read_vex(d, byte);
	if ((byte & 0xf0) == 0x40) {
		d->rex = byte;
		if (!need(d, 1))
			return false;
		byte = *d->at++;
	}
	d->op = byte;
	d->operands = one_byte[byte];
	if (byte != 0x0f)
		return d->operands != BAD;
	if (!need(d, 1))
		return false;
	d->map = 1;
	d->op = *d->at++;
	d->operands = two_byte(d->op);
	if (d->op == 0x38 || d->op == 0x3a) {
		if (!need(d, 1))
			return false;
		d->map = d->op == 0x38 ? 2 : 3;
		d->operands = d->op == 0x38 ? M : M1;
		d->op = *d->at++;
	}
	return d->operands != BAD;
}

static bool read_modrm(struct decoding *d)
{
	uint8_t byte, sib, low;
	int64_t offset = 0;

	if (!need(d, 1))
		return false;
	byte = *d->at++;
	d->mod = byte >> 6;
	d->reg = (byte >> 3 & 7) | (d->rex & REX_R ? 8 : 0);
	low = byte & 7;
	d->rm = low | (d->rex & REX_B ? 8 : 0);
	d->base = X86_NO_REG;
	if (d->mod == 3)
		return true;
	if (low == 4) {
		if (!need(d, 1))
			return false;
		sib = *d->at++;
		d->index = (sib >> 3 & 7) != 4 || d->rex & REX_X;
		low = sib & 7;
	} else if (low == 5 && !d->mod) {
		d->rip = true;
	}
	if (low != 5 || d->mod)
		d->base = low | (d->rex & REX_B ? 8 : 0);
	d->insn->rip_at = d->rip ? d->at - d->start : 0;
	d->insn->sp_memory = d->base == X86_SP;
	if (d->mod == 1 ? !read_signed(d, 1, &offset) :
	    (d->mod == 2 || (low == 5 && !d->mod)) && !read_signed(d, 4, &offset))
		return false;
	d->offset = offset;
	return true;
}

static bool read_constant(struct decoding *d)
{
	bool test = !d->map && (d->op == 0xf6 || d->op == 0xf7) && (d->reg & 7) < 2;
	size_t n = 0;

	switch (d->operands) {
	case I1: case M1:
		n = 1;
		break;
	case I2:
		n = 2;
		break;
	case I4: case M4:
		/* Branches have 4 in any case. */
		n = d->word && d->op != 0xe8 && d->op != 0xe9 && d->map != 1 ? 2 : 4;
		break;
	case I8:
		n = d->rex & REX_W ? 8 : d->word ? 2 : 4;
		break;
	case A8:
		n = d->short_address ? 4 : 8;
		break;
	case E3:
		return need(d, 3) && (d->at += 3);
	default:
		if (test)
			n = d->op == 0xf6 ? 1 : d->word ? 2 : 4;
	}
	return !n || read_signed(d, n, &d->constant);
}

static void set(struct decoding *d, enum x86_effect effect, uint8_t reg, int64_t value)
{
	d->insn->effect = effect;
	d->insn->reg = reg;
	d->insn->value = value;
}

static uint64_t relative(const struct decoding *d, int64_t by)
{
	return d->vaddr + (d->at - d->start) + by;
}

static void flow(struct decoding *d, enum x86_effect effect, bool known)
{
	d->insn->effect = effect;
	d->insn->target = known ? relative(d, d->constant) : 0;
}

/* A register has a new value that we do not compute. */
static void writes(struct decoding *d, uint8_t reg)
{
	if (reg == X86_SP)
		set(d, X86_SP_LOST, reg, 0);
	else if (reg == X86_BP)
		set(d, X86_BP_LOST, reg, 0);
}

/* mov from register to register, or to and from memory. */
static void moves(struct decoding *d, uint8_t to, uint8_t from)
{
	if (!(d->rex & REX_W))
		writes(d, to);
	else if (to == X86_SP && from == X86_BP)
		set(d, X86_SP_FROM_BP, 0, 0);
	else if (to == X86_BP && from == X86_SP)
		set(d, X86_BP_FROM_SP, 0, 0);
	else
		writes(d, to);
}

static void lea(struct decoding *d)
{
	bool plain = d->rex & REX_W && !d->index;

	if (d->rip) {
		d->insn->effect = X86_POINTER;
		d->insn->target = relative(d, d->offset);
		if (d->reg == X86_SP || d->reg == X86_BP)
			writes(d, d->reg);
	} else if (plain && d->reg == X86_SP && d->base == X86_SP) {
		set(d, X86_ADD_SP, 0, d->offset);
	} else if (plain && d->reg == X86_SP && d->base == X86_BP) {
		set(d, X86_SP_FROM_BP, 0, d->offset);
	} else if (plain && d->reg == X86_BP && d->base == X86_SP) {
		set(d, X86_BP_FROM_SP, 0, d->offset);
	} else {
		writes(d, d->reg);
	}
}

/* add, or, adc, sbb, and, sub, xor, cmp with a constant. */
static void arithmetic(struct decoding *d)
{
	uint8_t what = d->reg & 7;

	if (d->mod != 3 || what == 7)
		return;
	if (d->rm == X86_SP && d->rex & REX_W && (what == 0 || what == 5))
		set(d, X86_ADD_SP, 0, what ? -d->constant : d->constant);
	else
		writes(d, d->rm);
}

static void of_group_5(struct decoding *d)
{
	switch (d->reg & 7) {
	case 0: case 1:
		if (d->mod == 3)
			writes(d, d->rm);
		break;
	case 2:
		flow(d, X86_CALL, false);
		break;
	case 4:
		flow(d, X86_JUMP, false);
		break;
	case 6:
		set(d, X86_PUSH, X86_NO_REG, 0);
		break;
	default:
		set(d, X86_SP_LOST, 0, 0);	/* far calls and jumps, and what is no instruction */
	}
}

static void of_mov(struct decoding *d)
{
	if (d->op == 0x8b)
		moves(d, d->reg, d->mod == 3 ? d->rm : X86_NO_REG);
	else if (d->mod == 3)
		moves(d, d->rm, d->reg);
	else if (d->base == X86_SP && !d->index && d->rex & REX_W)
		set(d, X86_STORE, d->reg, d->offset);
}

static void of_one_byte(struct decoding *d)
{
	uint8_t low = d->op & 7, reg = low | (d->rex & REX_B ? 8 : 0);

	switch (d->op) {
	case 0x00 ... 0x37:		/* arithmetic; not cmp, which is 38 and more */
		if (low < 2 && d->mod == 3)
			writes(d, d->rm);
		else if (low == 2 || low == 3)
			writes(d, d->reg);
		break;
	case 0x50 ... 0x57: set(d, X86_PUSH, reg, 0); break;
	case 0x58 ... 0x5f: set(d, X86_POP, reg, 0); break;
	case 0x68: case 0x6a: case 0x9c: set(d, X86_PUSH, X86_NO_REG, 0); break;
	case 0x8f: case 0x9d: set(d, X86_POP, X86_NO_REG, 0); break;
	case 0x63: case 0x69: case 0x6b: writes(d, d->reg); break;
	case 0x70 ... 0x7f: case 0xe0 ... 0xe3: flow(d, X86_BRANCH, true); break;
	case 0x80: case 0x81: case 0x83: arithmetic(d); break;
	case 0x87:
		writes(d, d->reg);
		if (d->mod == 3 && d->insn->effect != X86_SP_LOST)
			writes(d, d->rm);
		break;
	case 0x89: case 0x8b: of_mov(d); break;
	case 0x8d: lea(d); break;
	case 0x90:
		if (!(d->rex & REX_B))
			d->insn->effect = X86_PADDING;
		break;
	case 0x91 ... 0x97: writes(d, reg); break;
	case 0xb8 ... 0xbf:
		d->insn->effect = X86_POINTER;
		d->insn->target = d->constant;
		writes(d, reg);
		break;
	case 0xc3: d->insn->effect = X86_RETURN; break;
	case 0xc7:
		if (d->mod != 3)
			break;
		d->insn->effect = X86_POINTER;
		d->insn->target = d->constant;
		writes(d, d->rm);
		break;
	case 0xc9: set(d, X86_LEAVE, 0, 0); break;
	case 0xc2: case 0xc8: case 0xca: case 0xcb: case 0xcf: set(d, X86_SP_LOST, 0, 0); break;
	case 0xcc: case 0xf4: d->insn->effect = X86_TRAP; break;
	case 0xe8: flow(d, X86_CALL, true); break;
	case 0xe9: case 0xeb: flow(d, X86_JUMP, true); break;
	case 0xff: of_group_5(d); break;
	}
}

static void of_two_byte(struct decoding *d)
{
	switch (d->op) {
	case 0x0b: d->insn->effect = X86_TRAP; break;
	case 0x1f: d->insn->effect = X86_PADDING; break;
	case 0x40 ... 0x4f: case 0xaf: case 0xb6: case 0xb7: case 0xbe: case 0xbf:
		writes(d, d->reg);
		break;
	case 0x80 ... 0x8f: flow(d, X86_BRANCH, true); break;
	case 0xa0: case 0xa8: set(d, X86_PUSH, X86_NO_REG, 0); break;
	case 0xa1: case 0xa9: set(d, X86_POP, X86_NO_REG, 0); break;
	}
}

/**
 * x86_decode() - decode one instruction
 * @at: its address
 * @insn: filled
 *
 * Return: whether it is one that we know the length of.
 */
bool x86_decode(const uint8_t *code, size_t left, uint64_t at, struct x86_insn *insn)
{
	struct decoding d = {
		.at = code, .start = code, .insn = insn, .vaddr = at,
		.end = code + (left < MAX_INSN_BYTES ? left : MAX_INSN_BYTES),
	};

	*insn = (struct x86_insn){ .reg = X86_NO_REG };
	if (!read_opcode(&d))
		return false;
	if ((d.operands == M || d.operands == M1 || d.operands == M4) && !read_modrm(&d))
		return false;
	if (!read_constant(&d))
		return false;
	insn->bytes = d.at - code;
	if (!d.vex && !d.map)
		of_one_byte(&d);
	else if (!d.vex && d.map == 1)
		of_two_byte(&d);
	/* Pushes of 2 bytes, and control flow of 16 bits: no compiler writes them. */
	if (d.word && insn->effect >= X86_PUSH && insn->effect <= X86_POP)
		insn->effect = X86_SP_LOST;
	return true;
}
