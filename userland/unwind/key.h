/* SPDX-License-Identifier: GPL-2.0 */
/* Names of ELF objects, under which tables are kept. */
#ifndef LEAKTRACE_UNWIND_KEY_H
#define LEAKTRACE_UNWIND_KEY_H

#include "elf/image.h"
#include "unwind/unwind.h"

int unwind_key_of(int fd, const struct elf_image *image, uint8_t key[LEAKTRACE_UNWIND_KEY_BYTES]);
void unwind_key_of_bytes(const void *bytes, size_t n, uint8_t key[LEAKTRACE_UNWIND_KEY_BYTES]);

#endif
