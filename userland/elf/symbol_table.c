// SPDX-License-Identifier: GPL-2.0
#include <limits.h>
#include <string.h>

#include "elf/symbol_table.h"

static void walk(struct elf_image *image, Elf_Scn *scn, const GElf_Shdr *shdr, elf_see_symbol *see, void *arg)
{
	size_t entry = gelf_fsize(image->elf, ELF_T_SYM, 1, EV_CURRENT);
	Elf_Data *data;
	GElf_Sym sym;
	size_t n;

	if (!elf_image_content(image, shdr) || !entry || shdr->sh_flags & SHF_COMPRESSED)
		return;
	data = elf_getdata(scn, NULL);
	if (!data || !data->d_buf || data->d_type != ELF_T_SYM)
		return;
	n = data->d_size / entry;	/* not sh_entsize, which may be anything */
	for (size_t i = 1; i < n && i < INT_MAX; i++)
		if (!gelf_getsym(data, i, &sym) ||
		    !see(&sym, elf_strptr(image->elf, shdr->sh_link, sym.st_name), arg))
			return;
}

void elf_each_symbol(struct elf_image *image, uint32_t type, elf_see_symbol *see, void *arg)
{
	Elf_Scn *scn = NULL;
	GElf_Shdr shdr;

	while ((scn = elf_nextscn(image->elf, scn)))
		if (gelf_getshdr(scn, &shdr) && shdr.sh_type == type) {
			walk(image, scn, &shdr, see, arg);
			return;
		}
}

struct wanted_symbol {
	const char *name;
	uint64_t vaddr;			/* 0: not found */
};

static bool see_wanted(const GElf_Sym *sym, const char *name, void *arg)
{
	struct wanted_symbol *wanted = arg;

	if (sym->st_shndx == SHN_UNDEF || !name || strcmp(name, wanted->name))
		return true;
	wanted->vaddr = sym->st_value;
	return false;
}

uint64_t elf_symbol_value(struct elf_image *image, uint32_t type, const char *name)
{
	struct wanted_symbol wanted = { .name = name };

	elf_each_symbol(image, type, see_wanted, &wanted);
	return wanted.vaddr;
}

bool elf_is_function(const struct elf_image *image, const GElf_Sym *sym)
{
	return GELF_ST_TYPE(sym->st_info) == STT_FUNC && sym->st_shndx != SHN_UNDEF &&
	       elf_image_is_code(image, sym->st_value);
}
