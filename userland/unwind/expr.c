// SPDX-License-Identifier: GPL-2.0
/*
 * Evaluates DWARF expressions symbolically. The expressions that compilers
 * generate reduce to a register, an offset and at most one load; that is all a
 * value can represent here, and everything else is rejected.
 */
#include <dwarf.h>

#include "unwind/cfi.h"
#include "unwind/cursor.h"
#include "unwind/expr.h"

enum { MAX_STACK = 4, MAX_EXPR_BYTES = 64 };

struct expr_stack {
	struct unwind_value value[MAX_STACK];
	unsigned int n;
};

static bool push(struct expr_stack *s, uint32_t reg, int64_t offset)
{
	if (s->n == MAX_STACK)
		return false;
	s->value[s->n++] = (struct unwind_value){ .reg = reg, .offset = offset };
	return true;
}

static bool add(struct unwind_value *v, int64_t n)
{
	return !__builtin_add_overflow(v->deref ? v->add : v->offset, n,
				       v->deref ? &v->add : &v->offset);
}

/* The upper operand must be a number; for plus, the lower one may be it instead. */
static bool combine(struct expr_stack *s, uint8_t op)
{
	struct unwind_value upper, *lower;
	int64_t n;

	if (s->n < 2)
		return false;
	upper = s->value[--s->n];
	lower = &s->value[s->n - 1];
	if (op == DW_OP_plus && lower->reg == EXPR_NO_REG && !lower->deref) {
		n = lower->offset;
		*lower = upper;
		return add(lower, n);
	}
	if (upper.reg != EXPR_NO_REG || upper.deref)
		return false;
	if (op == DW_OP_minus && __builtin_sub_overflow(0, upper.offset, &upper.offset))
		return false;
	return add(lower, upper.offset);
}

static bool constant(struct expr_stack *s, struct cursor *c, uint8_t op)
{
	switch (op) {
	case DW_OP_const1u:
		return push(s, EXPR_NO_REG, cursor_u8(c));
	case DW_OP_const1s:
		return push(s, EXPR_NO_REG, (int8_t)cursor_u8(c));
	case DW_OP_const2u:
		return push(s, EXPR_NO_REG, cursor_u16(c));
	case DW_OP_const2s:
		return push(s, EXPR_NO_REG, (int16_t)cursor_u16(c));
	case DW_OP_const4u:
		return push(s, EXPR_NO_REG, cursor_u32(c));
	case DW_OP_const4s:
		return push(s, EXPR_NO_REG, (int32_t)cursor_u32(c));
	case DW_OP_const8u:
	case DW_OP_const8s:
		return push(s, EXPR_NO_REG, cursor_u64(c));
	case DW_OP_constu:
		return push(s, EXPR_NO_REG, cursor_uleb(c));
	case DW_OP_consts:
		return push(s, EXPR_NO_REG, cursor_sleb(c));
	default:
		return false;
	}
}

static bool deref(struct expr_stack *s)
{
	struct unwind_value *v;

	if (!s->n)
		return false;
	v = &s->value[s->n - 1];
	if (v->deref || v->reg == EXPR_NO_REG)
		return false;
	v->deref = true;
	return true;
}

static bool step(struct expr_stack *s, struct cursor *c)
{
	uint8_t op = cursor_u8(c);
	uint64_t reg;

	if (op >= DW_OP_lit0 && op <= DW_OP_lit31)
		return push(s, EXPR_NO_REG, op - DW_OP_lit0);
	if (op >= DW_OP_breg0 && op <= DW_OP_breg31)
		return push(s, op - DW_OP_breg0, cursor_sleb(c));
	switch (op) {
	case DW_OP_bregx:
		reg = cursor_uleb(c);
		return reg < EXPR_NO_REG && push(s, reg, cursor_sleb(c));
	case DW_OP_plus_uconst:
		return push(s, EXPR_NO_REG, cursor_uleb(c)) && combine(s, DW_OP_plus);
	case DW_OP_plus:
	case DW_OP_minus:
		return combine(s, op);
	case DW_OP_deref:
		return deref(s);
	case DW_OP_nop:
		return true;
	default:
		return constant(s, c, op);
	}
}

/**
 * unwind_expr_value() - what an expression computes
 * @cfa_known: the CFA is on the stack at the start (except for the CFA's own expression)
 *
 * Return: whether a struct unwind_value can represent it.
 */
bool unwind_expr_value(const uint8_t *expr, uint32_t bytes, bool cfa_known,
		       struct unwind_value *value)
{
	struct cursor c = { .at = expr, .end = expr + bytes };
	struct expr_stack s = { .n = 0 };

	if (bytes > MAX_EXPR_BYTES)
		return false;
	if (cfa_known)
		push(&s, EXPR_CFA, 0);
	while (cursor_left(&c))
		if (!step(&s, &c) || c.bad)
			return false;
	if (!s.n || s.value[s.n - 1].reg == EXPR_NO_REG)
		return false;
	*value = s.value[s.n - 1];
	return true;
}

/**
 * unwind_expr_plt() - is it the rule that linkers write for lazy PLT slots
 * @from: set to the offset in a slot from which its index is on the stack
 *
 * cfa = sp + 8 + (((pc & 15) >= from) << 3)
 */
bool unwind_expr_plt(const struct unwind_machine *machine, const uint8_t *expr,
		     uint32_t bytes, uint32_t *from)
{
	const uint8_t want[] = {
		DW_OP_breg0 + machine->sp, 8, DW_OP_breg0 + machine->pc, 0,
		DW_OP_lit15, DW_OP_and, 0, DW_OP_ge, DW_OP_lit3, DW_OP_shl, DW_OP_plus,
	};
	uint8_t got[sizeof(want)];

	if (bytes != sizeof(want))
		return false;
	memcpy(got, expr, sizeof(got));
	*from = got[6] - DW_OP_lit0;
	got[6] = 0;
	return *from < 16 && !memcmp(got, want, sizeof(want));
}
