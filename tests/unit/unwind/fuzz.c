// SPDX-License-Identifier: GPL-2.0
/*
 * Damaged ELF files and damaged tables: mutations of good ones, the same ones
 * every time. The compiler makes only tables that the kernel takes; the check
 * that both share takes none that could lead a walker out of it.
 *
 * usage: test_unwind_fuzz [ROUNDS [GO_PROGRAM]]
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "unwind/damage.h"
#include "unwind/image.h"

#include "unwind/lookup.h"
#include "unwind/unwind.h"

static uint64_t state = 0x9e3779b97f4a7c15;

static uint64_t next_random(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

static void damage(uint8_t *bytes, size_t size, size_t from, size_t to)
{
	static const uint64_t differing_frame[] = {
		0, 1, 0x7f, 0x80, 0xff, 0xffff, 0x7fffffff, 0xffffffff, 0x100000000, ~0ull, ~0ull >> 1,
	};
	int hits = 1 + next_random() % 8;

	while (hits--) {
		uint64_t value = next_random() % 3 ? differing_frame[next_random() % 11] : next_random();
		size_t width = 1 << next_random() % 4, at = from + next_random() % (to - from);

		if (next_random() % 4 == 0)
			at = next_random() % 1024;
		if (at > 5 && at < size - width)
			memcpy(bytes + at, &value, width);
	}
}

/* [from, to): where most of the damage goes. */
static void fuzz_elf(const char *what, const uint8_t *good, size_t size, size_t from, size_t to,
		     int rounds)
{
	uint8_t *bytes = malloc(size);
	int compiled = 0;

	for (int i = 0; i < rounds; i++) {
		size_t cut = next_random() % 16 ? size : 64 + next_random() % (size - 64);

		memcpy(bytes, good, size);
		damage(bytes, size, from, to);
		compiled += !compile_damaged(bytes, cut);
		checks_done++;
	}
	free(bytes);
	printf("%s: %d of %d compiled\n", what, compiled, rounds);
}

static uint8_t *read_file(const char *path, size_t *size)
{
	int fd = open(path, O_RDONLY);
	uint8_t *bytes = NULL;
	struct stat st;

	if (fd >= 0 && !fstat(fd, &st)) {
		bytes = malloc(st.st_size);
		*size = read(fd, bytes, st.st_size);
	}
	close(fd);
	return bytes;
}

static void fuzz_file(const char *path, int rounds)
{
	size_t size;
	uint8_t *bytes = read_file(path, &size);

	if (bytes)
		fuzz_elf(path, bytes, size, 64, size, rounds);
	free(bytes);
}

/* The header of the table of functions, its records, and all behind it. */
static void fuzz_go(const char *path, int rounds)
{
	size_t size;
	uint8_t *bytes = read_file(path, &size), *table;

	table = bytes ? memmem(bytes, size, "\xff\xff\xff\0\0\1\10", 7) : NULL;
	CHECK(table, "%s", path);
	if (table) {
		size_t at = table - 1 - bytes;

		fuzz_elf(path, bytes, size, at, at + 80, rounds);
		fuzz_elf(path, bytes, size, at, size, rounds);
	}
	free(bytes);
}

/* A function with a bit of everything, in both kinds of section. */
static void fuzz_cfi(int rounds)
{
	static const char code[] =
		"\x41\x0e\x10\x86\x02\x43\x0d\x06\x0a\x41\x83\x03\x8c\x04\x41\x0b\x41\x0f\x03\x76\x78"
		"\x06\x41\x10\x03\x02\x76\x70\x05\x06\x02\x41\x0c\x07\x08\x12\x07\x10\x13\x7e\x2e\x10"
		"\x02\x04\x41\x09\x10\x01\x41\x07\x10\x41\xd0\x0f\x0b\x77\x08\x80\x00\x3f\x1a\x3b\x2a"
		"\x33\x24\x22\x03\x10\x00\x16\x06\x02\x77\x10\x04\x10\x00\x00\x00\x0e\x08";
	uint8_t eh[512], debug[512], packed[1024];
	struct image_part part[] = {
		{ .name = ".eh_frame", .data = eh },
		{ .name = ".debug_frame", .data = packed, .flags = SHF_COMPRESSED },
	};
	size_t bytes, size;
	void *image;

	part[0].bytes = image_frame(eh, 1, "zR", 0x1100, 0x100, code, sizeof(code) - 1);
	bytes = image_frame(debug, 0, "", 0x1080, 0x200, code, sizeof(code) - 1);
	part[1].bytes = image_pack(packed, sizeof(packed), debug, bytes);
	image = image_make(part, 2, 0x1400, &size);
	fuzz_elf("instructions", image, size, IMAGE_DATA, size, rounds);
	free(image);
	part[1].data = debug;
	part[1].bytes = bytes;
	part[1].flags = 0;
	image = image_make(part, 2, 0x1400, &size);
	fuzz_elf("instructions, plain", image, size, IMAGE_DATA, size, rounds);
	free(image);
}

/* A table is good with all operations that there are, and with no other. */
static void test_operations(const struct unwind_blob *good)
{
	uint8_t *op = (uint8_t *)good->data + good->bytes - sizeof(struct leaktrace_unwind_rule);
	uint8_t before = *op;

	for (int i = 0; i < 256; i++) {
		*op = i;
		CHECK(unwind_blob_valid(good->data, good->bytes) == (i < __LEAKTRACE_UNWIND_OP_MAX),
		      "%d", i);
	}
	*op = before;
}

/* What the check lets pass can be searched everywhere. */
static void fuzz_table(int rounds)
{
	int fd = open("/proc/self/exe", O_RDONLY), passed = 0;
	struct unwind_blob good, b;

	if (unwind_compile_fd(fd, &good))
		return;
	test_operations(&good);
	b = good;
	b.data = malloc(good.bytes);
	for (int i = 0; i < rounds; i++) {
		const struct leaktrace_unwind_header *h = b.data;

		memcpy(b.data, good.data, good.bytes);
		damage(b.data, good.bytes, 8, i % 2 ? 128 : good.bytes);
		checks_done++;
		if (!unwind_blob_valid(b.data, b.bytes))
			continue;
		passed++;
		for (uint64_t at = 0; at < h->size_bytes; at += 1 + h->size_bytes / 4096)
			CHECK(unwind_lookup(&b, h->base + at));
	}
	printf("tables: %d of %d passed\n", passed, rounds);
	free(b.data);
	unwind_blob_free(&good);
	close(fd);
}

int main(int argc, char **argv)
{
	int rounds = argc > 1 ? atoi(argv[1]) : 200;

	fuzz_cfi(10 * rounds);
	fuzz_table(2 * rounds);
	fuzz_file("/lib64/ld-linux-x86-64.so.2", rounds);
	fuzz_file("/bin/true", rounds);
	if (argc > 2)
		fuzz_go(argv[2], rounds / 4);
	fuzz_elf("vdso", (uint8_t *)getauxval(AT_SYSINFO_EHDR), 4096, 64, 4096, rounds);
	return verdict("unwind fuzz");
}
