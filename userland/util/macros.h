/* SPDX-License-Identifier: GPL-2.0 */
/* Macros. */
#ifndef LEAKTRACE_UTIL_MACROS_H
#define LEAKTRACE_UTIL_MACROS_H

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

/* Checks arguments against a format: fmt and first are their positions, from 1. */
#define PRINTF(fmt, first)	__attribute__((format(printf, fmt, first)))

#endif
