// SPDX-License-Identifier: GPL-2.0
/*
 * Damaged ELF files: mutations of a good one, the same ones every time. Each
 * must give an answer for each address, without a crash, within bounds.
 *
 * usage: test_symbol_fuzz FILE ROUNDS
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "elf/image.h"
#include "symbolize/debug_file.h"
#include "symbolize/frame.h"
#include "symbolize/module.h"
#include "util/string_table.h"
#include "check.h"

enum { MAX_FRAMES = 8 };

static uint64_t state = 0x9e3779b97f4a7c15;

static uint64_t next_random(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

/* Headers decide most, so half of the damage goes to them and their table. */
static void damage(unsigned char *bytes, size_t size)
{
	static const uint64_t differing_frame[] = {
		0, 1, 0x7f, 0x80, 0xff, 0xffff, 0x7fffffff, 0xffffffff, 0x100000000, ~0ull, ~0ull >> 1,
	};
	uint64_t shoff;
	int hits = 1 + next_random() % 8;

	memcpy(&shoff, bytes + 40, sizeof(shoff));
	while (hits--) {
		uint64_t value = next_random() % 3 ? differing_frame[next_random() % 11] : next_random();
		size_t width = 1 << next_random() % 4, at = next_random() % (size - 8);

		if (next_random() % 2)
			at = next_random() % 2 ? next_random() % 1024 : shoff + next_random() % 2048;
		if (at < 6)		/* magic, class, data: the uninteresting refusals */
			continue;
		if (at < size - width)
			memcpy(bytes + at, &value, width);
	}
}

static void ask(struct elf_image *image, const uint64_t *vaddr, size_t n)
{
	struct string_table *names = string_table_open();
	struct elf_module *module = elf_module_open(image, "damaged", names);
	struct symbol_frame frames[MAX_FRAMES];

	for (size_t i = 0; i < n; i++) {
		int got = elf_module_resolve(module, names, -1, vaddr[i], 1, frames, MAX_FRAMES);

		CHECK(got >= 1 && got <= MAX_FRAMES);
		for (int f = 0; f < got; f++)
			CHECK(!frames[f].function || *frames[f].function);
	}
	elf_module_close(module);
	string_table_close(names);
}

int main(int argc, char **argv)
{
	uint64_t vaddr[256];
	struct elf_image *good;
	int fd, rounds, opened = 0;
	size_t n = 0;

	if (argc < 3)
		return 2;
	elf_debug_dir = "/nonexistent";
	fd = open(argv[1], O_RDONLY);
	good = elf_image_map(fd);
	if (!good)
		return 2;
	close(fd);
	for (size_t i = 0; i < good->nsegments; i++)
		for (uint64_t at = 0; good->segment[i].exec && n < 250; n++, at += 1 + at / 16)
			vaddr[n] = good->segment[i].vaddr + at % good->segment[i].memory_bytes;
	for (rounds = 0; rounds < atoi(argv[2]); rounds++) {
		/* Now and then the end is missing as well. */
		size_t size = good->size_bytes - (next_random() % 8 ? 0 : next_random() % (good->size_bytes / 2));
		unsigned char *bytes = malloc(size);
		struct elf_image *image;

		memcpy(bytes, good->bytes, size);
		damage(bytes, size);
		image = elf_image_adopt(bytes, size);
		if (image) {
			ask(image, vaddr, n);
			opened++;
		}
	}
	elf_image_close(good);
	printf("%d of %d damaged files opened; ", opened, rounds);
	return verdict(argv[1]);
}
