/* SPDX-License-Identifier: GPL-2.0 */
#ifndef LEAKTRACE_UTF8_H
#define LEAKTRACE_UTF8_H

#include <stddef.h>

/* The length of the valid UTF-8 sequence at s, 1 to 4, or 0. */
size_t utf8_length(const char *s);

/* A malloced copy of s in which bytes that are not valid UTF-8 are '?'. */
char *utf8_copy(const char *s);

#endif
