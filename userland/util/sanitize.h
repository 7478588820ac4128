/* SPDX-License-Identifier: GPL-2.0 */
#ifndef LEAKTRACE_TAME_H
#define LEAKTRACE_TAME_H

#include <stdbool.h>
#include <stddef.h>

/* Is there nothing in the first len bytes, or up to its end, that a terminal would obey? */
bool is_tame(const char *s, size_t len);
char *tame(char *s);		/* makes it so, in place, each byte a '?'; NULL is fine */

#endif
