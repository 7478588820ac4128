/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Error messages and exit statuses.
 *
 * Functions return 0 or a negative errno unless noted. Those that return
 * EXIT_TROUBLE have printed an error message; their callers print nothing more.
 */
#ifndef LEAKTRACE_UTIL_ERROR_H
#define LEAKTRACE_UTIL_ERROR_H

#include "util/macros.h"

/* Exit status: the contract of every command. */
enum { EXIT_CLEAN = 0, EXIT_LEAKS = 1, EXIT_TROUBLE = 2 };

/* One line on stderr, after what was written to stdout. Always EXIT_TROUBLE. */
int fail(const char *fmt, ...) PRINTF(1, 2);

#endif
