/* SPDX-License-Identifier: GPL-2.0 */
/* What the symbolizer's tests share: a check that counts, and its verdict. */
#ifndef SYMBOL_CHECK_H
#define SYMBOL_CHECK_H

#include <stdio.h>

static int checks_failed, checks_done;

#define CHECK(condition, ...)							\
	do {									\
		checks_done++;							\
		if (!(condition) && ++checks_failed <= 6) {			\
			fprintf(stderr, "%s:%d: %s: ", __FILE__, __LINE__, #condition); \
			fprintf(stderr, " " __VA_ARGS__);			\
			fputc('\n', stderr);					\
		}								\
	} while (0)

static inline int verdict(const char *what)
{
	printf("%s: %d checks, %d failed\n", what, checks_done, checks_failed);
	return checks_failed != 0;
}

#endif
