/* SPDX-License-Identifier: GPL-2.0 */
/* Finds a module's DWARF: in the module, or in a separate debug file. */
#ifndef LEAKTRACE_DEBUG_FILE_H
#define LEAKTRACE_DEBUG_FILE_H

#include <elfutils/libdw.h>

#include "elf/image.h"
#include "elf/split.h"

struct elf_debug {
	struct elf_image *file;		/* separate debug file, or NULL */
	struct elf_image *shared;	/* dwz's supplementary file, or NULL */
	struct elf_image *source;	/* what dwarf was read from: the module or file */
	Dwarf *dwarf;			/* NULL: none found */
	Dwarf *shared_dwarf;
};

extern const char *elf_debug_dir;	/* "/usr/lib/debug"; tests override it */

/*
 * Fetches the debug file with this build id from a server: a descriptor, or
 * negative. NULL unless --debuginfod was given.
 */
extern int (*elf_debug_fetch)(const unsigned char *id, size_t id_bytes);

void elf_debug_open(struct elf_debug *debug, struct elf_image *image, const char *path,
		    int root_fd);
void elf_debug_close(struct elf_debug *debug);
struct elf_image *elf_split_find(const struct elf_split_name *name, const char *module,
				 int root_fd);

#endif
