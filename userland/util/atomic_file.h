/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A file that appears complete or not at all: it is written under a temporary
 * name and renamed at the end. Devices and pipes are written to directly.
 */
#ifndef LEAKTRACE_UTIL_ATOMIC_FILE_H
#define LEAKTRACE_UTIL_ATOMIC_FILE_H

#include <stdbool.h>
#include <stdio.h>

struct atomic_file {
	FILE *f;			/* write to this */
	char *path, *tmp;		/* tmp NULL: written in place */
};

int atomic_file_open(struct atomic_file *r, const char *path);	/* 0 or -errno */

/* For directories in which others may have put a symlink or FIFO: that is replaced. */
int atomic_file_open_inside(struct atomic_file *r, const char *path);

/* As that; nobody else may read it. */
int atomic_file_open_private(struct atomic_file *r, const char *path);

/* Closes it; keep: rename it to its final name. 0 or -errno. */
int atomic_file_close(struct atomic_file *r, bool keep);

#endif
