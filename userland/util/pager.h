/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Output that is longer than the terminal goes through a pager, as git's does:
 * $LEAKTRACE_PAGER, $PAGER, or less -FRX; none if that is empty or "cat".
 */
#ifndef LEAKTRACE_UTIL_PAGER_H
#define LEAKTRACE_UTIL_PAGER_H

#include <stdbool.h>
#include <stddef.h>

bool pager_is_wanted(void);	/* standard output is a terminal, and a pager is not refused */
void pager_write(const char *text, size_t len);	/* to standard output, through the pager if it is long */

#endif
