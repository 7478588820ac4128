/* SPDX-License-Identifier: GPL-2.0 */
/* Opens the doors of the pairs that are followed in a target. */
#ifndef LEAKTRACE_SESSION_PAIR_DOORS_H
#define LEAKTRACE_SESSION_PAIR_DOORS_H

struct session;
struct traced;

/* Opens those of libraries that have been loaded since the last time. Called once a second. */
void pair_doors_try(struct session *s, struct traced *t);

/* The target runs another program. */
void pair_doors_forget(struct traced *t);

#endif
