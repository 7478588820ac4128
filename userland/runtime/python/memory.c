// SPDX-License-Identifier: GPL-2.0
/* Copies of memory, in pieces that begin at multiples of their size. */
#include <stdlib.h>
#include <string.h>

#include "runtime/python/memory.h"
#include "util/array.h"
#include "util/proc_maps.h"
#include "util/process_memory.h"
#include "util/units.h"

enum { COPY_BYTES = 32768, COPY_PAGES = COPY_BYTES / PAGE_BYTES, SLOTS_FIRST = 1024 };

struct python_copy {
	uint64_t at;
	unsigned char *bytes;		/* NULL: to be read */
	unsigned int readable;		/* a bit for each page */
};

static size_t slot_of(const struct python_memory *m, uint64_t at)
{
	return address_slot(&m->slots, &m->copy->at, sizeof(*m->copy), at);
}

static bool make_room(struct python_memory *m)
{
	return array_reserve(m->copy, m->capacity, m->copies, 1) &&
	       address_slots_reserve(&m->slots, &m->copy->at, sizeof(*m->copy), m->copies, SLOTS_FIRST);
}

/* What lies in one mapping, or in none that is known. */
static bool read_part(const struct python_memory *m, uint64_t at, void *to, size_t bytes)
{
	const struct map *map = maps_find(m->maps, at);

	/* what was never touched of a file has the file's content */
	if (!map || map->inode)
		return !memory_read(m->tid, at, to, bytes);
	return !memory_read_populated(m->tid, m->pagemap, at, to, bytes);
}

static void fill(struct python_memory *m, struct python_copy *c)
{
	const struct map *map = maps_find(m->maps, c->at);

	m->read_bytes += COPY_BYTES;
	c->readable = (1U << COPY_PAGES) - 1;
	if (map && map->end - c->at >= COPY_BYTES && read_part(m, c->at, c->bytes, COPY_BYTES))
		return;
	for (unsigned int i = 0; i < COPY_PAGES; i++)
		if (!read_part(m, c->at + i * PAGE_BYTES, c->bytes + i * PAGE_BYTES, PAGE_BYTES))
			c->readable &= ~(1U << i);
}

/* The copy of the piece that begins there; NULL: no memory. */
static const struct python_copy *copy_at(struct python_memory *m, uint64_t at)
{
	struct python_copy *c;
	size_t i;

	if (m->copies && m->last_at == at && m->copy[m->last].bytes)
		return &m->copy[m->last];
	if ((m->copies + 1) * COPY_BYTES > m->max_bytes)
		python_memory_drop(m);
	if (!make_room(m))
		return NULL;
	i = slot_of(m, at);
	if (!m->slots.slot[i]) {
		m->copy[m->copies] = (struct python_copy){ .at = at };
		m->slots.slot[i] = ++m->copies;
	}
	m->last = m->slots.slot[i] - 1;
	m->last_at = at;
	c = &m->copy[m->last];
	if (!c->bytes) {
		c->bytes = malloc(COPY_BYTES);
		if (!c->bytes)
			return NULL;
		fill(m, c);
	}
	return c;
}

/** python_read() - read memory of the process, from a copy if there is one */
bool python_read(struct python_memory *m, uint64_t at, void *to, size_t bytes)
{
	if (at + bytes < at)
		return false;
	if (m->is_direct)
		return !memory_read(m->tid, at, to, bytes);
	while (bytes) {
		uint64_t into = at % COPY_BYTES;
		size_t run = COPY_BYTES - into < bytes ? COPY_BYTES - into : bytes;
		const struct python_copy *c = copy_at(m, at - into);
		unsigned int first = into / PAGE_BYTES, last = (into + run - 1) / PAGE_BYTES;
		unsigned int needed = (2U << last) - (1U << first);

		if (!c || (c->readable & needed) != needed)
			return false;
		memcpy(to, c->bytes + into, run);
		at += run;
		to = (char *)to + run;
		bytes -= run;
	}
	return true;
}

/** python_word() - read one word; 0 if it is not mapped */
uint64_t python_word(struct python_memory *m, uint64_t at)
{
	uint64_t word = 0;

	return at && python_read(m, at, &word, sizeof(word)) ? word : 0;
}

static void renew_part(struct python_memory *m, uint64_t at, size_t bytes)
{
	uint64_t into = at % COPY_BYTES;
	struct python_copy *c;
	size_t i = m->slots.n ? slot_of(m, at - into) : 0;

	if (!m->slots.n || !m->slots.slot[i])
		return;
	c = &m->copy[m->slots.slot[i] - 1];
	if (!c->bytes)
		return;
	m->renewed++;
	if (memory_read(m->tid, at, c->bytes + into, bytes))
		c->readable &= ~(1U << into / PAGE_BYTES);
}

/** python_renew() - copy again, if there is a copy of it */
void python_renew(struct python_memory *m, uint64_t at, size_t bytes)
{
	while (bytes && at + bytes > at) {
		size_t run = PAGE_BYTES - at % PAGE_BYTES < bytes ? PAGE_BYTES - at % PAGE_BYTES : bytes;

		renew_part(m, at, run);
		at += run;
		bytes -= run;
	}
}

/** python_memory_drop() - forget all copies */
void python_memory_drop(struct python_memory *m)
{
	for (size_t i = 0; i < m->copies; i++)
		free(m->copy[i].bytes);
	m->copies = 0;
	if (m->slots.n)
		memset(m->slots.slot, 0, m->slots.n * sizeof(*m->slots.slot));
}

/** python_memory_free() - release it */
void python_memory_free(struct python_memory *m)
{
	python_memory_drop(m);
	free(m->copy);
	free(m->slots.slot);
	m->copy = NULL;
	m->slots = (struct address_slots){ 0 };
	m->capacity = 0;
}
