// SPDX-License-Identifier: GPL-2.0
/*
 * Writes a file so that readers see either the old content or the new, never a
 * part: it is written under another name in the same directory and renamed when
 * it is complete.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/atomic_file.h"
#include "util/format.h"

/* A temporary file next to path, with the mode that fopen() would give it, or for us alone. */
static FILE *open_beside(const char *path, bool private, char **tmp)
{
	mode_t mask = umask(0);
	FILE *f;
	int fd;

	umask(mask);
	*tmp = strdup_printf("%s.XXXXXX", path);
	fd = *tmp ? mkstemp(*tmp) : -1;
	if (fd < 0)
		return NULL;
	f = fchmod(fd, private ? 0600 : 0666 & ~mask) ? NULL : fdopen(fd, "w");
	if (!f) {
		unlink(*tmp);
		close(fd);
	}
	return f;
}

static int start(struct atomic_file *r, const char *path, bool in_place, bool private)
{
	int err;

	memset(r, 0, sizeof(*r));
	r->path = strdup(path);
	if (!r->path)
		return -ENOMEM;
	if (in_place)
		r->f = fopen(path, "we");
	else
		r->f = open_beside(path, private, &r->tmp);
	if (r->f)
		return 0;
	err = errno;
	free(r->path);
	free(r->tmp);
	return -err;
}

/* Follows a symlink: the file it points to is replaced, and the link stays. */
int atomic_file_open(struct atomic_file *r, const char *path)
{
	struct stat st;
	char *real = NULL;
	int err;

	if (!lstat(path, &st) && S_ISLNK(st.st_mode))
		real = realpath(path, NULL);
	err = start(r, real ?: path, !lstat(real ?: path, &st) && !S_ISREG(st.st_mode), false);
	free(real);
	return err;
}

int atomic_file_open_inside(struct atomic_file *r, const char *path)
{
	return start(r, path, false, false);
}

int atomic_file_open_private(struct atomic_file *r, const char *path)
{
	return start(r, path, false, true);
}

int atomic_file_close(struct atomic_file *r, bool keep)
{
	int err = fflush(r->f) || ferror(r->f) ? errno ?: EIO : 0;

	/* The new content must be on disk before it replaces the old. */
	if (r->tmp && keep && !err && fsync(fileno(r->f)))
		err = errno;
	if (fclose(r->f) && !err)
		err = errno;
	if (r->tmp && keep && !err && rename(r->tmp, r->path))
		err = errno;
	if (r->tmp && (err || !keep))
		unlink(r->tmp);
	free(r->path);
	free(r->tmp);
	return -err;
}
