// SPDX-License-Identifier: GPL-2.0
/* /proc/PID/maps, well-formed and not. */
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "util/proc_maps.h"
#include "check.h"

static void parses_fields(void)
{
	struct maps maps;

	CHECK(!maps_parse(strdup(
		"55d0c0000000-55d0c0001000 r--p 00000000 fe:01 1234                       /usr/bin/a b (deleted)\n"
		"55d0c0001000-55d0c0002000 r-xp 00001000 fe:01 1234                       /usr/bin/a b (deleted)\n"
		"7f0000000000-7f0000100000 rwxs 00000000 00:00 0 \n"
		"ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0                  [vsyscall]\n"), &maps));
	CHECK(maps.n == 4, "%zu", maps.n);
	CHECK(maps.map[1].exec && maps.map[1].read && !maps.map[1].write && !maps.map[1].shared);
	CHECK(maps.map[1].offset_bytes == 0x1000 && maps.map[1].inode == 1234);
	CHECK(maps.map[1].dev == makedev(0xfe, 1));
	CHECK(!strcmp(maps.map[1].path, "/usr/bin/a b (deleted)"), "%s", maps.map[1].path);
	CHECK(!*maps.map[2].path && maps.map[2].shared && maps.map[2].write);
	CHECK(maps_find(&maps, 0x55d0c0000fff) == &maps.map[0]);
	CHECK(maps_find(&maps, 0x55d0c0001000) == &maps.map[1]);
	CHECK(!maps_find(&maps, 0x55d0c0002000) && !maps_find(&maps, 0) && !maps_find(&maps, ~0ul));
	CHECK(maps_find(&maps, 0xffffffffff600000) == &maps.map[3]);
	maps_free(&maps);
}

static void skips_nonsense(void)
{
	static const char *const bad[] = {
		"", "\n\n\n", "x", "1-2", "1-2 r", "2-1 r-xp 0 0:0 0 x", "1-2 r-xp 0 0:0", "1-2 r-xp 0 0 0 x",
		"-1-2 r-xp 0 0:0 0", "1-2 r-xp 0 0:0 x", "1-2 r-xp  0:0 0",
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct maps maps;

		CHECK(!maps_parse(strdup(bad[i]), &maps) && !maps.n, "%s: %zu", bad[i], maps.n);
		CHECK(!maps_find(&maps, 1));
		maps_free(&maps);
	}
}

/* One that overlaps its neighbour cannot be true; the rest still counts. */
static void keeps_order(void)
{
	struct maps maps;

	CHECK(!maps_parse(strdup("1000-3000 r-xp 0 0:0 0\n2000-4000 r-xp 0 0:0 0\nrubbish\n"
				 "5000-6000 r-xp 0 0:0 0"), &maps));
	CHECK(maps.n == 2 && maps_find(&maps, 0x5800) == &maps.map[1], "%zu", maps.n);
	maps_free(&maps);
}

static void reads_own(void)
{
	struct maps maps;

	CHECK(!maps_read(getpid(), &maps) && maps.tid == getpid());
	CHECK(maps_find(&maps, (uintptr_t)reads_own) && maps_find(&maps, (uintptr_t)reads_own)->exec);
	maps_free(&maps);
	CHECK(maps_read(0x3fffff, &maps) < 0);
}

int main(void)
{
	parses_fields();
	skips_nonsense();
	keeps_order();
	reads_own();
	return verdict("maps");
}
