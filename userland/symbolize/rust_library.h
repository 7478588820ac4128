/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Where Rust's standard library is in a program without symbols. It is linked statically,
 * so neither a module nor a name tells its code from the program's.
 */
#ifndef LEAKTRACE_SYMBOLIZE_RUST_LIBRARY_H
#define LEAKTRACE_SYMBOLIZE_RUST_LIBRARY_H

#include <stdint.h>

#include "elf/image.h"

struct rust_library {
	uint64_t start, end;		/* certainly of the library; both 0: not known */
};

struct rust_library rust_library_find(struct elf_image *image);

#endif
