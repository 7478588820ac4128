/* SPDX-License-Identifier: GPL-2.0 */
/* The functions of one module by address, from every symbol table it has. */
#ifndef LEAKTRACE_ELF_SYMBOLS_H
#define LEAKTRACE_ELF_SYMBOLS_H

#include <stdbool.h>
#include <stdint.h>

#include "elf/image.h"
#include "util/string_table.h"

enum elf_symbol_rank {
	ELF_SYMBOL_GLOBAL,
	ELF_SYMBOL_WEAK,
	ELF_SYMBOL_LOCAL,
	ELF_SYMBOL_PLT,			/* a stub or a word of the GOT that leads to the named function */
};

struct elf_symbol {
	uint64_t start, end;		/* [start, end), never empty */
	const char *raw;		/* in the image; may end with @VERSION */
	const char *shown;		/* demangled, filled on demand */
	uint32_t outer;			/* the symbol around this one, or NO_SYMBOL */
	uint8_t rank;
};

struct elf_symbols {
	const struct elf_image *code;	/* whose executable segments count */
	struct elf_symbol *symbol;	/* by start; inner and better ones later */
	uint32_t n, capacity;
};

void elf_symbols_add(struct elf_symbols *symbols, uint64_t start, uint64_t bytes,
		     const char *raw, enum elf_symbol_rank rank);
void elf_symbols_add_word(struct elf_symbols *symbols, uint64_t vaddr, const char *raw);
void elf_symbols_add_table(struct elf_symbols *symbols, struct elf_image *image, uint32_t type);
void elf_symbols_add_plt(struct elf_symbols *symbols, struct elf_image *image);
void elf_symbols_sort(struct elf_symbols *symbols);
struct elf_symbol *elf_symbols_find(struct elf_symbols *symbols, uint64_t vaddr);
bool elf_exported_function(struct elf_image *image, const char *name, uint64_t *vaddr);
const char *elf_symbol_name(struct elf_symbol *symbol, struct string_table *names);
void elf_symbols_free(struct elf_symbols *symbols);

#endif
