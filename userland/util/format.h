/* SPDX-License-Identifier: GPL-2.0 */
/* Numbers and times as text. Functions with a buffer return it. */
#ifndef LEAKTRACE_UTIL_FORMAT_H
#define LEAKTRACE_UTIL_FORMAT_H

#include <stddef.h>
#include <stdint.h>

#include "util/macros.h"

const char *format_count(uint64_t n, char buf[32]);		/* 12,345 */
const char *format_bytes(uint64_t bytes, char buf[32]);		/* 1.2 MiB */
const char *format_seconds(double s, char buf[32]);		/* 92 s, 40 ms; "?": negative, infinite */

/* A wall clock's seconds since 1970 as RFC 3339 in UTC, with milliseconds. */
void format_time(double wall_s, char *buf, size_t len);

const char *format_count_change(int64_t n, char buf[40]);	/* +304 */
const char *format_bytes_change(int64_t bytes, char buf[40]);	/* -1.5 MiB */
const char *path_base(const char *path);	/* after its last slash */
const char *path_short(const char *path);	/* with its last folder, unless that is long */
const char *path_tail(const char *path, size_t width);	/* what fits, without a mark; points into path */
/*
 * Its last components, after "…/" if others were left out, in this many columns; the
 * base name in any case. Leading "./" and "../" are left out without a mark. Returns buf.
 */
const char *path_fit(const char *path, size_t columns, char *buf, size_t len);

/* printf() to a malloced string. */
char *strdup_printf(const char *fmt, ...) PRINTF(1, 2);

#endif
