// SPDX-License-Identifier: GPL-2.0
/*
 * The program that the example in docs/pairs.md watches: it counts what is in folders.
 * count_entries() forgets to close a folder in which there is nothing that it counts.
 *
 * cc -g -O2 -o folders docs/examples/folders.c
 */
#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

static int total;

__attribute__((noinline)) static int count_entries(const char *path)
{
	DIR *folder = opendir(path);
	struct dirent *entry;
	int n = 0;

	if (!folder)
		return 0;
	while ((entry = readdir(folder)))
		n += entry->d_name[0] != '.';
	if (!n)
		return 0;	/* the defect: it stays open */
	closedir(folder);
	return n;
}

int main(void)
{
	mkdir("/tmp/folders.empty", 0700);
	for (unsigned int i = 0; ; i++) {
		total += count_entries(i % 4 ? "/etc" : "/tmp/folders.empty");
		usleep(50000);
	}
}
