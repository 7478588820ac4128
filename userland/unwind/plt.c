// SPDX-License-Identifier: GPL-2.0
/*
 * Code without call frame information whose rules follow from its bytes or its
 * place: linkers' stubs, the parts of crt*.o, signal restorers, the entry
 * point. Rules must be exact: code is given one only if all its bytes match a
 * known pattern.
 */
#include <dwarf.h>
#include <errno.h>

#include "elf/image.h"
#include "unwind/build.h"
#include "unwind/coverage.h"
#include "unwind/cursor.h"
#include "unwind/rule.h"
#include "unwind/section.h"

enum {
	ENTRY_STUB_BYTES = 80,
	PLT_SLOT_BYTES = 16,
	MAX_NAMED_SECTIONS = 1 << 12,
};

static int add_rule(struct unwind_build *b, struct unwind_pieces *out, uint64_t start,
		    uint64_t end, const struct leaktrace_unwind_rule *rule)
{
	struct unwind_piece piece;

	if (!unwind_build_clip(b, start, end, &piece))
		return 0;
	piece.fde = PIECE_NO_FDE;
	if (unwind_rules_find(&b->rules, rule, &piece.rule))
		return -ENOMEM;
	return unwind_pieces_add(out, piece);
}

static int add_plain(struct unwind_build *b, struct unwind_pieces *out, uint64_t start,
		     uint64_t end, int32_t cfa_off)
{
	struct leaktrace_unwind_rule rule = unwind_rule_plain(b->machine, cfa_off);

	return add_rule(b, out, start, end, &rule);
}

static bool starts_with(const uint8_t *code, size_t bytes, const void *prefix, size_t n)
{
	return bytes >= n && !memcmp(code, prefix, n);
}

#define STARTS_WITH(code, bytes, prefix) starts_with(code, bytes, prefix, sizeof(prefix) - 1)

/* mov $__NR_rt_sigreturn, %eax or %rax; syscall: musl's and Go's restorers. */
static int scan_sigreturn(struct unwind_build *b, struct unwind_pieces *out, uint32_t start,
			  uint32_t end)
{
	static const uint8_t tail[] = { 0x0f, 0, 0, 0, 0x0f, 0x05 };
	struct leaktrace_unwind_rule rule = { .op = LEAKTRACE_UNWIND_SIGNAL };
	struct cursor c;
	const uint8_t *at;

	if (!unwind_section_segment(b->image, b->base + start, &c))
		return 0;
	if (cursor_left(&c) > end - start)
		c.end = c.at + (end - start);
	for (at = c.at; (at = memmem(at, c.end - at, tail, sizeof(tail))); at += sizeof(tail)) {
		uint64_t to = b->base + start + (at + sizeof(tail) - c.at);
		size_t before = at - c.at, head;

		if (before >= 3 && !memcmp(at - 3, "\x48\xc7\xc0", 3))
			head = 3;
		else if (before >= 1 && at[-1] == 0xb8)
			head = 1;
		else
			continue;
		/*
		 * The handler returns here, and walkers look up the byte before
		 * a return address.
		 */
		if (add_rule(b, out, to - sizeof(tail) - head - 1, to, &rule))
			return -ENOMEM;
	}
	return 0;
}

int unwind_synth_sigreturn(struct unwind_build *b)
{
	struct unwind_pieces found = { 0 };
	uint32_t start = 0, end;

	for (; unwind_pieces_next_gap(&b->cover, b->size_bytes, &start, &end); start = end)
		if (scan_sigreturn(b, &found, start, end)) {
			unwind_pieces_free(&found);
			return -ENOMEM;
		}
	return unwind_pieces_fill(&b->cover, &found);
}

/*
 * Lazy binding. Slot 0 is jumped to with the index pushed, and pushes once
 * more; the others push at a place that depends on their kind.
 */
static int add_lazy_plt(struct unwind_build *b, struct unwind_pieces *out, uint64_t start,
			uint64_t end, const uint8_t *slot, size_t left)
{
	struct leaktrace_unwind_rule rule = { .op = LEAKTRACE_UNWIND_PLT, .ra_off = -8 };

	if (add_plain(b, out, start, start + 6, 16) ||
	    add_plain(b, out, start + 6, start + PLT_SLOT_BYTES, 24))
		return -ENOMEM;
	if (STARTS_WITH(slot, left, "\xf3\x0f\x1e\xfa\x68"))
		rule.add = 9;			/* endbr64; push */
	else if (left >= PLT_SLOT_BYTES && STARTS_WITH(slot, left, "\xff\x25") && slot[6] == 0x68)
		rule.add = 11;			/* jmp *; push */
	else if (STARTS_WITH(slot, left, "\x68"))
		rule.add = 5;			/* push, as with MPX */
	else
		return add_plain(b, out, start + PLT_SLOT_BYTES, end, 8);
	return add_rule(b, out, start + PLT_SLOT_BYTES, end, &rule);
}

static int add_plt(struct unwind_build *b, struct unwind_pieces *out, const GElf_Shdr *shdr)
{
	const uint8_t *code = elf_image_content(b->image, shdr);
	uint64_t start = shdr->sh_addr, end = start + shdr->sh_size;

	if (!code || end < start)
		return 0;
	if (STARTS_WITH(code, shdr->sh_size, "\xff\x35") && shdr->sh_size > PLT_SLOT_BYTES &&
	    !(start % PLT_SLOT_BYTES))
		return add_lazy_plt(b, out, start, end, code + PLT_SLOT_BYTES,
				    shdr->sh_size - PLT_SLOT_BYTES);
	return add_plain(b, out, start, end, 8);
}

/* _init from crti.o and crtn.o with nothing between: calls __gmon_start__ if there is one. */
static int add_init(struct unwind_build *b, struct unwind_pieces *out, const GElf_Shdr *shdr)
{
	static const char cet[] = "\xf3\x0f\x1e\xfa", enter[] = "\x48\x83\xec\x08";
	static const char load[] = "\x48\x8b\x05", call[] = "\x48\x85\xc0\x74\x02\xff\xd0";
	static const char leave[] = "\x48\x83\xc4\x08\xc3";
	const uint8_t *code = elf_image_content(b->image, shdr), *at = code;
	size_t left = shdr->sh_size;
	uint64_t start = shdr->sh_addr, body;

	if (!code)
		return 0;
	if (STARTS_WITH(at, left, cet))
		at += 4, left -= 4;
	if (!STARTS_WITH(at, left, enter))
		return 0;
	at += 4, left -= 4;
	body = start + (at - code);
	if (left >= 7 && STARTS_WITH(at, left, load)) {
		at += 7, left -= 7;
		if (!STARTS_WITH(at, left, call))
			return 0;
		at += 7, left -= 7;
	}
	if (left != sizeof(leave) - 1 || !STARTS_WITH(at, left, leave))
		return 0;
	at += 4;
	return add_plain(b, out, start, body, 8) ||
	       add_plain(b, out, body, start + (at - code), 16) ||
	       add_plain(b, out, start + (at - code), start + shdr->sh_size, 8) ? -ENOMEM : 0;
}

static int for_sections(struct unwind_build *b, const char *const names[],
			int (*add)(struct unwind_build *, struct unwind_pieces *,
				   const GElf_Shdr *))
{
	struct unwind_pieces found = { 0 };
	Elf_Scn *scn = NULL;
	GElf_Shdr shdr;
	size_t strings;
	int error = 0, n = 0;

	if (elf_getshdrstrndx(b->image->elf, &strings))
		return 0;
	while (!error && n < MAX_NAMED_SECTIONS && (scn = elf_nextscn(b->image->elf, scn))) {
		const char *name;

		if (!gelf_getshdr(scn, &shdr) || shdr.sh_type != SHT_PROGBITS ||
		    !(shdr.sh_flags & SHF_EXECINSTR))
			continue;
		name = elf_strptr(b->image->elf, strings, shdr.sh_name);
		for (int i = 0; name && !error && names[i]; i++)
			if (!strcmp(name, names[i])) {
				error = add(b, &found, &shdr);
				n++;
			}
	}
	if (error) {
		unwind_pieces_free(&found);
		return error;
	}
	return unwind_pieces_fill(&b->cover, &found);
}

int unwind_synth_plt(struct unwind_build *b)
{
	static const char *const names[] = {
		".plt", ".plt.sec", ".plt.got", ".plt.bnd", ".iplt", NULL
	};

	return for_sections(b, names, add_plt);
}

int unwind_synth_init(struct unwind_build *b)
{
	static const char *const names[] = { ".init", ".fini", NULL };

	return for_sections(b, names, add_init);
}

/* Clears the frame pointer, or passes the stack pointer to ld.so's first function. */
static bool is_entry_stub(struct elf_image *image, uint64_t entry)
{
	struct cursor c;
	size_t n;

	if (!unwind_section_segment(image, entry, &c))
		return false;
	if (STARTS_WITH(c.at, cursor_left(&c), "\xf3\x0f\x1e\xfa"))
		cursor_skip(&c, 4);
	n = cursor_left(&c);
	return STARTS_WITH(c.at, n, "\x31\xed") || STARTS_WITH(c.at, n, "\x48\x31\xed") ||
	       STARTS_WITH(c.at, n, "\x48\x89\xe7\xe8");
}

/* Linkers give libraries an entry point that is never used. */
static bool is_program(struct elf_image *image)
{
	GElf_Ehdr ehdr;
	GElf_Phdr phdr;
	size_t n;

	if (!gelf_getehdr(image->elf, &ehdr) || elf_getphdrnum(image->elf, &n))
		return false;
	for (size_t i = 0; i < n; i++)
		if (gelf_getphdr(image->elf, i, &phdr) && phdr.p_type == PT_INTERP)
			return true;
	return ehdr.e_type == ET_EXEC;
}

int unwind_synth_entry(struct unwind_build *b)
{
	struct leaktrace_unwind_rule rule = { .op = LEAKTRACE_UNWIND_STOP };
	struct unwind_pieces found = { 0 };
	struct unwind_piece at;
	GElf_Ehdr ehdr;

	if (!gelf_getehdr(b->image->elf, &ehdr) ||
	    !unwind_build_clip(b, ehdr.e_entry, ehdr.e_entry + 1, &at) ||
	    unwind_pieces_has(&b->cover, at.start))
		return 0;
	if (!is_program(b->image) && !is_entry_stub(b->image, ehdr.e_entry))
		return 0;
	if (add_rule(b, &found, ehdr.e_entry, ehdr.e_entry + ENTRY_STUB_BYTES, &rule))
		return -ENOMEM;
	return unwind_pieces_fill(&b->cover, &found);
}
