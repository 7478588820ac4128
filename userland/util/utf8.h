/* SPDX-License-Identifier: GPL-2.0 */
#ifndef LEAKTRACE_UTF8_H
#define LEAKTRACE_UTF8_H

/* A malloced copy of s in which bytes that are not valid UTF-8 are '?'. */
char *utf8_copy(const char *s);

#endif
