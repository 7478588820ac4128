// SPDX-License-Identifier: GPL-2.0
/* Files of pairs: one a line, or the name of a library; a line that begins with # is a comment. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pair/spec.h"

enum { ERROR_BYTES = 256 };

static char *trimmed(char *line)
{
	char *end;

	line += strspn(line, " \t");
	for (end = line + strlen(line); end > line && isspace((unsigned char)end[-1]); end--)
		end[-1] = '\0';
	return line;
}

static int add_lines(struct pair_specs *specs, FILE *f, const char *path, char *err, size_t errlen)
{
	char *line = NULL, *text, why[ERROR_BYTES];
	unsigned int number = 0;
	size_t room = 0;
	int error = 0;

	while (!error && getline(&line, &room, f) >= 0) {
		number++;
		text = trimmed(line);
		if (*text && *text != '#')
			error = pair_specs_add(specs, text, why, sizeof(why));
	}
	if (error)
		snprintf(err, errlen, "%s:%u: %s", path, number, why);
	free(line);
	if (error || !ferror(f))
		return error;
	snprintf(err, errlen, "%s: it cannot be read", path);
	return -EIO;
}

/** pair_specs_add_file() - the pairs of a file */
int pair_specs_add_file(struct pair_specs *specs, const char *path, char *err, size_t errlen)
{
	FILE *f = fopen(path, "re");
	int error;

	if (!f) {
		error = errno;
		snprintf(err, errlen, "%s: %s", path, strerror(error));
		return -error;
	}
	error = add_lines(specs, f, path, err, errlen);
	fclose(f);
	return error;
}
