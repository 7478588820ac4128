/* SPDX-License-Identifier: GPL-2.0 */
#ifndef LEAKTRACE_UTF8_H
#define LEAKTRACE_UTF8_H

#include <stddef.h>

/* The length of the UTF-8 sequence at s, 1 to 4; 0: it is none. */
size_t utf8_length(const char *s);

/* A copy of s in which what is no UTF-8 is '?'; malloced. */
char *utf8_copy(const char *s);

#endif
