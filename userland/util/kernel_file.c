// SPDX-License-Identifier: GPL-2.0
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "util/kernel_file.h"

unsigned int kernel_file_lines(const char *path, const struct kernel_line *lines, unsigned int scale)
{
	FILE *f = fopen(path, "re");
	char row[256], name[64];
	unsigned int found = 0;
	unsigned long long n;

	while (f && fgets(row, sizeof(row), f)) {
		if (sscanf(row, "%63[^: ]%*[: \t]%llu", name, &n) != 2)
			continue;
		for (const struct kernel_line *l = lines; l->name; l++)
			if (!strcmp(l->name, name)) {
				*l->to += n * scale;
				found++;
			}
	}
	if (f)
		fclose(f);
	return found;
}

uint64_t kernel_file_number(const char *path)
{
	FILE *f = fopen(path, "re");
	unsigned long long n = 0;

	if (f && fscanf(f, "%llu", &n) != 1)
		n = 0;
	if (f)
		fclose(f);
	return n;
}

uint64_t kernel_file_number_under(const char *dir, const char *file)
{
	char path[PATH_MAX];

	if (snprintf(path, sizeof(path), "%s/%s", dir, file) >= (int)sizeof(path))
		return 0;
	return kernel_file_number(path);
}
