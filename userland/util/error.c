// SPDX-License-Identifier: GPL-2.0
#include <stdarg.h>
#include <stdio.h>

#include "util/error.h"

int fail(const char *fmt, ...)
{
	va_list args;

	fflush(stdout);
	fputs("leaktrace: ", stderr);
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fputc('\n', stderr);
	return EXIT_TROUBLE;
}
