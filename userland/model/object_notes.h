/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What could be seen of objects while their target lived: what some of them were, and
 * which of its threads had exited and nobody had joined.
 */
#ifndef LEAKTRACE_SEEN_H
#define LEAKTRACE_SEEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct object;

struct seen {				/* zeroes: nothing */
	struct example *examples;	/* the newest; older ones make room */
	size_t nexamples, next;
	struct unjoined *unjoined;
	size_t nunjoined, unjoined_room;
	bool sorted;
};

#define THREAD_UNJOINED "exited, never joined"

/* Copies @what. THREAD_UNJOINED is kept apart, and of every thread. */
void seen_put(struct seen *s, const struct object *o, const char *what);

/* NULL: nobody knows. Valid until the next seen_put(). */
const char *seen_what(const struct seen *s, const struct object *o);
bool seen_unjoined(struct seen *s, const struct object *o);

/* Before all of them are put anew: who was joined since is none any more. */
void seen_forget_unjoined(struct seen *s);
void seen_clear(struct seen *s);

#endif
