/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Notes on objects, taken while their target lived: descriptions of some, and
 * which of its threads had exited without being joined.
 */
#ifndef LEAKTRACE_OBJECT_NOTES_H
#define LEAKTRACE_OBJECT_NOTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct object;

struct object_notes {				/* zeroes: nothing */
	struct object_note *examples;	/* the newest; older ones are dropped */
	size_t nexamples, next;
	struct unjoined *unjoined;
	size_t nunjoined, unjoined_room;
	bool sorted;
};

#define THREAD_UNJOINED "exited, never joined"

/* Copies @what. THREAD_UNJOINED is stored separately, for every thread. */
void object_notes_add(struct object_notes *s, const struct object *o, const char *what);

/* NULL: unknown. Valid until the next object_notes_add(). */
const char *object_notes_find(const struct object_notes *s, const struct object *o);
bool object_notes_unjoined(struct object_notes *s, const struct object *o);

/* Called before all of them are added again: threads may have been joined since. */
void object_notes_forget_unjoined(struct object_notes *s);
void object_notes_clear(struct object_notes *s);

#endif
