/* SPDX-License-Identifier: GPL-2.0 */
/* What lies behind an address of a Go program's file, relocated. */
#ifndef LEAKTRACE_ELF_GO_DATA_H
#define LEAKTRACE_ELF_GO_DATA_H

#include <stdbool.h>
#include <stdint.h>

struct elf_image;

const void *go_elf_at(const struct elf_image *image, uint64_t vaddr, uint64_t bytes);	/* NULL: not there */
bool go_elf_word(struct elf_image *image, uint64_t vaddr, uint64_t *word);
/* The address of the first word with that value that is good; 0: none. */
uint64_t go_elf_find_word(struct elf_image *image, uint64_t value,
			  bool (*good)(struct elf_image *image, uint64_t vaddr, void *arg),
			  void *arg);

#endif
