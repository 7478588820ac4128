/* SPDX-License-Identifier: GPL-2.0 */
#ifndef LEAKTRACE_TAME_H
#define LEAKTRACE_TAME_H

#include <stdbool.h>
#include <stddef.h>

/* Whether s, up to len bytes or its end, has no control characters. */
bool is_sanitized(const char *s, size_t len);
char *sanitize(char *s);		/* replaces each byte of a control character by '?', in place; NULL is fine */

#endif
