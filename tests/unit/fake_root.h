/* SPDX-License-Identifier: GPL-2.0 */
/* A folder that a reader of /proc and cgroupfs takes for the root. */
#ifndef FAKE_ROOT_H
#define FAKE_ROOT_H

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "check.h"

static char root[] = "/tmp/leaktrace-root.XXXXXX";

static inline void root_begin(void)
{
	if (!mkdtemp(root))
		exit(1);
}

static inline void root_end(void)
{
	char command[64];

	snprintf(command, sizeof(command), "rm -r %s", root);
	CHECK(!system(command));
}

/* Makes the folders, too. */
static inline void put_file(const char *text, const char *form, ...)
{
	char path[512];
	va_list args;
	FILE *f;
	int n = snprintf(path, sizeof(path), "%s", root);

	va_start(args, form);
	vsnprintf(path + n, sizeof(path) - n, form, args);
	va_end(args);
	for (char *slash = path + n + 1; (slash = strchr(slash, '/')); *slash++ = '/') {
		*slash = '\0';
		mkdir(path, 0755);
	}
	f = fopen(path, "w");
	if (!f || fputs(text, f) < 0 || fclose(f))
		CHECK(0, "%s: %m", path);
}

#endif
