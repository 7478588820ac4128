/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A file that is there as a whole or not at all: it is written beside its place, and
 * put there at the end. What is no regular file is written to as it is.
 */
#ifndef LEAKTRACE_UTIL_ATOMIC_FILE_H
#define LEAKTRACE_UTIL_ATOMIC_FILE_H

#include <stdbool.h>
#include <stdio.h>

struct atomic_file {
	FILE *f;			/* to be written to */
	char *path, *tmp;		/* tmp NULL: written in place */
};

int atomic_file_open(struct atomic_file *r, const char *path);	/* 0 or -errno */

/* In a directory whose owner may have put a link or a pipe there: that is replaced. */
int atomic_file_open_inside(struct atomic_file *r, const char *path);

/* Ends what either of them has opened; keep: put it in place. 0 or -errno. */
int atomic_file_close(struct atomic_file *r, bool keep);

#endif
