/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What libdw says about a pc, as places in a made-up machine whose registers
 * and memory are hashes. Two rules that compute the same there are the same.
 * Nothing here is shared with the compiler under test.
 */
#ifndef UNWIND_ORACLE_H
#define UNWIND_ORACLE_H

#include <dwarf.h>
#include <elfutils/libdw.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

enum place_kind { PLACE_UNKNOWN, PLACE_SAME, PLACE_UNDEFINED, PLACE_MEMORY, PLACE_VALUE, PLACE_REG };

struct place {
	enum place_kind kind;
	uint64_t at;		/* address, value or register */
};

struct machine {
	uint64_t reg[17];
	uint64_t cfa;
};

static inline uint64_t mix(uint64_t x)
{
	x ^= x >> 31;
	x *= 0x7fb5d329728ea185;
	x ^= x >> 27;
	x *= 0x81dadef4bc2dd44d;
	return x ^ x >> 33;
}

static inline uint64_t memory(uint64_t at)
{
	return mix(at + 0x1234567);
}

static inline void machine_init(struct machine *m, uint64_t pc)
{
	for (int i = 0; i < 16; i++)
		m->reg[i] = mix(pc * 32 + i);
	m->reg[16] = pc;
}

struct oracle_stack {
	uint64_t value[16];
	int n;
};

static inline bool oracle_binary(struct oracle_stack *s, uint8_t op)
{
	uint64_t b, *a;

	if (s->n < 2)
		return false;
	b = s->value[--s->n];
	a = &s->value[s->n - 1];
	switch (op) {
	case DW_OP_plus: *a += b; return true;
	case DW_OP_minus: *a -= b; return true;
	case DW_OP_and: *a &= b; return true;
	case DW_OP_or: *a |= b; return true;
	case DW_OP_mul: *a *= b; return true;
	case DW_OP_shl: *a = b < 64 ? *a << b : 0; return true;
	case DW_OP_ge: *a = (int64_t)*a >= (int64_t)b; return true;
	default: return false;
	}
}

static inline bool oracle_step(const struct machine *m, struct oracle_stack *s, const Dwarf_Op *op)
{
	uint8_t atom = op->atom;

	if (s->n >= 15)
		return false;
	if (atom >= DW_OP_lit0 && atom <= DW_OP_lit31) {
		s->value[s->n++] = atom - DW_OP_lit0;
	} else if (atom >= DW_OP_breg0 && atom <= DW_OP_breg16) {
		s->value[s->n++] = m->reg[atom - DW_OP_breg0] + op->number;
	} else if (atom == DW_OP_bregx && op->number <= 16) {
		s->value[s->n++] = m->reg[op->number] + op->number2;
	} else if (atom >= DW_OP_const1u && atom <= DW_OP_consts) {
		s->value[s->n++] = op->number;
	} else if (atom == DW_OP_call_frame_cfa) {
		s->value[s->n++] = m->cfa;
	} else if (atom == DW_OP_plus_uconst && s->n) {
		s->value[s->n - 1] += op->number;
	} else if (atom == DW_OP_deref && s->n) {
		s->value[s->n - 1] = memory(s->value[s->n - 1]);
	} else if (atom != DW_OP_nop) {
		return oracle_binary(s, atom);
	}
	return true;
}

static inline struct place oracle_run(const struct machine *m, const Dwarf_Op *ops, size_t n)
{
	struct oracle_stack s = { .n = 0 };
	struct place unknown = { PLACE_UNKNOWN, 0 };

	if (n == 1 && ops[0].atom >= DW_OP_reg0 && ops[0].atom <= DW_OP_reg31)
		return (struct place){ PLACE_REG, ops[0].atom - DW_OP_reg0 };
	if (n == 1 && ops[0].atom == DW_OP_regx)
		return (struct place){ PLACE_REG, ops[0].number };
	for (size_t i = 0; i < n; i++) {
		if (ops[i].atom == DW_OP_stack_value && i == n - 1 && s.n)
			return (struct place){ PLACE_VALUE, s.value[s.n - 1] };
		if (!oracle_step(m, &s, &ops[i]))
			return unknown;
	}
	return s.n ? (struct place){ PLACE_MEMORY, s.value[s.n - 1] } : unknown;
}

static inline bool oracle_cfa(Dwarf_Frame *frame, struct machine *m)
{
	struct place place;
	Dwarf_Op *ops;
	size_t n;

	if (dwarf_frame_cfa(frame, &ops, &n) || !n)
		return false;
	place = oracle_run(m, ops, n);
	m->cfa = place.at;
	return place.kind == PLACE_MEMORY || place.kind == PLACE_VALUE;
}

static inline struct place oracle_register(Dwarf_Frame *frame, const struct machine *m, int reg)
{
	Dwarf_Op mem[3], *ops;
	size_t n;

	if (dwarf_frame_register(frame, reg, mem, &ops, &n))
		return (struct place){ PLACE_UNKNOWN, 0 };
	if (!n)
		return (struct place){ ops ? PLACE_UNDEFINED : PLACE_SAME, 0 };
	return oracle_run(m, ops, n);
}

#endif
