/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The memory of a CPython 3.11 that never was: an interpreter with a module __main__,
 * whose variable "keep" is a list of objects of a class Thing, each with a string in its
 * dictionary. Offsets are into the memory; what is an address there begins with base.
 */
#ifndef MADE_PYTHON_H
#define MADE_PYTHON_H

#include <stdint.h>
#include <string.h>

enum { MADE_BYTES = 12288, MADE_THINGS = 5 };

/* Where things are in it. */
enum {
	MADE_RUNTIME = 0, MADE_INTERPRETER = 0x80, MADE_LISTS = MADE_INTERPRETER + 672, MADE_FREE = 0x480,
	MADE_IS_TYPE = 1u << 31, MADE_IS_READY = 1 << 12, MADE_IS_COLLECTED = 1 << 14, MADE_IS_HEAP = 1 << 9,
};

struct made_python {
	uint64_t base;
	uint64_t word[MADE_BYTES / 8];
	uint64_t used;
	uint64_t type, dict, list, str, module, thing;	/* classes */
	uint64_t keep, first, last;	/* the list; things */
};

static inline void made_put(struct made_python *m, uint64_t at, uint64_t value)
{
	m->word[at / 8] = value;
}

static inline void made_refer(struct made_python *m, uint64_t at, uint64_t to)
{
	made_put(m, at, m->base + to);
}

static inline uint64_t made_take(struct made_python *m, uint64_t bytes)
{
	uint64_t at = m->used;

	m->used += (bytes + 15) & ~15ULL;
	return at;
}

static inline uint64_t made_chars(struct made_python *m, const char *text)
{
	uint64_t at = made_take(m, strlen(text) + 1);

	memcpy((char *)m->word + at, text, strlen(text) + 1);
	return at;
}

static inline uint64_t made_string(struct made_python *m, const char *text)
{
	uint64_t at = made_take(m, 48 + strlen(text) + 1);

	made_put(m, at, 1);
	made_refer(m, at + 8, m->str);
	made_put(m, at + 16, strlen(text));
	made_put(m, at + 32, 1 << 2 | 1 << 5 | 1 << 6);
	memcpy((char *)m->word + at + 48, text, strlen(text) + 1);
	return at;
}

static inline uint64_t made_type(struct made_python *m, const char *name, uint64_t flags, uint64_t bytes)
{
	uint64_t at = made_take(m, flags & MADE_IS_HEAP ? 904 : 408);

	made_refer(m, at + 8, m->type ? m->type : at);
	made_refer(m, at + 24, made_chars(m, name));
	made_put(m, at + 32, bytes);
	made_put(m, at + 168, flags | MADE_IS_READY | MADE_IS_COLLECTED);
	return at;
}

/* An object in the collector's list of the old ones. */
static inline uint64_t made_object(struct made_python *m, uint64_t type, uint64_t bytes)
{
	uint64_t head = made_take(m, 16 + bytes), old = MADE_LISTS + 2 * 24;
	uint64_t tail = m->word[(old + 8) / 8] - m->base;

	made_refer(m, tail, head);
	made_refer(m, head + 8, tail);
	made_refer(m, head, old);
	made_refer(m, old + 8, head);
	made_put(m, head + 16, 1);
	made_refer(m, head + 24, type);
	return head + 16;
}

static inline uint64_t made_dict(struct made_python *m, const char *key, uint64_t value)
{
	uint64_t at = made_object(m, m->dict, 48), keys = made_take(m, 32 + 8 + 5 * 24);

	made_put(m, at + 16, 1);
	made_refer(m, at + 32, keys);
	made_put(m, keys, 1);
	made_put(m, keys + 8, 3 | 3 << 8);
	made_put(m, keys + 16, 4);
	made_put(m, keys + 24, 1);
	made_refer(m, keys + 48, made_string(m, key));
	made_refer(m, keys + 56, value);
	return at;
}

static inline void made_things(struct made_python *m)
{
	uint64_t items = made_take(m, MADE_THINGS * 8), thing;

	m->keep = made_object(m, m->list, 40);
	made_put(m, m->keep + 16, MADE_THINGS);
	made_refer(m, m->keep + 24, items);
	made_put(m, m->keep + 32, MADE_THINGS);
	for (int i = 0; i < MADE_THINGS; i++) {
		thing = made_object(m, m->thing, 24);
		made_refer(m, thing + 16, made_dict(m, "name", made_string(m, "text")));
		made_refer(m, items + i * 8, thing);
		if (!i)
			m->first = thing;
		m->last = thing;
	}
}

static inline void made_python(struct made_python *m, uint64_t base)
{
	uint64_t module, hex;

	*m = (struct made_python){ .base = base, .used = MADE_FREE };
	made_refer(m, MADE_RUNTIME + 40, MADE_INTERPRETER);
	for (int i = 0; i < 4; i++) {
		uint64_t head = MADE_LISTS + (i < 3 ? i * 24 : 80);

		made_refer(m, head, head);
		made_refer(m, head + 8, head);
	}
	m->type = made_type(m, "type", MADE_IS_TYPE, 904);
	m->str = made_type(m, "str", 0, 80);
	m->dict = made_type(m, "dict", 0, 48);
	m->list = made_type(m, "list", 0, 40);
	m->module = made_type(m, "module", 0, 56);
	m->thing = made_type(m, "Thing", MADE_IS_HEAP, 24);
	made_put(m, m->thing + 288, 16);	/* its objects' dictionaries */
	made_refer(m, m->thing + 864, made_string(m, "Thing"));
	made_refer(m, m->thing + 264, made_dict(m, "__module__", made_string(m, "__main__")));
	made_things(m);
	module = made_object(m, m->module, 56);
	made_refer(m, module + 16, made_dict(m, "keep", m->keep));
	made_refer(m, MADE_INTERPRETER + 888, made_dict(m, "__main__", module));
	hex = made_take(m, 32);
	made_put(m, hex + 24, 0x030b02f0);
	made_refer(m, MADE_INTERPRETER + 904, made_dict(m, "hexversion", hex));
}

#endif
