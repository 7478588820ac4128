// SPDX-License-Identifier: GPL-2.0
/*
 * Of instructions that compilers begin functions with, what they read and change. What
 * is not listed here is STEP_OTHER, which a door may replace, but never lie behind.
 */
#include <string.h>

#include "gate/step.h"

enum { REX_W = 8, REX_R = 4, REX_B = 1 };

struct opcode {
	const uint8_t *modrm;		/* what follows the opcode */
	size_t left;
	uint8_t rex, op, map;		/* map 1: after 0f */
	uint8_t mod, reg, rm;		/* of modrm, if there is one */
	bool prefixed;			/* other than by REX */
};

static bool is_prefix(uint8_t byte)
{
	return byte == 0x66 || byte == 0x67 || byte == 0xf0 || byte == 0xf2 || byte == 0xf3 ||
	       byte == 0x2e || byte == 0x36 || byte == 0x3e || byte == 0x26 || byte == 0x64 ||
	       byte == 0x65;
}

/* The instruction has been decoded before: its bytes are there. */
static struct opcode opcode_of(const uint8_t *code, size_t bytes)
{
	struct opcode o = { .rex = 0 };
	size_t i = 0;

	while (i < bytes && is_prefix(code[i])) {
		o.prefixed = true;
		i++;
	}
	if (i < bytes && (code[i] & 0xf0) == 0x40)
		o.rex = code[i++];
	if (i < bytes && code[i] == 0x0f) {
		o.map = 1;
		i++;
	}
	if (i < bytes)
		o.op = code[i++];
	o.modrm = code + i;
	o.left = bytes - i;
	if (o.left) {
		o.mod = code[i] >> 6;
		o.reg = (code[i] >> 3 & 7) | (o.rex & REX_R ? 8 : 0);
		o.rm = (code[i] & 7) | (o.rex & REX_B ? 8 : 0);
	}
	return o;
}

static enum gate_flags flags_of_two_byte(const struct opcode *o)
{
	if ((o->op >= 0x40 && o->op <= 0x4f) || (o->op >= 0x80 && o->op <= 0x9f))
		return FLAGS_READ;
	return o->op == 0xaf ? FLAGS_SET : FLAGS_UNTOUCHED;
}

/* Shifts are not among those that set flags: by 0 they don't. */
static enum gate_flags flags_of(const struct opcode *o)
{
	uint8_t what = o->reg & 7;

	if (o->map)
		return flags_of_two_byte(o);
	switch (o->op) {
	case 0x10 ... 0x15: case 0x18 ... 0x1d:		/* adc, sbb */
	case 0x70 ... 0x7f: case 0xe0: case 0xe1: case 0x9c: case 0x9f: case 0xf5:
		return FLAGS_READ;
	case 0xc0: case 0xc1: case 0xd0 ... 0xd3:
		return what == 2 || what == 3 ? FLAGS_READ : FLAGS_UNTOUCHED;
	case 0x80: case 0x81: case 0x83:
		return what == 2 || what == 3 ? FLAGS_READ : FLAGS_SET;
	case 0xf6: case 0xf7:
		return what == 2 ? FLAGS_UNTOUCHED : FLAGS_SET;
	case 0x84: case 0x85: case 0xa8: case 0xa9: case 0x69: case 0x6b:
	case 0xe8: case 0xc3:				/* nobody expects them to survive these */
		return FLAGS_SET;
	default:
		return o->op < 0x40 && (o->op & 7) < 6 ? FLAGS_SET : FLAGS_UNTOUCHED;
	}
}

static void pure(struct gate_step *step, unsigned int reads, unsigned int writes)
{
	step->what = (reads | writes) & GATE_REG(REG_RSP) ? STEP_OTHER : STEP_PURE;
	step->reads = reads;
	step->writes = writes;
}

/* add, or, and, sub, xor, cmp; bit 1 of the opcode is the direction, bit 0 the width. */
static void arithmetic(struct gate_step *step, const struct opcode *o)
{
	unsigned int to = GATE_REG(o->op & 2 ? o->reg : o->rm);
	unsigned int from = GATE_REG(o->op & 2 ? o->rm : o->reg);
	unsigned int what = o->op >> 3;

	if (o->mod != 3 || (o->op & 7) > 3 || !(o->op & 1) || what == 2 || what == 3)
		return;
	if (what == 7)
		pure(step, to | from, 0);
	else if (what == 6 && to == from)
		pure(step, 0, to);
	else
		pure(step, to | from, to);
}

static void arithmetic_constant(struct gate_step *step, const struct opcode *o)
{
	unsigned int what = o->reg & 7, to = GATE_REG(o->rm);

	if (o->mod != 3 || what == 2 || what == 3)
		return;
	pure(step, to, what == 7 ? 0 : to);
}

static void lea(struct gate_step *step, const struct opcode *o)
{
	unsigned int reads = 0;
	uint8_t sib;

	if (o->mod == 3 || step->insn.rip_at || step->insn.sp_memory)
		return;
	if ((o->rm & 7) == 4) {
		if (o->left < 2)
			return;
		sib = o->modrm[1];
		if (o->rex & 2 || (sib >> 3 & 7) != 4)
			reads |= GATE_REG((sib >> 3 & 7) | (o->rex & 2 ? 8 : 0));
		if ((sib & 7) != 5 || o->mod)
			reads |= GATE_REG((sib & 7) | (o->rex & REX_B ? 8 : 0));
	} else {
		reads = GATE_REG(o->rm);
	}
	pure(step, reads, GATE_REG(o->reg));
}

static void of_one_byte(struct gate_step *step, const struct opcode *o)
{
	uint8_t low = (o->op & 7) | (o->rex & REX_B ? 8 : 0);

	switch (o->op) {
	case 0x00 ... 0x3f:
		arithmetic(step, o);
		break;
	case 0x63: case 0x8b:
		if (o->mod == 3)
			pure(step, GATE_REG(o->rm), GATE_REG(o->reg));
		break;
	case 0x89:
		if (o->mod == 3)
			pure(step, GATE_REG(o->reg), GATE_REG(o->rm));
		break;
	case 0x81: case 0x83:
		arithmetic_constant(step, o);
		break;
	case 0x85:
		if (o->mod == 3)
			pure(step, GATE_REG(o->reg) | GATE_REG(o->rm), 0);
		break;
	case 0x8d:
		lea(step, o);
		break;
	case 0xb8 ... 0xbf:
		pure(step, 0, GATE_REG(low));
		break;
	case 0xf7:
		if (o->mod == 3 && (o->reg & 7) < 4)
			pure(step, GATE_REG(o->rm), (o->reg & 7) < 2 ? 0 : GATE_REG(o->rm));
		break;
	}
}

static void classify(struct gate_step *step)
{
	static const uint8_t endbr64[] = { 0xf3, 0x0f, 0x1e, 0xfa };
	struct opcode o = opcode_of(step->code, step->insn.bytes);

	step->flags = flags_of(&o);
	if (step->insn.effect == X86_PADDING ||
	    (step->insn.bytes == sizeof(endbr64) && !memcmp(step->code, endbr64, sizeof(endbr64)))) {
		step->what = STEP_NOTHING;
		step->flags = FLAGS_UNTOUCHED;
		return;
	}
	if (o.prefixed || o.map)
		return;
	if (step->insn.effect == X86_PUSH && step->insn.reg != X86_NO_REG)
		step->what = STEP_PUSH;
	else if (step->insn.effect == X86_ADD_SP && step->insn.value < 0 && o.op != 0x8d)
		step->what = STEP_FRAME;
	else if (o.op != 0x8d || o.rex & REX_W)
		of_one_byte(step, &o);
}

/**
 * gate_step_read() - read one instruction
 * @at: its address
 *
 * Return: whether it is one that we know the length of.
 */
bool gate_step_read(const uint8_t *code, size_t left, uint64_t at, struct gate_step *step)
{
	*step = (struct gate_step){ .code = code, .at = at };
	if (!x86_decode(code, left, at, &step->insn))
		return false;
	classify(step);
	return true;
}
