/* SPDX-License-Identifier: GPL-2.0 */
/* All that is known about one ELF file. */
#ifndef LEAKTRACE_MODULE_H
#define LEAKTRACE_MODULE_H

#include <time.h>

#include "symbolize/debug_file.h"
#include "elf/image.h"
#include "elf/lines.h"
#include "elf/symbols.h"
#include "symbolize/language.h"
#include "symbolize/rust_library.h"
#include "symbolize/symbolizer.h"
#include "unwind/coverage.h"

struct elf_module {
	struct elf_module *next;	/* these three: module_cache.c */
	unsigned int users;
	struct string_table *names;
	struct elf_image *image;
	dev_t dev;			/* these five identify a file that has not changed */
	ino_t inode;
	size_t size_bytes;
	struct timespec mtime, ctime;
	const char *path;		/* for the report */
	const char *build_id;		/* hex, or NULL */
	bool indexed;			/* all fields below are filled */
	struct elf_image *mini;		/* from .gnu_debugdata, or NULL */
	struct elf_debug debug;
	struct elf_symbols symbols;
	struct elf_lines lines;
	int root_fd;			/* of the lookup under way */
	struct unwind_told told;
	bool told_read;
	struct rust_library rust_library;
	bool rust_library_read;
	const struct language *language;	/* that has its own names here, or NULL */
	void *language_data;
};

struct elf_module *elf_module_open(struct elf_image *image, const char *path, struct string_table *names);
int elf_module_resolve(struct elf_module *module, struct string_table *names, int root_fd,
		       uint64_t vaddr, uint64_t step_bytes, struct symbol_frame *frames, int max);
void elf_module_index(struct elf_module *module, int root_fd);
bool elf_module_is_inferred(struct elf_module *module, uint64_t vaddr);	/* how to go on from there */
bool elf_module_has_call(const struct elf_module *module, uint64_t return_vaddr);
void elf_module_close(struct elf_module *module);

#endif
