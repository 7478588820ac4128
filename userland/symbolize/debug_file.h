/* SPDX-License-Identifier: GPL-2.0 */
/* Where a module's DWARF is: in itself, or in a separate debug file. */
#ifndef LEAKTRACE_ELF_DEBUG_H
#define LEAKTRACE_ELF_DEBUG_H

#include <elfutils/libdw.h>

#include "elf/image.h"

struct elf_debug {
	struct elf_image *file;		/* separate debug file, or NULL */
	struct elf_image *shared;	/* what dwz moved out of it, or NULL */
	struct elf_image *source;	/* that of dwarf; the module's own or file */
	Dwarf *dwarf;			/* NULL: none found */
	Dwarf *shared_dwarf;
};

extern const char *elf_debug_dir;	/* "/usr/lib/debug"; tests have their own */

/* A debug file of this build id from elsewhere: a descriptor, or negative. NULL: nobody asked. */
extern int (*elf_debug_fetch)(const unsigned char *id, size_t id_bytes);

void elf_debug_open(struct elf_debug *debug, struct elf_image *image, const char *path,
		    int root_fd);
void elf_debug_close(struct elf_debug *debug);

#endif
