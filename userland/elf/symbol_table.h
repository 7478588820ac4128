/* SPDX-License-Identifier: GPL-2.0 */
/* The symbols of a file, as they stand in its tables. */
#ifndef LEAKTRACE_ELF_SYMBOL_TABLE_H
#define LEAKTRACE_ELF_SYMBOL_TABLE_H

#include <stdbool.h>
#include <stdint.h>

#include "elf/image.h"

/* Until it returns false. name: in the image, with what versions it has; NULL: it cannot be read. */
typedef bool elf_see_symbol(const GElf_Sym *sym, const char *name, void *arg);

/* The table of a type, SHT_SYMTAB or SHT_DYNSYM: ELF allows one of each. Nothing without it. */
void elf_each_symbol(struct elf_image *image, uint32_t type, elf_see_symbol *see, void *arg);

/* The address of the first one with that name; 0: none. */
uint64_t elf_symbol_value(struct elf_image *image, uint32_t type, const char *name);

/* Whether it is a function in the file's own code. */
bool elf_is_function(const struct elf_image *image, const GElf_Sym *sym);

#endif
