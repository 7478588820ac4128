// SPDX-License-Identifier: GPL-2.0
/*
 * The size of objects: what their type says, what is before them, and the tables of
 * dictionaries, lists, sets, deques and classes.
 */
#include "runtime/python/dict.h"
#include "runtime/python/process.h"
#include "runtime/python/size.h"
#include "runtime/python/type.h"

#define BYTES_MAX	(1ULL << 47)	/* an address space */

enum { SMALL_BYTES = 4096 };

/* What went while it was read may say anything: of what is large, all of it must be there. */
static uint64_t checked(const struct python_process *p, uint64_t at, uint64_t bytes)
{
	const struct map *m = bytes > SMALL_BYTES ? maps_find(&p->maps, at) : NULL;

	return bytes <= SMALL_BYTES || (m && bytes <= m->end - at) ? bytes : 0;
}

static uint64_t dict_bytes(struct python_process *p, uint64_t object, struct python_keys *k)
{
	uint64_t keys = python_word(&p->memory, object + PYTHON_DICT_KEYS), bytes = 0;

	if (!python_keys_read(p, keys, k) || !checked(p, keys, k->bytes))
		return 0;
	if (python_word(&p->memory, object + PYTHON_DICT_VALUES))
		bytes += (p->layout.minor < 11 ? (k->size << 1) / 3 : k->usable + k->used) * 8;
	return k->references == 1 ? bytes + k->bytes : bytes;
}

static uint64_t ordered_dict_bytes(struct python_process *p, uint64_t object)
{
	enum { NODE_BYTES = 32 };
	uint64_t used = python_word(&p->memory, object + PYTHON_DICT_USED), bytes;
	uint64_t places = python_word(&p->memory, object + PYTHON_ORDERED_DICT_PLACES);
	struct python_keys k;

	bytes = dict_bytes(p, object, &k);
	return bytes + (places <= k.size ? places * 8 : 0) + (used <= k.size ? used * NODE_BYTES : 0);
}

static uint64_t list_bytes(struct python_process *p, uint64_t object)
{
	uint64_t places = python_word(&p->memory, object + PYTHON_LIST_ALLOCATED);

	return places < BYTES_MAX / 8 ? checked(p, python_word(&p->memory, object + PYTHON_LIST_ITEMS), places * 8) : 0;
}

static uint64_t set_bytes(struct python_process *p, uint64_t object)
{
	uint64_t mask = python_word(&p->memory, object + PYTHON_SET_MASK);
	uint64_t table = python_word(&p->memory, object + PYTHON_SET_TABLE);

	if (table == object + PYTHON_SET_SMALL || mask >= BYTES_MAX / PYTHON_SET_ENTRY_BYTES)
		return 0;
	return checked(p, table, (mask + 1) * PYTHON_SET_ENTRY_BYTES);
}

static uint64_t deque_bytes(struct python_process *p, uint64_t object)
{
	enum { BLOCK_BYTES = (PYTHON_DEQUE_BLOCK + 2) * 8 };
	uint64_t items = python_word(&p->memory, object + PYTHON_OBJECT_SIZE);
	uint64_t left = python_word(&p->memory, object + PYTHON_DEQUE_LEFT_INDEX);

	if (items > p->rss_bytes / 8 || left >= PYTHON_DEQUE_BLOCK)
		return 0;
	return (left + items + PYTHON_DEQUE_BLOCK - 1) / PYTHON_DEQUE_BLOCK * BLOCK_BYTES;
}

/* All of it: the size of the class is not that of its objects. */
static uint64_t type_bytes(struct python_process *p, uint64_t object)
{
	uint64_t flags = python_word(&p->memory, object + PYTHON_TYPE_FLAGS);
	struct python_keys k;

	if (!(flags & PYTHON_IS_HEAP_TYPE))
		return p->layout.type_bytes;
	return p->layout.heap_type_bytes +
	       (python_keys_read(p, python_word(&p->memory, object + p->layout.cached_keys), &k) ? k.bytes : 0);
}

static uint64_t plain_bytes(struct python_process *p, const struct python_type *t, uint64_t object)
{
	int64_t items = t->item_bytes ? (int64_t)python_word(&p->memory, object + PYTHON_OBJECT_SIZE) : 0;
	uint64_t n = items < 0 ? -(uint64_t)items : (uint64_t)items;

	return t->basic_bytes + (t->item_bytes && n < BYTES_MAX / t->item_bytes ?
				 checked(p, object, n * t->item_bytes) : 0);
}

/* Objects of classes that are ints, too. From 3.12 on a tag has the number of digits. */
static uint64_t int_bytes(struct python_process *p, uint64_t object)
{
	enum { DIGIT_BYTES = 4, HEAD_BYTES = 24, TAG_BITS = 3 };
	uint64_t size = python_word(&p->memory, object + PYTHON_INT_SIZE);

	if (p->layout.minor >= 12)
		size >>= TAG_BITS;
	else if ((int64_t)size < 0)
		size = -size;
	if (!size && p->layout.minor >= 11)
		size = 1;
	return HEAD_BYTES + (size < BYTES_MAX / DIGIT_BYTES ? checked(p, object, size * DIGIT_BYTES) : 0);
}

static uint64_t str_bytes(struct python_process *p, uint64_t object)
{
	enum { LENGTH = 16, STATE = 32, POINTER_BYTES = 8, COMPACT = 1 << 5, ASCII = 1 << 6 };
	uint64_t length = python_word(&p->memory, object + LENGTH), bytes, at;
	uint32_t state = python_word(&p->memory, object + STATE);

	if (length >= BYTES_MAX / 8)
		return 0;
	bytes = (length + 1) * (state >> 2 & 7);
	if (state & COMPACT)
		return checked(p, object, bytes) + (state & ASCII ? p->layout.ascii_data : p->layout.compact_data);
	at = object + p->layout.compact_data;
	return checked(p, python_word(&p->memory, at), bytes) + p->layout.compact_data + POINTER_BYTES;
}

/* A field of the object itself lies where the number of items would be. */
static uint64_t generator_bytes(struct python_process *p, const struct python_type *t, uint64_t object)
{
	const struct python_layout *l = &p->layout;
	uint64_t frame = object + t->basic_bytes - l->frame_locals;
	uint64_t code = python_word(&p->memory, frame + l->frame_code);
	uint32_t locals = python_word(&p->memory, code + l->code_locals);
	uint32_t stack = python_word(&p->memory, code + l->code_stack);

	return t->basic_bytes + checked(p, object, ((uint64_t)locals + stack) * 8);
}

static uint64_t before_bytes(const struct python_process *p, const struct python_type *t)
{
	uint64_t managed = p->layout.minor < 11 ? 0 : PYTHON_MANAGED_DICT |
		(p->layout.managed_weak_references ? PYTHON_MANAGED_WEAK : 0);

	return (t->flags & PYTHON_IS_COLLECTED ? PYTHON_GC_HEAD_BYTES : 0) + (t->flags & managed ? 16 : 0);
}

/** python_size() - the size of an object, as sys.getsizeof() would have it */
uint64_t python_size(struct python_process *p, const struct python_type *t, uint64_t object)
{
	struct python_keys k;
	uint64_t before = before_bytes(p, t);

	switch (t->shape) {
	case PYTHON_DICT:
		return before + t->basic_bytes + dict_bytes(p, object, &k);
	case PYTHON_ORDERED_DICT:
		return before + t->basic_bytes + ordered_dict_bytes(p, object);
	case PYTHON_LIST:
		return before + t->basic_bytes + list_bytes(p, object);
	case PYTHON_SET:
		return before + t->basic_bytes + set_bytes(p, object);
	case PYTHON_DEQUE:
		return before + t->basic_bytes + deque_bytes(p, object);
	case PYTHON_TYPE:
		return before + type_bytes(p, object);
	case PYTHON_INT:
		return before + int_bytes(p, object);
	case PYTHON_STR:
		return before + str_bytes(p, object);
	case PYTHON_FRAME:
		return before + plain_bytes(p, t, object) - (p->layout.minor < 11 ? 8 : 0);
	case PYTHON_GENERATOR:
		if (p->layout.minor >= 11)
			return before + generator_bytes(p, t, object);
		break;
	case PYTHON_PLAIN:
	case PYTHON_TUPLE:
	case PYTHON_WEAK_REFERENCE:
	case PYTHON_MODULE:
	case PYTHON_METHOD:
	case PYTHON_CELL:
		break;
	}
	return before + plain_bytes(p, t, object);
}
