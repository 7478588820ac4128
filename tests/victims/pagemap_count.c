// SPDX-License-Identifier: GPL-2.0
/*
 * Populated pages, present or swapped out, as /proc/PID/pagemap has them.
 *
 * usage: pagemap_count PID START END    of an address range
 *        pagemap_count PID              of all anonymous and shared-anonymous
 *                                       memory
 *        pagemap_count PID list START END   frame numbers, one a line
 * Prints "populated=N present=N swapped=N". Needs root.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PRESENT (1ULL << 63)
#define SWAPPED (1ULL << 62)

static unsigned long present, swapped;
static int pagemap;

static void count(uint64_t start, uint64_t end, bool list)
{
	static uint64_t entries[4096];
	uint64_t page = start / 4096, last = (end + 4095) / 4096;

	while (page < last) {
		size_t want = last - page < 4096 ? last - page : 4096;
		ssize_t got = pread(pagemap, entries, want * 8, page * 8);

		if (got <= 0)
			break;
		for (ssize_t i = 0; i < got / 8; i++) {
			present += !!(entries[i] & PRESENT);
			swapped += !!(entries[i] & SWAPPED);
			if (list && (entries[i] & PRESENT))
				printf("%llu\n", (unsigned long long)(entries[i] & ((1ULL << 55) - 1)));
		}
		page += got / 8;
	}
}

static int all(const char *pid)
{
	char path[64], line[4500], perms[8], name[4200];
	uint64_t start, end, inode;
	FILE *maps;

	snprintf(path, sizeof(path), "/proc/%s/maps", pid);
	maps = fopen(path, "r");
	if (!maps)
		return 1;
	while (fgets(line, sizeof(line), maps)) {
		name[0] = 0;
		if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %7s %*x %*s %" SCNu64 " %4199[^\n]",
			   &start, &end, perms, &inode, name) < 4)
			continue;
		if (!strncmp(name, "[v", 2))
			continue;
		/* private without a file; shared without a mounted file system */
		if (perms[3] == 'p' ? !inode :
		    !strncmp(name, "/dev/zero", 9) || !strncmp(name, "/SYSV", 5) ||
		    !strncmp(name, "/memfd:", 7))
			count(start, end, false);
	}
	fclose(maps);
	return 0;
}

int main(int argc, char **argv)
{
	char path[64];
	bool list = argc == 5 && !strcmp(argv[2], "list");

	if (argc != 2 && argc != 4 && !list) {
		fprintf(stderr, "usage: pagemap_count PID [START END]\n");
		return 2;
	}
	snprintf(path, sizeof(path), "/proc/%s/pagemap", argv[1]);
	pagemap = open(path, O_RDONLY);
	if (pagemap < 0) {
		perror(path);
		return 1;
	}
	if (argc == 2) {
		if (all(argv[1]))
			return 1;
	} else {
		count(strtoull(argv[argc - 2], NULL, 0), strtoull(argv[argc - 1], NULL, 0),
		      list);
	}
	if (!list)
		printf("populated=%lu present=%lu swapped=%lu\n", present + swapped,
		       present, swapped);
	return 0;
}
