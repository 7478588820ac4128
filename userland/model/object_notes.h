/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Notes on objects, taken while their target lived: descriptions of some, and
 * which of its threads had exited without being joined.
 */
#ifndef LEAKTRACE_SEEN_H
#define LEAKTRACE_SEEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct object;

struct seen {				/* zeroes: nothing */
	struct example *examples;	/* the newest; older ones are dropped */
	size_t nexamples, next;
	struct unjoined *unjoined;
	size_t nunjoined, unjoined_room;
	bool sorted;
};

#define THREAD_UNJOINED "exited, never joined"

/* Copies @what. THREAD_UNJOINED is stored separately, for every thread. */
void seen_put(struct seen *s, const struct object *o, const char *what);

/* NULL: unknown. Valid until the next */
const char *seen_what(const struct seen *s, const struct object *o);
bool seen_unjoined(struct seen *s, const struct object *o);

/* Called before all of them are added again: threads may have been joined since. */
void seen_forget_unjoined(struct seen *s);
void seen_clear(struct seen *s);

#endif
