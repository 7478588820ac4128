/* SPDX-License-Identifier: GPL-2.0 */
/* Numbers in files of /proc and cgroupfs. */
#ifndef LEAKTRACE_UTIL_KERNEL_FILE_H
#define LEAKTRACE_UTIL_KERNEL_FILE_H

#include <stdint.h>

/* A line "NAME NUMBER", with a colon behind the name or not, and what its number is added to. */
struct kernel_line {
	const char *name;		/* NULL: the end of the list */
	uint64_t *to;
};

/* Numbers are of scale bytes. Returns how many of these lines the file has; 0 if it cannot be read. */
unsigned int kernel_file_lines(const char *path, const struct kernel_line *lines, unsigned int scale);

/* The number that the file begins with; 0: none, or "max". */
uint64_t kernel_file_number(const char *path);
uint64_t kernel_file_number_under(const char *dir, const char *file);

#endif
