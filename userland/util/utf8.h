/* SPDX-License-Identifier: GPL-2.0 */
#ifndef LEAKTRACE_UTF8_H
#define LEAKTRACE_UTF8_H

#include <stddef.h>
#include <stdint.h>

/* Writes a code point up to U+10FFFF as 1 to 4 bytes, and returns how many. */
size_t utf8_put(uint32_t c, char *to);

/* A malloced copy of s in which bytes that are not valid UTF-8 are '?'. */
char *utf8_copy(const char *s);

#endif
