// SPDX-License-Identifier: GPL-2.0
/*
 * Whoever looks at a file that is replaced sees the old one or the new one,
 * never a part.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "report/output.h"

/* A new file beside path, with the mode that fopen() would give. */
static FILE *open_beside(const char *path, char **tmp)
{
	mode_t mask = umask(0);
	FILE *f;
	int fd;

	umask(mask);
	*tmp = text("%s.XXXXXX", path);
	fd = *tmp ? mkstemp(*tmp) : -1;
	if (fd < 0)
		return NULL;
	f = fchmod(fd, 0666 & ~mask) ? NULL : fdopen(fd, "w");
	if (!f) {
		unlink(*tmp);
		close(fd);
	}
	return f;
}

static int start(struct replacement *r, const char *path, bool in_place)
{
	int err;

	memset(r, 0, sizeof(*r));
	r->path = strdup(path);
	if (!r->path)
		return -ENOMEM;
	if (in_place)
		r->f = fopen(path, "we");
	else
		r->f = open_beside(path, &r->tmp);
	if (r->f)
		return 0;
	err = errno;
	free(r->path);
	free(r->tmp);
	return -err;
}

/* A link is followed: who named it wants what it leads to replaced, and it kept. */
int replace_open(struct replacement *r, const char *path)
{
	struct stat st;
	char *real = NULL;
	int err;

	if (!lstat(path, &st) && S_ISLNK(st.st_mode))
		real = realpath(path, NULL);
	err = start(r, real ?: path, !lstat(real ?: path, &st) && !S_ISREG(st.st_mode));
	free(real);
	return err;
}

int replace_open_inside(struct replacement *r, const char *path)
{
	return start(r, path, false);
}

int replace_close(struct replacement *r, bool keep)
{
	int err = fflush(r->f) || ferror(r->f) ? errno ?: EIO : 0;

	/* what replaces something is on the disk before */
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
