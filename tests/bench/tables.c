// SPDX-License-Identifier: GPL-2.0
/*
 * What compiling the unwind tables of a process's code takes: processor time, and
 * the kernel memory that the tables will be. No module, no guest, nobody stopped.
 *
 * usage: tables PID
 * Prints "OBJECTS TABLE_BYTES CPU_US": of the files mapped executable, with the cache
 * at $LEAKTRACE_CACHE_DIR, as attach uses it.
 */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "unwind/unwind.h"

struct sum {
	long long objects, bytes;
	uint8_t (*seen)[LEAKTRACE_UNWIND_KEY_BYTES];
};

/* The compiler works in a child. */
static long long cpu_us_of(int who)
{
	struct rusage r;

	getrusage(who, &r);
	return (r.ru_utime.tv_sec + r.ru_stime.tv_sec) * 1000000LL +
	       r.ru_utime.tv_usec + r.ru_stime.tv_usec;
}

/* As in the kernel, an object that is mapped twice has one table. */
static bool first_time(struct sum *all, const uint8_t *key)
{
	for (long long i = 0; i < all->objects; i++)
		if (!memcmp(all->seen[i], key, sizeof(*all->seen)))
			return false;
	all->seen = realloc(all->seen, (all->objects + 1) * sizeof(*all->seen));
	if (!all->seen)
		exit(2);
	memcpy(all->seen[all->objects++], key, sizeof(*all->seen));
	return true;
}

static void add_file(struct sum *all, const char *path)
{
	uint8_t key[LEAKTRACE_UNWIND_KEY_BYTES];
	struct unwind_blob blob;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	if (!unwind_key_fd(fd, key) && first_time(all, key) && !unwind_cached_fd(fd, &blob)) {
		all->bytes += blob.bytes;
		unwind_blob_free(&blob);
	}
	close(fd);
}

int main(int argc, char **argv)
{
	char line[PATH_MAX + 128], path[64], mode[5];
	unsigned long start, end, inode;
	struct sum all = { 0 };
	FILE *maps;

	if (argc != 2) {
		fprintf(stderr, "usage: tables PID\n");
		return 2;
	}
	snprintf(path, sizeof(path), "/proc/%s/maps", argv[1]);
	maps = fopen(path, "r");
	if (!maps) {
		perror(path);
		return 2;
	}
	while (fgets(line, sizeof(line), maps)) {
		if (sscanf(line, "%lx-%lx %4s %*x %*s %lu", &start, &end, mode, &inode) != 4 ||
		    mode[2] != 'x' || !inode)
			continue;
		snprintf(path, sizeof(path), "/proc/%s/map_files/%lx-%lx", argv[1], start, end);
		add_file(&all, path);
	}
	fclose(maps);
	printf("%lld %lld %lld\n", all.objects, all.bytes,
	       cpu_us_of(RUSAGE_SELF) + cpu_us_of(RUSAGE_CHILDREN));
	return 0;
}
