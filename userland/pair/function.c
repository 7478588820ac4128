// SPDX-License-Identifier: GPL-2.0
/*
 * A call ends at a return instruction: one of the function's own code, of the part of it that
 * the compiler has put elsewhere, or of the function to which it passes the call on by a jump.
 * All that direct jumps lead to is read. What returns there without having been called by us
 * is told apart when it happens, by the stack.
 */
#include <stdio.h>
#include <string.h>

#include "elf/symbol_table.h"
#include "elf/symbols.h"
#include "gate/text.h"
#include "pair/function.h"
#include "unwind/x86_64_code.h"

enum {
	MAX_PARTS = 32, MAX_PART_BYTES = 1 << 20, MAX_INSN_BYTES = 15,
};

struct part {
	uint64_t start, end;
};

struct reading {
	struct elf_image *image;
	struct gate_text text;
	struct elf_symbols stubs;
	struct part part[MAX_PARTS];
	size_t nparts;
	struct pair_function *function;
	const char *why;
};

struct search {
	const struct elf_image *image;
	const char *name;
	uint64_t vaddr, bytes;
};

static bool see(const GElf_Sym *sym, const char *name, void *arg)
{
	struct search *s = arg;

	/* A newer version of it is listed as NAME@@VERSION, and is what programs are linked to. */
	if (!name || strncmp(name, s->name, strcspn(name, "@")) || s->name[strcspn(name, "@")] ||
	    GELF_ST_TYPE(sym->st_info) != STT_FUNC || !elf_is_function(s->image, sym))
		return true;
	s->vaddr = sym->st_value;
	s->bytes = sym->st_size;
	return false;
}

static bool find(struct search *s, struct elf_image *image, const char *name)
{
	*s = (struct search){ .image = image, .name = name };
	elf_each_symbol(image, SHT_DYNSYM, see, s);
	if (!s->vaddr)
		elf_each_symbol(image, SHT_SYMTAB, see, s);
	return s->vaddr;
}

uint64_t pair_function_start(struct elf_image *image, const char *name)
{
	struct search s;

	find(&s, image, name);
	return s.vaddr;
}

static bool is_read(const struct reading *r, uint64_t at)
{
	for (size_t i = 0; i < r->nparts; i++)
		if (at >= r->part[i].start && at < r->part[i].end)
			return true;
	return false;
}

static void add_part(struct reading *r, uint64_t start, uint64_t bytes)
{
	uint64_t end = gate_text_end(&r->text, start);

	if (bytes && bytes < end - start)
		end = start + bytes;
	if (end - start > MAX_PART_BYTES)
		end = start + MAX_PART_BYTES;
	if (r->nparts < MAX_PARTS)
		r->part[r->nparts++] = (struct part){ start, end };
	else
		r->why = "it passes its calls on to too many functions";
}

/* Through a stub of the linker's, perhaps. */
static void follow(struct reading *r, uint64_t target)
{
	struct elf_symbol *stub = elf_symbols_find(&r->stubs, target);
	struct search s;
	char name[256];

	if (!stub || stub->rank != ELF_SYMBOL_PLT) {
		if (!is_read(r, target))
			add_part(r, target, 0);
		return;
	}
	snprintf(name, sizeof(name), "%.*s", (int)strcspn(stub->raw, "@"), stub->raw);
	if (!find(&s, r->image, name))
		r->why = "it passes its calls on to another library";
	else if (!is_read(r, s.vaddr))
		add_part(r, s.vaddr, s.bytes);
}

static void add_exit(struct reading *r, uint64_t at)
{
	struct pair_function *f = r->function;

	if (f->nexits < PAIR_MAX_EXITS)
		f->exit[f->nexits++] = at;
	else
		r->why = "it returns at too many places";
}

static void read_part(struct reading *r, struct part part)
{
	struct x86_insn insn;

	for (uint64_t at = part.start; at < part.end && !r->why; at += insn.bytes) {
		size_t left = part.end - at < MAX_INSN_BYTES ? part.end - at : MAX_INSN_BYTES;
		const uint8_t *code = elf_image_code(r->image, at, left);

		if (!code || !x86_decode(code, left, at, &insn)) {
			r->why = "its code is not understood";
			return;
		}
		if (insn.effect == X86_RETURN)
			add_exit(r, at);
		/* That of a switch goes by a register. */
		else if (insn.effect == X86_JUMP && !insn.target && insn.rip_at)
			r->why = "it passes its calls on to where a variable says";
		else if ((insn.effect == X86_JUMP || insn.effect == X86_BRANCH) && insn.target &&
			 (insn.target < part.start || insn.target >= part.end))
			follow(r, insn.target);
	}
}

/** pair_function_read() - find a function, and where its calls end */
const char *pair_function_read(struct pair_function *function, struct elf_image *image,
			       const char *name)
{
	struct reading r = { .image = image, .function = function, .stubs = { .code = image } };
	struct search s;

	*function = (struct pair_function){ 0 };
	if (image->machine != EM_X86_64)
		return "its code is not x86-64";
	if (!find(&s, image, name))
		return "there is no such function";
	function->vaddr = s.vaddr;
	if (gate_text_read(&r.text, image, s.vaddr, s.vaddr))
		return "out of memory";
	elf_symbols_add_plt(&r.stubs, image);
	elf_symbols_sort(&r.stubs);
	add_part(&r, s.vaddr, s.bytes);
	for (size_t i = 0; i < r.nparts && !r.why; i++)
		read_part(&r, r.part[i]);
	elf_symbols_free(&r.stubs);
	gate_text_free(&r.text);
	if (!r.why && !function->nexits)
		r.why = "it never returns";
	return r.why;
}
