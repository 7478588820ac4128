/* SPDX-License-Identifier: GPL-2.0 */
/* Processes that a session traces because a selector has found them. */
#ifndef LEAKTRACE_SESSION_SELECTION_H
#define LEAKTRACE_SESSION_SELECTION_H

#include <stdbool.h>

struct session;

/* Without a selector, nothing. 0, or EXIT_TROUBLE after an error message: none was found. */
int selection_begin(struct session *s);
void selection_rescan(struct session *s, bool now);	/* now: even if the last scan was recent */

#endif
