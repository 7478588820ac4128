// SPDX-License-Identifier: GPL-2.0
/*
 * Names for x86-64 PLT stubs, which no symbol table has. A stub jumps through a
 * word of the GOT; the relocation of that word names the function. The jump is
 * decoded instead of computing the slot's index, so lazy, IBT and -z now
 * layouts all work. Code of -fno-plt calls through the word itself.
 */
#include <stdlib.h>
#include <string.h>

#include "elf/image.h"
#include "elf/symbols.h"
#include "util/array.h"

enum {
	STUB_BYTES = 16,
	SHORT_STUB_BYTES = 8,		/* .plt.got without IBT */
	MAX_SLOTS = 1 << 20,
};

struct slot {				/* a word of the GOT */
	uint64_t vaddr;
	const char *name;
	bool lazy;		/* only a stub uses it */
};

struct slots {
	struct slot *slot;
	size_t n, capacity;
};

static void add_slot(struct slots *slots, uint64_t vaddr, const char *name, bool lazy)
{
	if (!name || !*name || slots->n >= MAX_SLOTS)
		return;
	if (!array_reserve(slots->slot, slots->capacity, slots->n, 1))
		return;
	slots->slot[slots->n++] = (struct slot) { vaddr, name, lazy };
}

static void read_relocations(struct slots *slots, struct elf_image *image, Elf_Scn *scn,
			     const GElf_Shdr *shdr)
{
	Elf_Scn *symbols = elf_getscn(image->elf, shdr->sh_link);
	GElf_Shdr symbols_shdr;
	Elf_Data *data, *symbol_data;

	if (!symbols || !gelf_getshdr(symbols, &symbols_shdr) ||
	    symbols_shdr.sh_type != SHT_DYNSYM || symbols_shdr.sh_flags & SHF_COMPRESSED ||
	    shdr->sh_flags & SHF_COMPRESSED || !elf_image_content(image, shdr) ||
	    !elf_image_content(image, &symbols_shdr))
		return;
	data = elf_getdata(scn, NULL);
	symbol_data = elf_getdata(symbols, NULL);
	if (!data || !symbol_data || data->d_type != ELF_T_RELA || symbol_data->d_type != ELF_T_SYM)
		return;
	for (size_t i = 0; i < data->d_size / sizeof(Elf64_Rela); i++) {
		GElf_Rela rela;
		GElf_Sym sym;
		uint32_t type;

		if (!gelf_getrela(data, i, &rela))
			break;
		type = GELF_R_TYPE(rela.r_info);
		if ((type == R_X86_64_JUMP_SLOT || type == R_X86_64_GLOB_DAT) &&
		    gelf_getsym(symbol_data, GELF_R_SYM(rela.r_info), &sym))
			add_slot(slots, rela.r_offset,
				 elf_strptr(image->elf, symbols_shdr.sh_link, sym.st_name), type == R_X86_64_JUMP_SLOT);
	}
}

static int by_vaddr(const void *va, const void *vb)
{
	const struct slot *a = va, *b = vb;

	return a->vaddr < b->vaddr ? -1 : a->vaddr > b->vaddr;
}

/* [endbr64] [bnd] jmp *disp32(%rip): the address of the word, or 0. */
static uint64_t jumps_through(const unsigned char *code, uint64_t vaddr)
{
	static const unsigned char endbr64[] = { 0xf3, 0x0f, 0x1e, 0xfa };
	unsigned int at = 0;
	int32_t disp;

	if (!memcmp(code, endbr64, sizeof(endbr64)))
		at += sizeof(endbr64);
	if (code[at] == 0xf2)
		at++;
	if (code[at] != 0xff || code[at + 1] != 0x25)
		return 0;
	memcpy(&disp, code + at + 2, sizeof(disp));
	return vaddr + at + 6 + disp;
}

static void name_stubs(struct elf_symbols *symbols, const struct slots *slots,
		       struct elf_image *image, const char *section)
{
	size_t step = STUB_BYTES, at = 0;
	const unsigned char *code;
	GElf_Shdr shdr;

	if (!elf_image_section(image, section, &shdr))
		return;
	code = elf_image_content(image, &shdr);
	if (!code)
		return;
	/* The shortest stub is decoded from 8 bytes, the longest from 11. */
	if (shdr.sh_size >= SHORT_STUB_BYTES && code[0] == 0xff && code[1] == 0x25 &&
	    !strcmp(section, ".plt.got"))
		step = SHORT_STUB_BYTES;
	for (; shdr.sh_size >= step && at <= shdr.sh_size - step; at += step) {
		unsigned char stub[STUB_BYTES] = { 0 };
		struct slot key, *slot;

		memcpy(stub, code + at, step);
		key.vaddr = jumps_through(stub, shdr.sh_addr + at);
		slot = bsearch(&key, slots->slot, slots->n, sizeof(key), by_vaddr);
		if (slot)
			elf_symbols_add(symbols, shdr.sh_addr + at, step, slot->name,
					ELF_SYMBOL_PLT);
	}
}

/**
 * elf_symbols_add_plt() - add the PLT stubs of a module, and what is called without one
 * @image: the module's own file; must outlive @symbols
 */
void elf_symbols_add_plt(struct elf_symbols *symbols, struct elf_image *image)
{
	struct slots slots = { 0 };
	Elf_Scn *scn = NULL;
	GElf_Shdr shdr;

	if (image->machine != EM_X86_64 || image->class != ELFCLASS64)
		return;
	while ((scn = elf_nextscn(image->elf, scn)))
		if (gelf_getshdr(scn, &shdr) && shdr.sh_type == SHT_RELA)
			read_relocations(&slots, image, scn, &shdr);
	if (slots.n) {
		qsort(slots.slot, slots.n, sizeof(*slots.slot), by_vaddr);
		name_stubs(symbols, &slots, image, ".plt");
		name_stubs(symbols, &slots, image, ".plt.sec");
		name_stubs(symbols, &slots, image, ".plt.got");
		for (size_t i = 0; i < slots.n; i++)
			if (!slots.slot[i].lazy)
				elf_symbols_add_word(symbols, slots.slot[i].vaddr, slots.slot[i].name);
	}
	free(slots.slot);
}
