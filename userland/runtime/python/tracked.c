// SPDX-License-Identifier: GPL-2.0
/*
 * Walks the lists of the collector, the young objects first: what moves on to an older
 * list meanwhile is seen twice, and counted once. Each link must lead back to where it
 * came from. One that does not is read again; then one goes back along the list to an
 * object that is still in it; then the list begins anew. During a collection the links
 * backwards are counters: that is waited for. Of the young generations, which may be new
 * thousands of times a second, what was read is kept after some tries.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "runtime/python/process.h"
#include "runtime/python/tracked.h"
#include "util/array.h"
#include "util/units.h"

#define LINK_MASK	(~3ULL)		/* the low bits are the collector's */

enum {
	TRIES = 100, TRIES_YOUNG = 5, WAIT_MS = 10, BACK_MAX = 256, STALE_MAX = 1 << 16,
	OBJECTS_MAX = 1 << 30, SLOTS_FIRST = 1 << 16,
};

/* What is before an object, and its type. */
enum { HEADERS_BYTES = PYTHON_GC_HEAD_BYTES + PYTHON_OBJECT_BYTES };

struct links {
	uint64_t next, previous;
};

static size_t slot_of(const struct python_tracked *t, uint64_t at)
{
	return address_slot(&t->slots, t->at, sizeof(*t->at), at);
}

static bool make_room(struct python_tracked *t)
{
	return array_reserve(t->at, t->at_capacity, t->n, 1) && array_reserve(t->type, t->type_capacity, t->n, 1) &&
	       address_slots_reserve(&t->slots, t->at, sizeof(*t->at), t->n, SLOTS_FIRST);
}

/** python_tracked_find() - the number of the object at an address, or PYTHON_OBJECT_NONE */
uint32_t python_tracked_find(const struct python_tracked *t, uint64_t at)
{
	return t->n ? t->slots.slot[slot_of(t, at)] - 1 : PYTHON_OBJECT_NONE;
}

static bool read_links(struct python_process *p, uint64_t at, struct links *l)
{
	if (!at || at % 8 || !python_read(&p->memory, at, l, sizeof(*l)))
		return false;
	l->next &= LINK_MASK;
	l->previous &= LINK_MASK;
	return true;
}

/* From one object of a list to the next; false: they do not refer to each other. */
static bool step(struct python_process *p, struct python_tracked *t, uint64_t at, uint64_t *next)
{
	struct links here, there;

	for (int i = 0; i < 2; i++) {
		if (read_links(p, at, &here) && read_links(p, here.next, &there) && there.previous == at) {
			*next = here.next;
			return true;
		}
		t->torn++;
		python_renew(&p->memory, at, HEADERS_BYTES);
		if (i || !read_links(p, at, &here))
			break;
		python_renew(&p->memory, here.next, HEADERS_BYTES);
	}
	return false;
}

/* The type of an object, which may have changed since its memory was copied. */
static uint32_t type_of(struct python_process *p, struct python_tracked *t, uint64_t object)
{
	uint64_t at = python_word(&p->memory, object + PYTHON_OBJECT_TYPE), now;
	size_t known = t->types.n;
	uint32_t type = python_type_of(p, &t->types, at);

	if (type != PYTHON_TYPE_NONE && t->types.n == known)
		return type;
	/* the first of its type: the two must have been there together */
	python_renew(&p->memory, object, PYTHON_OBJECT_BYTES);
	now = python_word(&p->memory, object + PYTHON_OBJECT_TYPE);
	if (type != PYTHON_TYPE_NONE && now == at)
		return type;
	t->torn++;
	return python_type_of(p, &t->types, now);
}

/** python_tracked_add() - know one more; 0, also of what is known or has no type, or -errno */
int python_tracked_add(struct python_process *p, struct python_tracked *t, uint64_t object)
{
	uint32_t type;
	size_t i;

	if (t->n >= OBJECTS_MAX)
		return -E2BIG;
	if (!make_room(t))
		return -ENOMEM;
	i = slot_of(t, object);
	if (t->slots.slot[i])
		return 0;
	type = type_of(p, t, object);
	if (type == PYTHON_TYPE_NONE) {
		t->unreadable++;
		return t->types.is_full ? -ENOMEM : 0;
	}
	t->at[t->n] = object;
	t->type[t->n] = type;
	t->slots.slot[i] = ++t->n;
	return 0;
}

static int walk_list(struct python_process *p, struct python_tracked *t, uint64_t head)
{
	size_t began = t->n, back = 0, stale = 0, before;
	uint64_t at = head, next;
	int error = 0;

	/* what comes without anything new is young objects that have moved on, or a circle */
	while (!error && stale <= t->n + STALE_MAX) {
		if (!step(p, t, at, &next)) {
			if (++back > BACK_MAX || back > t->n - began + 1)
				return -EAGAIN;
			at = back > t->n - began ? head : t->at[t->n - back] - PYTHON_GC_HEAD_BYTES;
			continue;
		}
		if (next == head)
			return 0;
		before = t->n;
		at = next;
		error = python_tracked_add(p, t, at + PYTHON_GC_HEAD_BYTES);
		stale = t->n == before ? stale + 1 : 0;
		back = t->n == before ? back : 0;
	}
	return error ?: -EAGAIN;
}

/* What was added since then; the last first, as a hash table without marks for the deleted wants it. */
static void forget(struct python_tracked *t, size_t n)
{
	while (t->n > n) {
		t->slots.slot[slot_of(t, t->at[t->n - 1])] = 0;
		t->n--;
	}
}

static bool is_collecting(struct python_process *p, uint64_t interpreter)
{
	uint64_t at = interpreter + p->layout.generations + PYTHON_COLLECTING;

	python_renew(&p->memory, at, sizeof(uint32_t));
	return (uint32_t)python_word(&p->memory, at);
}

static int wait_a_little(struct python_process *p)
{
	const struct timespec wait = { .tv_nsec = WAIT_MS * NSEC_PER_SEC / 1000 };

	nanosleep(&wait, NULL);
	python_memory_drop(&p->memory);
	return python_is_alive(p) ? 0 : -ESRCH;
}

static int read_list(struct python_process *p, struct python_tracked *t, uint64_t interpreter, int list)
{
	uint64_t head = interpreter + p->layout.generations +
		(list < PYTHON_GENERATIONS ? list * PYTHON_GENERATION_BYTES : PYTHON_PERMANENT);
	bool is_young = list < PYTHON_GENERATIONS - 1;
	int tries = is_young ? TRIES_YOUNG : TRIES, error = -EAGAIN;
	uint64_t unreadable = t->unreadable;
	size_t began = t->n;

	for (int i = 0; i < tries && error == -EAGAIN; i++) {
		if (i) {
			forget(t, began);
			t->unreadable = unreadable;
			t->restarts++;
			if (wait_a_little(p))
				return -ESRCH;
		}
		python_renew(&p->memory, head, sizeof(struct links));
		if (!is_collecting(p, interpreter))
			error = walk_list(p, t, head);
	}
	if (error == -EAGAIN && is_young) {
		t->is_cut = true;
		error = 0;
	}
	t->objects[list] += t->n - began;
	return error;
}

/**
 * python_tracked_read() - read the lists of all interpreters
 *
 * Return: 0; -EAGAIN: they changed each time; or another -errno.
 */
int python_tracked_read(struct python_process *p, struct python_tracked *t)
{
	uint64_t at[PYTHON_INTERPRETERS_MAX];
	int error = 0;

	t->interpreters = python_interpreters(p, at);
	for (size_t i = 0; i < t->interpreters; i++)
		for (int list = 0; list < PYTHON_LISTS && !error; list++)
			error = read_list(p, t, at[i], list);
	return error ?: t->interpreters ? 0 : -EFAULT;
}

/** python_tracked_free() - release it */
void python_tracked_free(struct python_tracked *t)
{
	free(t->at);
	free(t->type);
	free(t->slots.slot);
	python_types_free(&t->types);
	memset(t, 0, sizeof(*t));
}
