// SPDX-License-Identifier: GPL-2.0
/*
 * Where Rust's standard library is in a program without symbols: "first end", in hex.
 * usage: symbolize_rust_library FILE
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>

#include "symbolize/rust_library.h"

int main(int argc, char **argv)
{
	struct elf_image *image = argc > 1 ? elf_image_map(open(argv[1], O_RDONLY)) : NULL;
	struct rust_library found;

	if (!image)
		return 2;
	found = rust_library_find(image);
	printf("%" PRIx64 " %" PRIx64 "\n", found.start, found.end);
	elf_image_close(image);
	return 0;
}
