// SPDX-License-Identifier: GPL-2.0
/*
 * Rules for Go code. The linker's function table gives for every instruction
 * the distance from the stack pointer to the return address, in stripped
 * programs too. Functions that switch stacks, or with which a stack begins, are
 * known by name.
 *
 * The frame pointer is needed only where stacks are switched. No other register
 * survives a call.
 */
#include <errno.h>
#include <string.h>

#include "elf/go_data.h"
#include "elf/go_pclntab.h"
#include "elf/go_runtime_names.h"
#include "unwind/build.h"
#include "unwind/coverage.h"
#include "unwind/rule.h"
#include "unwind/unwind.h"

enum {
	REG_BP = 6,
	FRAME_BYTES = 16,		/* the caller's frame pointer and return address */
	PROLOGUE_BYTES = 96,
	LONGEST_NAME_BYTES = 64,	/* the longest of the known names */
	BYTES_A_ROW = 4,		/* bytes of code per row, at least: real ones have */
};

struct go_rules {
	struct unwind_build *build;
	struct unwind_pieces found;
	uint64_t rows_left;		/* bounds tables that repeat the same rows */
	/* of the current function: */
	uint64_t saved_from;		/* address from which rbp is saved; 0: never */
	bool leaves_stack;		/* from then on only rbp leads to the caller */
};

/* The caller is found through the frame pointer alone, on this stack or another. */
static const struct leaktrace_unwind_rule by_frame_pointer = {
	.op = LEAKTRACE_UNWIND_SWITCH, .reg = REG_BP, .cfa_off = FRAME_BYTES, .ra_off = -8,
	.bp = LEAKTRACE_UNWIND_BP_CFA, .bp_off = -FRAME_BYTES,
};

static int add(struct go_rules *g, uint64_t start, uint64_t end, struct leaktrace_unwind_rule rule)
{
	struct unwind_piece piece;

	if (start >= end || !unwind_build_clip(g->build, start, end, &piece))
		return 0;
	piece.fde = PIECE_NO_FDE;
	for (int i = 0; i < LEAKTRACE_UNWIND_CALLEE_SAVED; i++)
		rule.saved[i] = UNWIND_SAVED_UNKNOWN;
	if (unwind_rules_find(&g->build->rules, &rule, &piece.rule))
		return -ENOMEM;
	return unwind_pieces_add(&g->found, piece);
}

static int add_row(uint64_t start, uint64_t end, int32_t bytes, void *arg)
{
	struct go_rules *g = arg;
	struct leaktrace_unwind_rule rule = unwind_rule_plain(g->build->machine, bytes + 8);
	uint64_t plain_to = !g->saved_from || !bytes || g->saved_from > end ? end :
			    g->saved_from > start ? g->saved_from : start;
	int error;

	if (!g->rows_left)
		return -E2BIG;
	g->rows_left--;
	error = add(g, start, plain_to, rule);
	rule.bp = LEAKTRACE_UNWIND_BP_CFA;
	rule.bp_off = -FRAME_BYTES;
	return error ? error : add(g, plain_to, end, g->leaves_stack ? by_frame_pointer : rule);
}

/* If code is an instruction that stores rbp: its length, and the offset from rsp; else 0. */
static unsigned int stores_bp(const unsigned char *code, uint64_t left, int32_t *above)
{
	static const unsigned char push[] = { 0x55, 0x48, 0x89, 0xe5 };

	*above = 0;
	if (left >= sizeof(push) && !memcmp(code, push, sizeof(push)))
		return 1;
	if (left >= 5 && !memcmp(code, "\x48\x89\x6c\x24", 4)) {
		*above = (signed char)code[4];
		return 5;
	}
	if (left < 8 || memcmp(code, "\x48\x89\xac\x24", 4))
		return 0;
	memcpy(above, code + 4, sizeof(*above));
	return 8;
}

/*
 * Prologues save the frame pointer right below the return address: old
 * compilers store it there, newer ones push it. Functions marked as having no
 * frame do neither, however they change the stack pointer.
 */
static uint64_t saved_from(const struct go_table *t, const struct go_func *f)
{
	uint64_t n = f->end - f->start < PROLOGUE_BYTES ? f->end - f->start : PROLOGUE_BYTES;
	const unsigned char *code = go_elf_at(t->image, f->start, n);
	int64_t bytes;
	int32_t above;

	for (uint64_t i = 0; code && i < n; i++) {
		unsigned int length = stores_bp(code + i, n - i, &above);

		if (length && go_func_sp_delta(t, f, f->start + i + length, &bytes) &&
		    bytes == (int64_t)above + 8)
			return f->start + i + length;
	}
	return 0;
}

static int add_function(struct go_rules *g, const struct go_table *t, const struct go_func *f)
{
	static const struct leaktrace_unwind_rule stop = { .op = LEAKTRACE_UNWIND_STOP };
	const char *name = go_func_name_within(t, f, LONGEST_NAME_BYTES);

	if (name && go_is_root(name))
		return add(g, f->start, f->end, stop);
	if (name && go_is_switch(name))
		return add(g, f->start, f->end, by_frame_pointer);
	g->leaves_stack = name && go_leaves_stack(name);
	g->saved_from = saved_from(t, f);
	return go_func_sp_rows(t, f, add_row, g);
}

/* In ascending order only: a hostile table then costs no more than the size of its code. */
static int add_functions(struct go_rules *g, const struct go_table *table)
{
	uint64_t last = g->build->base, limit = last + g->build->size_bytes;
	struct go_func f;
	int error = 0;

	for (uint64_t i = 0; !error && i < table->funcs; i++) {
		if (!go_table_func(table, i, &f) || f.start < last || f.end <= f.start || f.end > limit)
			continue;
		error = add_function(g, table, &f);
		last = f.end;
	}
	return error == -E2BIG ? 0 : error;
}

/** unwind_go() - rules for what the Go linker's table covers */
int unwind_go(struct unwind_build *b)
{
	struct go_rules g = { .build = b, .rows_left = b->image->size_bytes / BYTES_A_ROW };
	struct go_table table;
	int error;

	if (b->image->machine != EM_X86_64 || !go_table_open(&table, b->image))
		return 0;
	error = add_functions(&g, &table);
	if (error) {
		unwind_pieces_free(&g.found);
		return error;
	}
	return unwind_pieces_fill(&b->cover, &g.found);
}
