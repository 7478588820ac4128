/* SPDX-License-Identifier: GPL-2.0 */
/* What the frames of a target's script mean, as long as the target can be asked. */
#ifndef LEAKTRACE_SESSION_SCRIPT_NAMES_H
#define LEAKTRACE_SESSION_SCRIPT_NAMES_H

struct client;
struct traced;

/* Often, while the target lives: an interpreter may begin, and code may go, at any time. */
void script_names_tick(struct client *c, struct traced *t);

/* The last chance: the target is about to exit. */
void script_names_last(struct client *c, struct traced *t);

#endif
