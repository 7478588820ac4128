// SPDX-License-Identifier: GPL-2.0
/*
 * How long it takes to name 100,000 addresses of a file, the first time (with
 * all its indexes to build) and again.
 *
 * usage: bench_symbol FILE
 */
#include <fcntl.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "elf/image.h"
#include "symbolize/frame.h"
#include "symbolize/module.h"
#include "util/string_table.h"

enum { ADDRESSES = 100000, MAX_FRAMES = 64 };

/* Of the processor: the machine may be busy with other things. */
static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return now.tv_sec + now.tv_nsec / 1e9;
}

static void pass(const char *what, struct elf_module *module, struct string_table *names,
		 const GElf_Shdr *text)
{
	struct symbol_frame frames[MAX_FRAMES];
	double start = seconds();
	int named = 0, lines = 0, inlined = 0;

	for (uint64_t i = 0; i < ADDRESSES; i++) {
		uint64_t at = text->sh_addr + text->sh_size / ADDRESSES * i +
			      text->sh_size % ADDRESSES * i / ADDRESSES;
		int n = elf_module_resolve(module, names, -1, at, 0, frames, MAX_FRAMES);

		named += frames[n - 1].function != NULL;
		lines += frames[0].line != 0;
		inlined += n > 1;
	}
	printf("  %s: %.3f s (%d named, %d with lines, %d inlined)\n", what, seconds() - start,
	       named, lines, inlined);
}

int main(int argc, char **argv)
{
	struct string_table *names = string_table_open();
	struct elf_module *module;
	struct elf_image *image;
	GElf_Shdr text;
	int fd;

	fd = argc > 1 ? open(argv[1], O_RDONLY) : -1;
	image = fd < 0 ? NULL : elf_image_map(fd);
	if (!image || !elf_image_section(image, ".text", &text))
		return 2;
	close(fd);
	module = elf_module_open(image, argv[1], names);
	printf("%s: %d addresses\n", argv[1], ADDRESSES);
	pass("first", module, names, &text);
	pass("again", module, names, &text);
	elf_module_close(module);
	string_table_close(names);
	return 0;
}
