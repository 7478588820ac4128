// SPDX-License-Identifier: GPL-2.0
/*
 * Notes on objects, taken while their target lived. There are many more
 * candidates than a report shows, and live objects are described again in each
 * sample: the oldest notes are dropped. Whether a thread was joined decides a
 * verdict, so those notes are never dropped.
 */
#include <stdlib.h>
#include <string.h>

#include "model/object.h"
#include "model/object_notes.h"
#include "util/array.h"

enum { EXAMPLES = 4096, UNJOINED_MAX = 1 << 22 };

struct object_note {
	uint8_t kind;
	uint32_t space;
	uint64_t id, born_ns;
	char *what;
};

struct unjoined {
	uint64_t id, born_ns;
};

static struct object_note *find(const struct object_notes *s, const struct object *o)
{
	for (size_t i = 0; i < s->nexamples; i++) {
		struct object_note *e = &s->examples[i];

		if (e->id == o->id && e->kind == o->kind && e->space == o->space &&
		    e->born_ns == o->born_ns)
			return e;
	}
	return NULL;
}

/* Where a new note goes. */
static struct object_note *place(struct object_notes *s)
{
	struct object_note *e;

	if (!s->examples)
		s->examples = calloc(EXAMPLES, sizeof(*s->examples));
	if (!s->examples)
		return NULL;
	e = &s->examples[s->next++ % EXAMPLES];
	if (s->nexamples < EXAMPLES)
		s->nexamples++;
	return e;
}

static void put_unjoined(struct object_notes *s, const struct object *o)
{
	if (s->nunjoined >= UNJOINED_MAX ||
	    !array_reserve(s->unjoined, s->unjoined_room, s->nunjoined, 1))
		return;
	s->unjoined[s->nunjoined++] = (struct unjoined){ o->id, o->born_ns };
	s->sorted = false;
}

void object_notes_add(struct object_notes *s, const struct object *o, const char *what)
{
	struct object_note *e;
	char *copy;

	if (!strcmp(what, THREAD_UNJOINED)) {
		put_unjoined(s, o);
		return;
	}
	copy = strdup(what);
	e = copy ? find(s, o) ?: place(s) : NULL;
	if (!e) {
		free(copy);
		return;
	}
	free(e->what);
	*e = (struct object_note){
		.kind = o->kind, .space = o->space, .id = o->id, .born_ns = o->born_ns,
		.what = copy,
	};
}

const char *object_notes_find(const struct object_notes *s, const struct object *o)
{
	const struct object_note *e = find(s, o);

	return e ? e->what : NULL;
}

static int by_birth(const void *a, const void *b)
{
	const struct unjoined *x = a, *y = b;

	if (x->born_ns != y->born_ns)
		return x->born_ns > y->born_ns ? 1 : -1;
	return (x->id > y->id) - (x->id < y->id);
}

bool object_notes_unjoined(struct object_notes *s, const struct object *o)
{
	struct unjoined key = { o->id, o->born_ns };

	if (!s->nunjoined)
		return false;
	if (!s->sorted)
		qsort(s->unjoined, s->nunjoined, sizeof(key), by_birth);
	s->sorted = true;
	return bsearch(&key, s->unjoined, s->nunjoined, sizeof(key), by_birth);
}

void object_notes_forget_unjoined(struct object_notes *s)
{
	s->nunjoined = 0;
}

void object_notes_clear(struct object_notes *s)
{
	for (size_t i = 0; i < s->nexamples; i++)
		free(s->examples[i].what);
	free(s->examples);
	free(s->unjoined);
	memset(s, 0, sizeof(*s));
}
