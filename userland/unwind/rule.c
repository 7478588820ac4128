// SPDX-License-Identifier: GPL-2.0
/*
 * Converts a row of the interpreter to a rule of the kernel's walker. A rule
 * that cannot be represented exactly becomes UNSUP: the walk ends there with a
 * status, which is better than a wrong stack.
 */
#include <errno.h>
#include <stdlib.h>

#include "unwind/cfi.h"
#include "unwind/expr.h"
#include "unwind/rule.h"

enum {
	MAX_RULE_REG = 16,
	MAX_PROBES = 128	/* only crafted rules collide so often */
};

static bool fits(int64_t value)
{
	return value == (int32_t)value;
}

static bool make_cfa(const struct unwind_machine *machine, const struct unwind_cfa *cfa,
		     struct leaktrace_unwind_rule *rule)
{
	struct unwind_value v = { .reg = cfa->reg, .offset = cfa->offset };
	uint32_t from;

	if (!cfa->known)
		return false;
	if (cfa->expr && unwind_expr_plt(machine, cfa->expr, cfa->expr_bytes, &from)) {
		rule->op = LEAKTRACE_UNWIND_PLT;
		rule->add = from;
		return true;
	}
	if (cfa->expr ? !unwind_expr_value(cfa->expr, cfa->expr_bytes, false, &v) :
	    cfa->reg >= MAX_RULE_REG)
		return false;
	if (v.reg >= MAX_RULE_REG || !fits(v.offset) || !fits(v.add))
		return false;
	rule->op = v.deref ? LEAKTRACE_UNWIND_DEREF : LEAKTRACE_UNWIND_REG;
	rule->reg = v.reg;
	rule->cfa_off = v.offset;
	rule->add = v.add;
	return true;
}

/* The address at which a register was saved: relative to the CFA if possible. */
static bool find_stored(const struct unwind_location *l, const struct leaktrace_unwind_rule *rule,
			struct unwind_value *v)
{
	*v = (struct unwind_value){ .reg = EXPR_CFA };
	if (l->how == HOW_OFFSET) {
		v->offset = l->offset;
		return fits(v->offset);
	}
	if (l->how != HOW_EXPRESSION || !unwind_expr_value(l->expr, l->expr_bytes, true, v) ||
	    v->deref || !fits(v->offset))
		return false;
	if (rule->op == LEAKTRACE_UNWIND_REG && v->reg == rule->reg) {
		v->reg = EXPR_CFA;
		v->offset -= rule->cfa_off;
	}
	return fits(v->offset);
}

static bool make_ra(const struct unwind_location *l, struct leaktrace_unwind_rule *rule)
{
	struct unwind_value v;

	if (l->how == HOW_REGISTER && l->reg < MAX_RULE_REG) {
		rule->ra = LEAKTRACE_UNWIND_RA_REG;
		rule->ra_off = l->reg;
		return true;
	}
	rule->ra = LEAKTRACE_UNWIND_RA_CFA;
	if (!find_stored(l, rule, &v) || v.reg != EXPR_CFA)
		return false;
	rule->ra_off = v.offset;
	return true;
}

static bool make_bp(const struct unwind_machine *machine, const struct unwind_location *l,
		    struct leaktrace_unwind_rule *rule)
{
	struct unwind_value v;

	if (l->how == HOW_UNSPECIFIED || l->how == HOW_SAME) {
		rule->bp = LEAKTRACE_UNWIND_BP_SAME;
		return true;
	}
	if (l->how == HOW_UNDEFINED) {
		rule->bp = LEAKTRACE_UNWIND_BP_UNDEFINED;
		return true;
	}
	if (!find_stored(l, rule, &v) || (v.reg != EXPR_CFA && v.reg != machine->bp))
		return false;
	rule->bp = v.reg == EXPR_CFA ? LEAKTRACE_UNWIND_BP_CFA : LEAKTRACE_UNWIND_BP_BP;
	rule->bp_off = v.offset;
	return true;
}

/*
 * Walks rarely need these registers, so one that cannot be represented does not
 * make the whole rule UNSUP.
 */
static int16_t make_saved(const struct unwind_location *l, const struct leaktrace_unwind_rule *rule)
{
	struct unwind_value v;

	if (l->how == HOW_UNSPECIFIED || l->how == HOW_SAME)
		return 0;
	if (!find_stored(l, rule, &v) || v.reg != EXPR_CFA || !v.offset || v.offset & 7 ||
	    v.offset / 8 < INT16_MIN + 1 || v.offset / 8 > INT16_MAX)
		return INT16_MIN;	/* UNWIND_SAVED_UNKNOWN */
	return v.offset / 8;
}

/* The caller's stack pointer must be the CFA: the walker assumes it. */
static bool sp_is_cfa(const struct unwind_location *l)
{
	return l->how == HOW_UNSPECIFIED || (l->how == HOW_VAL_OFFSET && !l->offset);
}

/**
 * unwind_rule_make() - the rule of a row
 * @signal: the function is the return from a signal handler
 */
void unwind_rule_make(const struct unwind_machine *machine, const struct unwind_state *state,
		      bool signal, struct leaktrace_unwind_rule *rule)
{
	const struct unwind_location *column = state->column;

	memset(rule, 0, sizeof(*rule));
	if (signal) {
		rule->op = LEAKTRACE_UNWIND_SIGNAL;
		return;
	}
	if (column[COLUMN_RA].how == HOW_UNDEFINED) {
		rule->op = LEAKTRACE_UNWIND_STOP;
		return;
	}
	if (!make_cfa(machine, &state->cfa, rule) || !sp_is_cfa(&column[COLUMN_SP]) ||
	    !make_ra(&column[COLUMN_RA], rule) || !make_bp(machine, &column[COLUMN_BP], rule)) {
		memset(rule, 0, sizeof(*rule));
		rule->op = LEAKTRACE_UNWIND_UNSUP;
		return;
	}
	for (int i = 0; i < LEAKTRACE_UNWIND_CALLEE_SAVED; i++)
		rule->saved[i] = make_saved(&column[COLUMN_SAVED + i], rule);
}

/* Nothing is saved and the return address lies right below the CFA. */
struct leaktrace_unwind_rule unwind_rule_plain(const struct unwind_machine *machine,
					       int32_t cfa_off)
{
	return (struct leaktrace_unwind_rule){
		.op = LEAKTRACE_UNWIND_REG, .reg = machine->sp,
		.cfa_off = cfa_off, .ra_off = -8,
	};
}

static uint32_t hash_of(const struct leaktrace_unwind_rule *rule)
{
	uint64_t word[sizeof(*rule) / 8], hash = 0;

	memcpy(word, rule, sizeof(word));
	for (size_t i = 0; i < sizeof(word) / sizeof(*word); i++) {
		hash = (hash ^ word[i]) * 0x9e3779b97f4a7c15;
		hash ^= hash >> 29;
	}
	return hash >> 16;
}

static int grow(struct unwind_rules *rules)
{
	uint32_t capacity = rules->capacity ? 2 * rules->capacity : 1024, nslots = 4 * capacity;
	struct leaktrace_unwind_rule *rule = realloc(rules->rule, capacity * sizeof(*rule));
	uint32_t *slot;

	if (!rule)
		return -ENOMEM;
	rules->rule = rule;
	slot = calloc(nslots, sizeof(*slot));
	if (!slot)
		return -ENOMEM;
	for (uint32_t i = 0; i < rules->n; i++) {
		uint32_t at = hash_of(&rule[i]) & (nslots - 1);

		while (slot[at])
			at = (at + 1) & (nslots - 1);
		slot[at] = i + 1;
	}
	free(rules->slot);
	rules->slot = slot;
	rules->nslots = nslots;
	rules->capacity = capacity;
	return 0;
}

/**
 * unwind_rules_find() - a rule's index, a new one if it is new
 *
 * Return: 0 or -ENOMEM. With too many rules it is RULE_UNSUP's.
 */
int unwind_rules_find(struct unwind_rules *rules, const struct leaktrace_unwind_rule *rule,
		      uint32_t *index)
{
	uint32_t at = hash_of(rule) & (rules->nslots - 1), probes = 0;

	while (rules->slot[at]) {
		*index = rules->slot[at] - 1;
		if (!memcmp(&rules->rule[*index], rule, sizeof(*rule)))
			return 0;
		at = (at + 1) & (rules->nslots - 1);
		probes++;
	}
	*index = RULE_UNSUP;
	if (rules->n == MAX_RULES || probes > MAX_PROBES)
		return 0;
	if (rules->n == rules->capacity) {
		if (grow(rules))
			return -ENOMEM;
		return unwind_rules_find(rules, rule, index);
	}
	*index = rules->n;
	rules->rule[rules->n++] = *rule;
	rules->slot[at] = rules->n;
	return 0;
}

int unwind_rules_init(struct unwind_rules *rules)
{
	static const uint8_t known[] = {
		[RULE_INVALID] = LEAKTRACE_UNWIND_INVALID, [RULE_UNSUP] = LEAKTRACE_UNWIND_UNSUP,
		[RULE_STOP] = LEAKTRACE_UNWIND_STOP, [RULE_SIGNAL] = LEAKTRACE_UNWIND_SIGNAL,
	};
	uint32_t index;

	memset(rules, 0, sizeof(*rules));
	if (grow(rules))
		return -ENOMEM;
	for (size_t i = 0; i < sizeof(known); i++) {
		struct leaktrace_unwind_rule rule = { .op = known[i] };

		unwind_rules_find(rules, &rule, &index);
	}
	return 0;
}

void unwind_rules_free(struct unwind_rules *rules)
{
	free(rules->rule);
	free(rules->slot);
}
