/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Modules that processes have in common: one file is opened, indexed and kept once, however
 * many processes have it mapped, and released with the last of them.
 */
#ifndef LEAKTRACE_SYMBOLIZE_MODULE_CACHE_H
#define LEAKTRACE_SYMBOLIZE_MODULE_CACHE_H

#include <sys/stat.h>

struct elf_image;
struct elf_module;

/* NULL: not an ELF file, or no memory. Each result is put back. */
struct elf_module *module_cache_file(int fd, const struct stat *st, const char *path);
struct elf_module *module_cache_image(struct elf_image *image, const char *path); /* owns the image */
void module_cache_put(struct elf_module *module);	/* NULL is fine */

#endif
