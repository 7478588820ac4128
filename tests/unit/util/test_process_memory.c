// SPDX-License-Identifier: GPL-2.0
/* Reading memory that nobody has touched says zeros, and does not touch it. */
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "util/process_memory.h"
#include "util/units.h"
#include "check.h"

enum { PAGES = 1200 };			/* more than are asked for at once */

static int pagemap;

static size_t touched(const unsigned char *at)
{
	uint64_t entry[PAGES];
	size_t n = 0;

	CHECK(pread(pagemap, entry, sizeof(entry), (uintptr_t)at / PAGE_BYTES * 8) == sizeof(entry));
	for (size_t i = 0; i < PAGES; i++)
		n += entry[i] >> 62 != 0;
	return n;
}

/* Every third page, and one at each end of what is asked for at once. */
static bool is_used(size_t page)
{
	return page % 3 == 1 || page == 511 || page == 512;
}

static void read_parts(const unsigned char *memory, size_t from, size_t bytes)
{
	static unsigned char copy[PAGES * PAGE_BYTES];
	size_t wrong = 0;

	memset(copy, 0x55, bytes);
	CHECK(!memory_read_populated(getpid(), pagemap, (uintptr_t)memory + from, copy, bytes));
	for (size_t i = 0; i < bytes; i++)
		wrong += copy[i] != (is_used((from + i) / PAGE_BYTES) ? (from + i) % 251 : 0);
	CHECK(!wrong, "%zu bytes from %zu: %zu wrong", bytes, from, wrong);
}

int main(void)
{
	unsigned char *memory = mmap(NULL, PAGES * PAGE_BYTES, PROT_READ | PROT_WRITE,
				     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	size_t before;
	char byte;

	pagemap = open("/proc/self/pagemap", O_RDONLY);
	madvise(memory, PAGES * PAGE_BYTES, MADV_NOHUGEPAGE);
	for (size_t i = 0; i < PAGES * PAGE_BYTES; i++)
		if (is_used(i / PAGE_BYTES))
			memory[i] = i % 251;
	before = touched(memory);
	CHECK(before == PAGES / 3 + 1, "%zu", before);	/* 511 is one of the thirds */
	read_parts(memory, 0, PAGES * PAGE_BYTES);
	read_parts(memory, 4095, 2);
	read_parts(memory, 511 * PAGE_BYTES + 7, PAGE_BYTES);
	read_parts(memory, 100, 600 * PAGE_BYTES);
	read_parts(memory, 3 * PAGE_BYTES, PAGE_BYTES);
	CHECK(touched(memory) == before, "reading has touched %zu", touched(memory) - before);
	/* nobody says what is there: as it always was */
	CHECK(!memory_read_populated(getpid(), -1, (uintptr_t)memory + PAGE_BYTES, &byte, 1) && byte == 80);
	CHECK(memory_read_populated(getpid(), -1, 8, &byte, 1) < 0);
	return verdict("memory");
}
