// SPDX-License-Identifier: GPL-2.0
#include <dwarf.h>
#include <string.h>

#include "elf/tail_calls.h"

enum {
	MAX_DEPTH = 64,
	MAX_DIES = 1 << 16,		/* of one function */
	CALL_BYTES = 5,			/* e8, and the distance */
	GOT_CALL_BYTES = 6,		/* ff 15, and the distance of a word */
	JUMP_NEAR_BYTES = 2,		/* eb, and the distance in a byte */
};

/* What is as far from the end of an instruction as its last four bytes say. */
static uint64_t at_distance(const unsigned char *bytes, uint64_t end)
{
	int32_t distance;

	memcpy(&distance, bytes, sizeof(distance));
	return end + (int64_t)distance;
}

static const unsigned char *code_before(const struct elf_image *image, uint64_t end, unsigned int bytes)
{
	return image->machine == EM_X86_64 ? elf_image_code(image, end - bytes, bytes) : NULL;
}

/* Where an instruction of CALL_BYTES with this first byte goes, which ends at an address. */
static bool direct_target(const struct elf_image *image, unsigned char opcode, uint64_t end, uint64_t *target)
{
	const unsigned char *code = code_before(image, end, CALL_BYTES);

	if (!code || code[0] != opcode)
		return false;
	*target = at_distance(code + 1, end);
	return elf_image_is_code(image, *target);
}

/** elf_direct_call() - which function the call before @return_vaddr names, if it names one */
bool elf_direct_call(const struct elf_image *image, uint64_t return_vaddr, uint64_t *function)
{
	return direct_target(image, 0xe8, return_vaddr, function);
}

/** elf_call_by_word() - through which word of memory the call before @return_vaddr goes, by its address */
bool elf_call_by_word(const struct elf_image *image, uint64_t return_vaddr, uint64_t *word)
{
	const unsigned char *code = code_before(image, return_vaddr, GOT_CALL_BYTES);

	if (!code || code[0] != 0xff || code[1] != 0x15)
		return false;
	*word = at_distance(code + 2, return_vaddr);
	return true;
}

/** elf_is_sigreturn() - whether @vaddr is mov $15, %(r|e)ax; syscall */
bool elf_is_sigreturn(const struct elf_image *image, uint64_t vaddr)
{
	static const unsigned char wide[] = { 0x48, 0xc7, 0xc0, 15, 0, 0, 0, 0x0f, 0x05 };
	static const unsigned char narrow[] = { 0xb8, 15, 0, 0, 0, 0x0f, 0x05 };
	const unsigned char *code = elf_image_code(image, vaddr, sizeof(wide));

	return code && (!memcmp(code, wide, sizeof(wide)) || !memcmp(code, narrow, sizeof(narrow)));
}

/* The scope of the function itself; what is inlined at its first address may be in it. */
static struct elf_scope *function_at(struct elf_unit *unit, uint64_t vaddr)
{
	struct elf_scope *scope = unit ? elf_unit_scope(unit, vaddr) : NULL;

	while (scope && scope->inlined)
		scope = &unit->scope[scope->parent];
	return scope;
}

static bool function_die(struct elf_lines *lines, uint64_t function, Dwarf_Die *die)
{
	struct elf_unit *unit = elf_lines_unit(lines, function);
	struct elf_scope *scope = function_at(unit, function);
	Dwarf_Addr start;

	return scope && dwarf_offdie(elf_unit_dwarf(lines, unit), scope->die, die) &&
	       !dwarf_entrypc(die, &start) && start == function;
}

/** elf_function_has() - whether the function that begins at @function has the code at @vaddr */
bool elf_function_has(struct elf_lines *lines, uint64_t function, uint64_t vaddr)
{
	struct elf_unit *unit = elf_lines_unit(lines, function);
	struct elf_scope *scope = function_at(unit, function);

	return scope && elf_lines_unit(lines, vaddr) == unit && function_at(unit, vaddr) == scope;
}

static bool is_tail_call(Dwarf_Die *die)
{
	int tag = dwarf_tag(die);

	return (tag == DW_TAG_call_site && dwarf_hasattr(die, DW_AT_call_tail_call)) ||
	       (tag == DW_TAG_GNU_call_site && dwarf_hasattr(die, DW_AT_GNU_tail_call));
}

/* gcc says what is behind the jump, clang where it is. */
static uint64_t end_of_tail_call(const struct elf_image *code, Dwarf_Die *die)
{
	static const unsigned int behind[] = { DW_AT_call_return_pc, DW_AT_low_pc };
	const unsigned char *jump;
	Dwarf_Attribute attr;
	Dwarf_Addr at;

	for (int i = 0; i < 2; i++)
		if (dwarf_attr(die, behind[i], &attr) && !dwarf_formaddr(&attr, &at))
			return at;
	if (!dwarf_attr(die, DW_AT_call_pc, &attr) || dwarf_formaddr(&attr, &at))
		return 0;
	jump = elf_image_code(code, at, JUMP_NEAR_BYTES);
	if (!jump)
		return 0;
	return jump[0] == 0xe9 ? at + CALL_BYTES : jump[0] == 0xeb ? at + JUMP_NEAR_BYTES :
		jump[0] == 0xff && jump[1] == 0x25 ? at + GOT_CALL_BYTES : 0;
}

static bool begins_function(struct elf_lines *lines, uint64_t vaddr)
{
	Dwarf_Die die;

	return function_die(lines, vaddr, &die);
}

/* What a jump goes to that ends there: the beginning of a function, or it is not known. */
static uint64_t jump_target(struct elf_lines *lines, uint64_t end)
{
	const unsigned char *code = elf_image_code(lines->code, end - JUMP_NEAR_BYTES, JUMP_NEAR_BYTES);
	uint64_t far = 0, near = 0;

	/* through the GOT, as it was compiled: a linker that knows the function writes jmp, nop */
	if (code && code[1] == 0x90 && direct_target(lines->code, 0xe9, end - 1, &far) && begins_function(lines, far))
		return far;
	if (!direct_target(lines->code, 0xe9, end, &far) || !begins_function(lines, far))
		far = 0;
	if (code && code[0] == 0xeb)
		near = end + (int8_t)code[1];
	if (near && !begins_function(lines, near))
		near = 0;
	return far && near ? 0 : far ?: near;	/* both: one of them is chance */
}

struct walk {
	struct elf_lines *lines;
	unsigned int dies_left;
	struct elf_tail_calls found;
};

static void take(struct walk *w, Dwarf_Die *die)
{
	uint64_t end = end_of_tail_call(w->lines->code, die), target = end ? jump_target(w->lines, end) : 0;

	if (w->found.n++) {
		w->found.after = 0;
		if (target != w->found.function)
			w->found.function = 0;
		return;
	}
	w->found.after = end;
	w->found.function = target;
}

static void walk(struct walk *w, Dwarf_Die *parent, int depth)
{
	Dwarf_Die die;

	if (depth > MAX_DEPTH || dwarf_child(parent, &die))
		return;
	do {
		if (!w->dies_left)
			return;
		w->dies_left--;
		switch (dwarf_tag(&die)) {
		case DW_TAG_call_site:
		case DW_TAG_GNU_call_site:
			if (is_tail_call(&die))
				take(w, &die);
			break;
		case DW_TAG_lexical_block:
		case DW_TAG_inlined_subroutine:
		case DW_TAG_try_block:
		case DW_TAG_catch_block:
			walk(w, &die, depth + 1);
		}
	} while (!dwarf_siblingof(&die, &die));
}

/* Whether all tail calls of a function are described. */
static bool tells_all(Dwarf_Die *die)
{
	return dwarf_hasattr(die, DW_AT_call_all_calls) || dwarf_hasattr(die, DW_AT_call_all_tail_calls) ||
	       dwarf_hasattr(die, DW_AT_GNU_all_call_sites) || dwarf_hasattr(die, DW_AT_GNU_all_tail_call_sites);
}

/** elf_tail_calls_of() - the tail calls of the function that begins at @function */
struct elf_tail_calls elf_tail_calls_of(struct elf_lines *lines, uint64_t function)
{
	struct walk w = { .lines = lines, .dies_left = MAX_DIES };
	Dwarf_Die die;

	if (!function_die(lines, function, &die))
		return (struct elf_tail_calls){ 0 };
	walk(&w, &die, 0);
	if (!w.dies_left || !tells_all(&die))
		w.found.after = w.found.function = 0;
	return w.found;
}
