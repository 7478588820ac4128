/* SPDX-License-Identifier: GPL-2.0 */
/* Split DWARF: the part of a unit that is in a .dwo file or a .dwp package. */
#ifndef LEAKTRACE_ELF_SPLIT_H
#define LEAKTRACE_ELF_SPLIT_H

#include <elfutils/libdw.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "elf/image.h"

struct elf_bytes {
	const unsigned char *at;
	size_t n;
};

struct elf_split {
	struct elf_image *image;	/* the .dwo file or package */
	Elf *elf;			/* of no file: it has the unit's sections */
	unsigned char *header;
	Dwarf *dwarf;
	Dwarf_Die die;			/* the unit's */
	bool has_files;
	uint16_t version;
	uint64_t base;			/* of the unit's code */
	struct elf_bytes info, addresses, ranges;
};

struct elf_split_name {			/* what a skeleton unit refers to */
	const char *file;		/* as given, perhaps relative to the folder */
	const char *folder;		/* NULL: not given */
	uint64_t id;
};

bool elf_split_name(Dwarf_Die *skeleton, struct elf_split_name *name);
struct elf_split *elf_split_open(struct elf_image *image, struct elf_image *source,
				 Dwarf_Die *skeleton, uint64_t id);
void elf_split_close(struct elf_split *split);
int elf_split_ranges(const struct elf_split *split, Dwarf_Die *die, uint32_t *left,
		     void (*take)(void *arg, uint64_t start, uint64_t end), void *arg);

#endif
