// SPDX-License-Identifier: GPL-2.0
/*
 * Rules for x86-64 code without call frame information, such as all of musl: inferred
 * from the instructions. A function begins with the return address at the stack
 * pointer; from there the stack pointer is followed through every path. A function is
 * given rules only if all paths agree wherever they meet, and every return finds the
 * stack pointer where it was. Code that calls on while its own return address is gone
 * begins a thread: nobody called it.
 *
 * Functions begin at symbols, at the targets of calls, and at addresses that the code
 * or a variable has.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "elf/image.h"
#include "unwind/build.h"
#include "unwind/coverage.h"
#include "unwind/cursor.h"
#include "unwind/rule.h"
#include "unwind/section.h"
#include "unwind/x86_64_code.h"
#include "util/array.h"

enum {
	MAX_FUNCTION_BYTES = 256 << 10,
	MAX_STARTS = 1 << 20,
	MAX_HEIGHT_BYTES = 8 << 20,
	MAX_PASSES = 64,
	WORK_PER_BYTE = 16,
	SPARE_WORK = 1 << 20,
	ENTRY_BYTES = 80,		/* as in plt.c */
	NSAVED = LEAKTRACE_UNWIND_CALLEE_SAVED,
	/* In the state: the register still has the caller's value. */
	NOT_SAVED = 0,
};

struct state {
	int32_t height;			/* cfa - rsp */
	int32_t bp_height;		/* cfa - rbp */
	bool sp_known, bp_known;
	int32_t bp_saved;		/* cfa - where rbp was saved */
	int32_t saved[NSAVED];
};

struct node {				/* an instruction that was reached */
	uint32_t at;			/* from the function's start */
	bool returns;			/* a return can be reached from here */
	bool trusted;			/* reached without a call that may not return */
	struct x86_insn insn;
	struct state before;
};

struct start {
	uint32_t at, end;		/* end: of the symbol; 0: not known */
	bool later;			/* when it is known which others return */
};

struct infer {
	struct unwind_build *build;
	struct unwind_pieces found;
	struct start *start;
	uint32_t nstarts, starts_room;
	/* A bit for each byte of code: a function began here, and it returns. */
	uint8_t *tried, *returns;
	/* of the current function: */
	uint32_t from, bytes, high;	/* high: what was reached ends there */
	const uint8_t *code;
	uint32_t *index;		/* by offset: node + 1 */
	struct node *node;
	uint32_t nnodes, nodes_room, next, next_call;
	bool sound, computed, bounded;
	/* rbp differs where paths meet; it is what the stack pointer is found by */
	bool bp_differs, bp_counts;
	struct state at_jump;		/* of the computed jump */
	int64_t work_left;		/* hostile files could have the same code read for ever */
};

static int saved_slot(uint8_t reg)
{
	return reg == 3 ? 0 : reg >= 12 && reg <= 15 ? reg - 11 : -1;
}

static bool same_state(const struct state *a, const struct state *b)
{
	return a->sp_known == b->sp_known && (!a->sp_known || a->height == b->height) &&
	       a->bp_saved == b->bp_saved && !memcmp(a->saved, b->saved, sizeof(a->saved));
}

static bool has_bit(const uint8_t *bits, uint32_t at)
{
	return bits[at / 8] & 1 << at % 8;
}

static void set_bit(uint8_t *bits, uint32_t at)
{
	bits[at / 8] |= 1 << at % 8;
}

/* Whether rbp is as far from the caller's frame on both paths. */
static bool same_bp(const struct state *a, const struct state *b)
{
	return a->bp_known == b->bp_known && (!a->bp_known || a->bp_height == b->bp_height);
}

static int add_start(struct infer *f, uint32_t at, uint32_t end)
{
	if (at >= f->build->size_bytes || has_bit(f->tried, at) ||
	    f->nstarts >= MAX_STARTS || unwind_pieces_has(&f->build->cover, at))
		return 0;
	if (!array_reserve(f->start, f->starts_room, f->nstarts, 1))
		return -ENOMEM;
	f->start[f->nstarts++] = (struct start){ at, end, false };
	return 0;
}

/* The flow of control comes to an address of the function. */
static int reach(struct infer *f, uint32_t at, const struct state *state, bool trusted)
{
	struct node *node;

	if (at >= f->bytes) {
		f->sound &= !trusted;
		return 0;
	}
	if (f->index[at]) {
		node = &f->node[f->index[at] - 1];
		f->sound &= same_state(&node->before, state);
		f->bp_differs |= !same_bp(&node->before, state);
		return 0;
	}
	if (!array_reserve(f->node, f->nodes_room, f->nnodes, 1))
		return -ENOMEM;
	node = &f->node[f->nnodes++];
	*node = (struct node){ .at = at, .before = *state, .trusted = trusted };
	f->index[at] = f->nnodes;
	if (f->work_left-- <= 0 || !x86_decode(f->code + at, f->bytes - at,
					       f->build->base + f->from + at, &node->insn))
		f->sound = false;
	if (f->high < at + node->insn.bytes)
		f->high = at + node->insn.bytes;
	return 0;
}

/* A register is stored at cfa - below: the first time, it is the caller's value. */
static void store(struct state *state, uint8_t reg, int32_t below)
{
	int slot = saved_slot(reg);

	if (reg == X86_BP && state->bp_saved == NOT_SAVED && !state->bp_known)
		state->bp_saved = below;
	else if (slot >= 0 && state->saved[slot] == NOT_SAVED)
		state->saved[slot] = below;
}

static void restore(struct state *state, uint8_t reg, int32_t from)
{
	int slot = saved_slot(reg);

	if (reg == X86_BP) {
		if (state->bp_saved == from)
			state->bp_saved = NOT_SAVED;
		state->bp_known = false;
	} else if (slot >= 0 && state->saved[slot] == from) {
		state->saved[slot] = NOT_SAVED;
	}
	if (reg == X86_SP)
		state->sp_known = false;
}

static void take_sp_from_bp(struct state *state, int32_t offset)
{
	state->sp_known = state->bp_known;
	state->height = state->bp_height - offset;
}

static void apply(const struct x86_insn *insn, struct state *state)
{
	switch (insn->effect) {
	case X86_PUSH:
		state->height += 8;
		if (state->sp_known)
			store(state, insn->reg, state->height);
		break;
	case X86_POP:
		restore(state, insn->reg, state->sp_known ? state->height : -1);
		state->height -= 8;
		break;
	case X86_ADD_SP:
		state->height -= insn->value;
		break;
	case X86_SP_FROM_BP:
		take_sp_from_bp(state, insn->value);
		break;
	case X86_BP_FROM_SP:
		state->bp_known = state->sp_known;
		state->bp_height = state->height - insn->value;
		break;
	case X86_LEAVE:
		take_sp_from_bp(state, 0);
		restore(state, X86_BP, state->height);
		state->height -= 8;
		break;
	case X86_STORE:
		if (state->sp_known)
			store(state, insn->reg, state->height - insn->value);
		break;
	case X86_SP_LOST:
		state->sp_known = false;
		break;
	case X86_BP_LOST:
		state->bp_known = false;
		break;
	}
}

/* A jump: inside the function, or to another one, which then returns in our stead. */
static int jump(struct infer *f, const struct node *node, const struct state *state)
{
	uint64_t to = node->insn.target - f->build->base;

	if (!node->insn.target) {
		f->sound &= !f->computed || same_state(&f->at_jump, state);
		f->computed = true;
		f->at_jump = *state;
		f->node[f->index[node->at] - 1].returns = true;
		return 0;
	}
	if (to - f->from < f->bytes)
		return reach(f, to - f->from, state, node->trusted);
	if (node->insn.effect == X86_BRANCH || !state->sp_known || state->height != 8)
		return 0;		/* a part of it that lies elsewhere */
	f->node[f->index[node->at] - 1].returns = true;
	return to < f->build->size_bytes ? add_start(f, to, 0) : 0;
}

static int follow(struct infer *f, uint32_t i)
{
	struct node node = f->node[i];
	struct state after = node.before;
	uint32_t next = node.at + node.insn.bytes;
	int error = 0;

	apply(&node.insn, &after);
	if (after.height < -8 || after.height > MAX_HEIGHT_BYTES || (!after.sp_known && !after.bp_known))
		f->sound = false;
	f->bp_counts |= !after.sp_known || node.insn.effect == X86_LEAVE ||
			node.insn.effect == X86_SP_FROM_BP;
	if (!f->sound)
		return 0;
	switch (node.insn.effect) {
	case X86_TRAP:
		return 0;
	case X86_RETURN:
		f->node[i].returns = true;
		f->sound = after.sp_known && after.height == 8 && after.bp_saved == NOT_SAVED;
		return 0;
	case X86_JUMP:
		return jump(f, &node, &after);
	case X86_BRANCH:
		error = jump(f, &node, &after);
		break;
	case X86_CALL:
	case X86_POINTER:
		if (node.insn.target - f->build->base < f->build->size_bytes)
			error = add_start(f, node.insn.target - f->build->base, 0);
		break;
	}
	if (error || node.insn.effect == X86_CALL ||
	    (node.insn.effect == X86_PADDING && next >= f->bytes))
		return error;
	return reach(f, next, &after, node.trusted);
}

static bool call_returns(const struct infer *f, const struct x86_insn *insn)
{
	uint64_t to = insn->target - f->build->base;

	return !insn->target || (to < f->build->size_bytes && has_bit(f->returns, to));
}

/*
 * What lies behind a call is reached last, and only if nothing else has been found to
 * lead there: the call may be one that never returns.
 */
static int follow_call(struct infer *f, uint32_t i)
{
	struct node node = f->node[i];
	uint32_t next = node.at + node.insn.bytes;

	if (node.insn.effect != X86_CALL || next >= f->bytes || f->index[next])
		return 0;
	return reach(f, next, &node.before, node.trusted && call_returns(f, &node.insn));
}

/* Code behind a computed jump, which a table of a switch leads to. */
static int reach_cases(struct infer *f, bool *more)
{
	uint32_t at = 0, end = 0, limit = f->bounded ? f->bytes : f->high;
	struct x86_insn pad;

	*more = false;
	if (!f->computed)
		return 0;
	f->work_left -= limit / 8;
	for (; at < limit; at++) {
		if (f->index[at])
			end = at + f->node[f->index[at] - 1].insn.bytes;
		else if (at >= end && x86_decode(f->code + at, f->bytes - at, 0, &pad) &&
			 pad.effect == X86_PADDING)
			end = at + pad.bytes;
		else if (at >= end)
			break;
	}
	if (at >= limit)
		return 0;
	*more = true;
	return reach(f, at, &f->at_jump, true);
}

static bool successor_returns(const struct infer *f, uint64_t at)
{
	return at < f->bytes && f->index[at] && f->node[f->index[at] - 1].returns;
}

/*
 * Without a symbol, nothing tells where a function ends that calls one which never
 * returns: what lies behind the call may belong to another function. A return with
 * the stack pointer where it was shows that it does not.
 */
static void find_returns(struct infer *f)
{
	bool changed = true;

	for (int pass = 0; changed && pass < MAX_PASSES; pass++) {
		changed = false;
		f->work_left -= f->nnodes / 8;
		for (uint32_t i = f->nnodes; i-- > 0;) {
			struct node *n = &f->node[i];
			uint8_t effect = n->insn.effect;
			uint64_t target = n->insn.target - f->build->base - f->from;

			if (n->returns || effect == X86_RETURN || effect == X86_TRAP)
				continue;
			if (effect == X86_JUMP || effect == X86_BRANCH)
				n->returns = successor_returns(f, target);
			if (effect != X86_JUMP)
				n->returns |= successor_returns(f, n->at + n->insn.bytes);
			changed |= n->returns;
		}
	}
}

static bool is_certain(const struct infer *f, const struct node *node)
{
	return f->bounded || node->returns || node->trusted;
}

static bool all_certain(const struct infer *f)
{
	for (uint32_t i = 0; i < f->nnodes; i++)
		if (!is_certain(f, &f->node[i]))
			return false;
	return true;
}

/* The rule in force before an instruction. Return: whether there is one. */
static bool rule_of(const struct unwind_build *b, const struct node *node,
		    struct leaktrace_unwind_rule *rule)
{
	const struct state *s = &node->before;

	if (s->sp_known && s->height < 8) {
		*rule = (struct leaktrace_unwind_rule){ .op = LEAKTRACE_UNWIND_STOP };
		return node->insn.effect == X86_CALL;
	}
	*rule = unwind_rule_plain(b->machine, s->height);
	if (!s->sp_known) {
		rule->reg = b->machine->bp;
		rule->cfa_off = s->bp_height;
	}
	if (s->bp_saved != NOT_SAVED) {
		rule->bp = LEAKTRACE_UNWIND_BP_CFA;
		rule->bp_off = -s->bp_saved;
	}
	for (int i = 0; i < NSAVED; i++)
		if (s->saved[i] != NOT_SAVED)
			rule->saved[i] = s->saved[i] & 7 || s->saved[i] / 8 > INT16_MAX ?
					 UNWIND_SAVED_UNKNOWN : -(s->saved[i] / 8);
	return true;
}

static int emit(struct infer *f)
{
	struct unwind_pieces *found = &f->found;
	uint32_t at = 0;

	while (at < f->high) {
		struct unwind_piece piece = { .fde = PIECE_NO_FDE, .start = f->from + at };
		struct leaktrace_unwind_rule rule;
		const struct node *node;

		if (!f->index[at]) {
			at++;
			continue;
		}
		node = &f->node[f->index[at] - 1];
		at += node->insn.bytes;
		if (!is_certain(f, node) || !rule_of(f->build, node, &rule))
			continue;
		piece.end = f->from + at;
		if (unwind_rules_find(&f->build->rules, &rule, &piece.rule))
			return -ENOMEM;
		if (found->n && found->piece[found->n - 1].end == piece.start &&
		    found->piece[found->n - 1].rule == piece.rule)
			found->piece[found->n - 1].end = piece.end;
		else if (unwind_pieces_add(found, piece))
			return -ENOMEM;
	}
	return 0;
}

static int analyse(struct infer *f)
{
	struct state entry = { .height = 8, .sp_known = true };
	bool more = true;
	int error;

	f->sound = true;
	f->computed = f->bp_differs = f->bp_counts = false;
	f->nnodes = f->next = f->next_call = f->high = 0;
	error = reach(f, 0, &entry, true);
	while (!error && f->sound && more) {
		if (f->next < f->nnodes)
			error = follow(f, f->next++);
		else if (f->next_call < f->nnodes)
			error = follow_call(f, f->next_call++);
		else
			error = reach_cases(f, &more);
	}
	f->sound &= !(f->bp_differs && f->bp_counts);
	if (f->sound)
		find_returns(f);
	return error;
}

/* Claims a function's instructions, so that nothing else begins at one. */
static void claim(struct infer *f)
{
	for (uint32_t i = 0; i < f->nnodes; i++)
		set_bit(f->tried, f->from + f->node[i].at);
	if (f->node[0].returns)
		set_bit(f->returns, f->from);
}

/* Up to the end of its symbol, the next covered code, or the next symbol. */
static bool find_bounds(struct infer *f, const struct start *start, uint32_t next_symbol)
{
	uint32_t from = start->at, end;
	struct cursor c;

	if (!unwind_pieces_next_gap(&f->build->cover, f->build->size_bytes, &from, &end) ||
	    from != start->at || !unwind_section_segment(f->build->image, f->build->base + from, &c))
		return false;
	if (start->end > from && start->end < end)
		end = start->end;
	if (next_symbol > from && next_symbol < end)
		end = next_symbol;
	if (end - from > cursor_left(&c))
		end = from + cursor_left(&c);
	if (end - from > MAX_FUNCTION_BYTES)
		end = from + MAX_FUNCTION_BYTES;
	f->from = from;
	f->bytes = end - from;
	f->bounded = start->end;
	f->code = c.at;
	return f->bytes;
}

static int one_function(struct infer *f, struct start *start, uint32_t next_symbol)
{
	bool last = start->later;
	int error;

	start->later = false;
	if ((!last && has_bit(f->tried, start->at)) || !find_bounds(f, start, next_symbol))
		return 0;
	set_bit(f->tried, start->at);
	error = analyse(f);
	if (!error && f->sound) {
		claim(f);
		start->later = !last && !all_certain(f);
		if (!start->later)
			error = emit(f);
	}
	for (uint32_t i = 0; i < f->nnodes; i++)
		f->index[f->node[i].at] = 0;
	return error;
}

static bool is_part(Elf *elf, const GElf_Shdr *shdr, const GElf_Sym *sym)
{
	const char *name = elf_strptr(elf, shdr->sh_link, sym->st_name);

	return !name || strstr(name, ".cold");	/* it begins in the middle of a function */
}

static int add_symbols(struct infer *f, uint32_t type)
{
	struct elf_image *image = f->build->image;
	size_t entry = gelf_fsize(image->elf, ELF_T_SYM, 1, EV_CURRENT);
	Elf_Scn *scn = NULL;
	Elf_Data *data = NULL;
	GElf_Shdr shdr;
	GElf_Sym sym;
	int error = 0;

	while ((scn = elf_nextscn(image->elf, scn)))
		if (gelf_getshdr(scn, &shdr) && shdr.sh_type == type)
			break;
	if (scn && elf_image_content(image, &shdr) && !(shdr.sh_flags & SHF_COMPRESSED))
		data = elf_getdata(scn, NULL);
	if (!data || !data->d_buf || data->d_type != ELF_T_SYM || !entry)
		return 0;
	for (size_t i = 1; !error && i < data->d_size / entry && i < INT32_MAX; i++) {
		uint64_t at;

		if (!gelf_getsym(data, i, &sym) || GELF_ST_TYPE(sym.st_info) != STT_FUNC ||
		    sym.st_shndx == SHN_UNDEF)
			continue;
		at = sym.st_value - f->build->base;
		if (at >= f->build->size_bytes || is_part(image->elf, &shdr, &sym))
			continue;
		error = add_start(f, at, sym.st_size < f->build->size_bytes - at ?
				  at + sym.st_size : 0);
	}
	return error;
}

static int by_start(const void *a, const void *b)
{
	const struct start *x = a, *y = b;

	if (x->at != y->at)
		return x->at < y->at ? -1 : 1;
	return x->end > y->end ? -1 : x->end < y->end;
}

/* The first of the symbols that begins behind an address. */
static uint32_t symbol_behind(const struct infer *f, uint32_t nsymbols, uint32_t at)
{
	uint32_t lo = 0, hi = nsymbols;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (f->start[mid].at <= at)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < nsymbols ? f->start[lo].at : 0;
}

static int nth_function(struct infer *f, uint32_t i, uint32_t nsymbols)
{
	struct start start = f->start[i];	/* the array grows */
	int error;

	/* A symbol inside another one is an entry of its own, not the other's end. */
	error = one_function(f, &start, start.end ? 0 : symbol_behind(f, nsymbols, start.at));
	f->start[i].later = start.later;
	return error;
}

/*
 * The entry point calls the first function, and passes the addresses of others; it has
 * its rules already, and so may the first function have, if it is right behind.
 */
static int add_entry(struct infer *f)
{
	struct x86_insn insn;
	struct cursor c;
	GElf_Ehdr ehdr;
	int error = 0;

	if (!gelf_getehdr(f->build->image->elf, &ehdr) ||
	    !unwind_section_segment(f->build->image, ehdr.e_entry, &c))
		return 0;
	for (uint32_t at = 0; !error && at < ENTRY_BYTES; at += insn.bytes) {
		if (!x86_decode(c.at, cursor_left(&c), ehdr.e_entry + at, &insn))
			break;
		cursor_skip(&c, insn.bytes);
		if (insn.effect == X86_TRAP || insn.effect == X86_RETURN)
			break;
		if (insn.target - f->build->base < f->build->size_bytes)
			error = add_start(f, insn.target - f->build->base, 0);
		if (insn.effect == X86_JUMP)
			break;
	}
	return error;
}

static int add_pointer(struct infer *f, uint64_t to)
{
	return to - f->build->base < f->build->size_bytes && elf_image_is_code(f->build->image, to) ?
	       add_start(f, to - f->build->base, 0) : 0;
}

/* Functions whose addresses the dynamic linker stores. */
static int add_relocated(struct infer *f, Elf_Scn *scn, const GElf_Shdr *shdr)
{
	size_t entry = gelf_fsize(f->build->image->elf, ELF_T_RELA, 1, EV_CURRENT);
	Elf_Data *data = NULL;
	GElf_Rela rela;
	int error = 0;

	if (elf_image_content(f->build->image, shdr) && !(shdr->sh_flags & SHF_COMPRESSED))
		data = elf_getdata(scn, NULL);
	if (!data || !data->d_buf || data->d_type != ELF_T_RELA || !entry)
		return 0;
	for (size_t i = 0; !error && i < data->d_size / entry && i < INT32_MAX; i++)
		if (gelf_getrela(data, i, &rela) && GELF_R_TYPE(rela.r_info) == R_X86_64_RELATIVE)
			error = add_pointer(f, rela.r_addend);
	return error;
}

/*
 * Functions whose addresses are in variables. Only where they may be written: constants
 * have the tables of switches, which lead into the middle of functions.
 */
static int add_variables(struct infer *f, const GElf_Shdr *shdr)
{
	const uint8_t *content = elf_image_content(f->build->image, shdr);
	int error = 0;

	for (uint64_t at = 0; content && !error && at + 8 <= shdr->sh_size; at += 8) {
		uint64_t word;

		memcpy(&word, content + at, sizeof(word));
		error = add_pointer(f, word);
	}
	return error;
}

static int add_pointers(struct infer *f)
{
	Elf_Scn *scn = NULL;
	GElf_Shdr shdr;
	int error = 0;

	while (!error && (scn = elf_nextscn(f->build->image->elf, scn))) {
		if (!gelf_getshdr(scn, &shdr) || f->work_left < 0)
			break;
		if (shdr.sh_type == SHT_RELA)
			error = add_relocated(f, scn, &shdr);
		else if (shdr.sh_flags & SHF_WRITE && shdr.sh_flags & SHF_ALLOC &&
			 shdr.sh_type != SHT_NOBITS)
			error = add_variables(f, &shdr);
		f->work_left -= shdr.sh_type == SHT_NOBITS ? 0 : shdr.sh_size / 8 + 1;
	}
	return error;
}

static int some_functions(struct infer *f, uint32_t *i, uint32_t nsymbols)
{
	int error = 0;

	for (; !error && *i < f->nstarts && f->work_left > 0; ++*i)
		error = nth_function(f, *i, nsymbols);
	return error;
}

static int all_functions(struct infer *f)
{
	int error = add_symbols(f, SHT_SYMTAB);
	uint32_t nsymbols, next = 0;

	if (!error)
		error = add_symbols(f, SHT_DYNSYM);
	nsymbols = f->nstarts;
	if (nsymbols)
		qsort(f->start, nsymbols, sizeof(*f->start), by_start);
	if (!error)
		error = add_entry(f);
	if (!error)
		error = some_functions(f, &next, nsymbols);
	/* What follows from the code first: then most of what such an address may be in is known. */
	if (!error)
		error = add_pointers(f);
	if (!error)
		error = some_functions(f, &next, nsymbols);
	for (uint32_t i = 0; !error && i < f->nstarts && f->work_left > 0; i++)
		if (f->start[i].later)
			error = nth_function(f, i, nsymbols);
	return error;
}

static int by_place(const void *a, const void *b)
{
	const struct unwind_piece *x = a, *y = b;

	return x->start < y->start ? -1 : x->start > y->start;
}

/*
 * Short gaps have the rule of the code before them, because they are padding. Here
 * they may be code that was not understood, so each has its own.
 */
static int close_gaps(struct unwind_pieces *found)
{
	size_t n = found->n;

	qsort(found->piece, n, sizeof(*found->piece), by_place);
	for (size_t i = 0; i < n; i++) {
		struct unwind_piece gap = {
			.start = found->piece[i].end, .end = found->piece[i].end + 1,
			.fde = PIECE_NO_FDE, .rule = RULE_INVALID,
		};

		if ((i + 1 == n || found->piece[i + 1].start > gap.start) &&
		    unwind_pieces_add(found, gap))
			return -ENOMEM;
	}
	return 0;
}

/**
 * unwind_infer() - rules for code that nothing else covers
 *
 * Return: 0 or -ENOMEM.
 */
int unwind_infer(struct unwind_build *b)
{
	struct infer f = { .build = b };
	uint32_t start = 0, end;
	int error = -ENOMEM;

	if (b->image->machine != EM_X86_64 ||
	    !unwind_pieces_next_gap(&b->cover, b->size_bytes, &start, &end))
		return 0;
	f.work_left = WORK_PER_BYTE * (int64_t)b->size_bytes + SPARE_WORK;
	f.tried = calloc(b->size_bytes / 8 + 1, 1);
	f.returns = calloc(b->size_bytes / 8 + 1, 1);
	f.index = calloc(MAX_FUNCTION_BYTES, sizeof(*f.index));
	if (f.tried && f.returns && f.index)
		error = all_functions(&f);
	if (!error && f.found.n)
		error = close_gaps(&f.found);
	free(f.tried);
	free(f.returns);
	free(f.index);
	free(f.node);
	free(f.start);
	if (error) {
		unwind_pieces_free(&f.found);
		return error;
	}
	return unwind_pieces_fill(&b->cover, &f.found);
}
