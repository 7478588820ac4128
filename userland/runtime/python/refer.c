// SPDX-License-Identifier: GPL-2.0
/*
 * Follows an object's references: tables of dictionaries, lists, sets and deques by their
 * layout, attributes by the keys that its class keeps for them, all else word by word.
 */
#include <string.h>

#include "runtime/python/dict.h"
#include "runtime/python/process.h"
#include "runtime/python/refer.h"
#include "runtime/python/type.h"

enum {
	WORDS_AT_ONCE = 512,
	DICT_BYTES = 48, LIST_BYTES = 40, SET_BYTES = 200, WEAK_BYTES = 64, WEAK_CALLBACK = 24, TUPLE_ITEMS = 24,
	ITEMS_MAX = 1 << 28,
};

struct seen {
	struct python_process *p;
	python_see_reference *see;
	void *arg;
	enum python_role role;		/* of what is seen in a table */
	bool stopped;
};

static void tell(struct seen *s, uint64_t to, enum python_role role, uint64_t name)
{
	const struct python_reference r = { to, role, name };

	if (to && !s->stopped)
		s->stopped = !s->see(&r, s->arg);
}

static bool see_entry(uint64_t key, uint64_t value, void *arg)
{
	struct seen *s = arg;

	if (s->role == PYTHON_VALUE)
		tell(s, key, PYTHON_KEY, 0);
	tell(s, value, s->role, key);
	return !s->stopped;
}

/* Words of an array: items, or the fields of an object from an offset on. */
static void see_words(struct seen *s, uint64_t at, uint64_t n, enum python_role role, uint64_t first)
{
	uint64_t w[WORDS_AT_ONCE];

	for (uint64_t i = 0, run; i < n && !s->stopped; i += run) {
		run = n - i < WORDS_AT_ONCE ? n - i : WORDS_AT_ONCE;
		if (!python_read(&s->p->memory, at + i * 8, w, run * 8))
			return;
		for (uint64_t k = 0; k < run; k++)
			tell(s, w[k], role, role == PYTHON_FIELD ? first + (i + k) * 8 : first + i + k);
	}
}

static void see_set(struct seen *s, uint64_t object)
{
	uint64_t mask = python_word(&s->p->memory, object + PYTHON_SET_MASK);
	uint64_t table = python_word(&s->p->memory, object + PYTHON_SET_TABLE);
	uint64_t w[WORDS_AT_ONCE];

	if (mask >= ITEMS_MAX)
		return;
	for (uint64_t i = 0, run; i <= mask && !s->stopped; i += run) {
		run = mask + 1 - i < WORDS_AT_ONCE / 2 ? mask + 1 - i : WORDS_AT_ONCE / 2;
		if (!python_read(&s->p->memory, table + i * PYTHON_SET_ENTRY_BYTES, w, run * PYTHON_SET_ENTRY_BYTES))
			return;
		/* the second word is the hash; -1: a place that was used once */
		for (uint64_t k = 0; k < run; k++)
			if (w[2 * k + 1] != UINT64_MAX)
				tell(s, w[2 * k], PYTHON_MEMBER, 0);
	}
}

static void see_deque(struct seen *s, uint64_t object)
{
	uint64_t left = python_word(&s->p->memory, object + PYTHON_DEQUE_LEFT_INDEX);
	uint64_t n = python_word(&s->p->memory, object + PYTHON_OBJECT_SIZE);
	uint64_t block = python_word(&s->p->memory, object + PYTHON_DEQUE_LEFT), index = 0;

	if (n >= ITEMS_MAX || left >= PYTHON_DEQUE_BLOCK)
		return;
	while (n && block && !s->stopped) {
		uint64_t run = PYTHON_DEQUE_BLOCK - left < n ? PYTHON_DEQUE_BLOCK - left : n;

		see_words(s, block + 8 + left * 8, run, PYTHON_ITEM, index);
		index += run;
		n -= run;
		left = 0;
		block = python_word(&s->p->memory, block + 8 + PYTHON_DEQUE_BLOCK * 8);
	}
}

/* Attributes whose values are not in a dictionary (yet). */
static void see_values(struct seen *s, const struct python_type *t, uint64_t values)
{
	struct python_keys k;

	if (!python_keys_read(s->p, python_word(&s->p->memory, t->at + s->p->layout.cached_keys), &k))
		return;
	s->role = PYTHON_ATTRIBUTE;
	python_keys_each(s->p, &k, values, see_entry, s);
}

/* What lies before an object and behind it, from 3.11 on: its attributes. */
static void see_managed(struct seen *s, const struct python_type *t, uint64_t object)
{
	enum { DICT_BEFORE = 24, VALUES_BEFORE = 32, VALID = 3 };
	uint64_t dict = python_word(&s->p->memory, object - DICT_BEFORE), values = 0;
	unsigned char valid = 0;

	switch (s->p->layout.minor) {
	case 11:
		values = python_word(&s->p->memory, object - VALUES_BEFORE);
		break;
	case 12:
		if (dict & 1) {
			values = dict + 1;
			dict = 0;
		}
		break;
	default:
		if (t->flags & PYTHON_INLINE_VALUES &&
		    python_read(&s->p->memory, object + t->basic_bytes + VALID, &valid, 1) && valid)
			values = object + t->basic_bytes + s->p->layout.values;
	}
	tell(s, dict, PYTHON_OWN_DICT, 0);
	if (values)
		see_values(s, t, values);
}

/* All words from an offset on, but those that are told otherwise. */
static void see_fields(struct seen *s, const struct python_type *t, uint64_t object, uint64_t from, uint64_t to)
{
	uint64_t dict = t->dict_offset > 0 ? t->dict_offset : 0, weak = t->weak_offset > 0 ? t->weak_offset : 0;

	for (uint64_t at = from; at + 8 <= to && !s->stopped;) {
		uint64_t end = to;

		if (dict >= at && dict < end)
			end = dict;
		if (weak >= at && weak < end)
			end = weak;
		see_words(s, object + at, (end - at) / 8, PYTHON_FIELD, at);
		if (end == dict && end < to)
			tell(s, python_word(&s->p->memory, object + dict), PYTHON_OWN_DICT, 0);
		at = end < to ? end + 8 : to;
	}
}

/* A class: all of it but the lists of those that derive from it and refer to it weakly. */
static void see_type(struct seen *s, const struct python_type *t, uint64_t object)
{
	enum { SUBCLASSES = 360, WEAK_LIST = 368, DICT = PYTHON_TYPE_DICT };
	uint64_t flags = python_word(&s->p->memory, object + PYTHON_TYPE_FLAGS);
	const struct python_layout *l = &s->p->layout;

	(void)t;
	tell(s, python_word(&s->p->memory, object + DICT), PYTHON_OWN_DICT, 0);
	see_words(s, object + PYTHON_TYPE_BASE, 1, PYTHON_FIELD, PYTHON_TYPE_BASE);
	see_words(s, object + DICT + 8, (SUBCLASSES - DICT - 8) / 8, PYTHON_FIELD, DICT + 8);
	if (flags & PYTHON_IS_HEAP_TYPE)
		see_words(s, object + l->type_bytes, (l->heap_type_bytes - l->type_bytes) / 8, PYTHON_FIELD,
			  l->type_bytes);
}

/* The variables of a frame, and then the values that it is computing with. */
void python_refer_frame(struct python_process *p, uint64_t frame, python_see_reference *see, void *arg)
{
	const struct python_layout *l = &p->layout;
	struct seen s = { .p = p, .see = see, .arg = arg };
	uint64_t code = python_word(&p->memory, frame + l->frame_code);
	uint64_t names = python_word(&p->memory, code + l->code_names);
	uint32_t locals = python_word(&p->memory, code + l->code_locals);
	uint32_t stack = python_word(&p->memory, code + l->code_stack);

	if (locals > PYTHON_LOCALS_MAX || stack > PYTHON_LOCALS_MAX ||
	    python_word(&p->memory, names + PYTHON_OBJECT_SIZE) < locals)
		return;
	for (uint32_t i = 0; i < locals && !s.stopped; i++)
		tell(&s, python_word(&p->memory, frame + l->frame_locals + i * 8), PYTHON_LOCAL,
		     python_word(&p->memory, names + TUPLE_ITEMS + i * 8));
	see_words(&s, frame + l->frame_locals + locals * 8, stack, PYTHON_STACK, 0);
}

static uint64_t items_of(struct seen *s, uint64_t object)
{
	uint64_t n = python_word(&s->p->memory, object + PYTHON_OBJECT_SIZE);

	return n < ITEMS_MAX ? n : 0;
}

static void see_plain(struct seen *s, const struct python_type *t, uint64_t object)
{
	uint64_t bytes = t->basic_bytes;

	if (t->item_bytes)
		bytes += items_of(s, object) * t->item_bytes;
	see_fields(s, t, object, PYTHON_OBJECT_BYTES, bytes);
}

static void see_shape(struct seen *s, const struct python_type *t, uint64_t object)
{
	switch (t->shape) {
	case PYTHON_DICT:
	case PYTHON_ORDERED_DICT:
		s->role = PYTHON_VALUE;
		python_dict_each(s->p, object, see_entry, s);
		see_fields(s, t, object, DICT_BYTES, t->basic_bytes);
		break;
	case PYTHON_LIST:
		see_words(s, python_word(&s->p->memory, object + PYTHON_LIST_ITEMS), items_of(s, object), PYTHON_ITEM, 0);
		see_fields(s, t, object, LIST_BYTES, t->basic_bytes);
		break;
	case PYTHON_TUPLE:
		see_words(s, object + TUPLE_ITEMS, items_of(s, object), PYTHON_ITEM, 0);
		break;
	case PYTHON_SET:
		see_set(s, object);
		see_fields(s, t, object, SET_BYTES, t->basic_bytes);
		break;
	case PYTHON_DEQUE:
		see_deque(s, object);
		see_fields(s, t, object, PYTHON_OBJECT_BYTES, t->basic_bytes);
		break;
	case PYTHON_TYPE:
		see_type(s, t, object);
		break;
	case PYTHON_WEAK_REFERENCE:
		see_words(s, object + WEAK_CALLBACK, 1, PYTHON_FIELD, WEAK_CALLBACK);
		see_fields(s, t, object, WEAK_BYTES, t->basic_bytes);
		break;
	case PYTHON_MODULE:
		tell(s, python_word(&s->p->memory, object + PYTHON_OBJECT_BYTES), PYTHON_OWN_DICT, 0);
		break;
	case PYTHON_INT:
	case PYTHON_STR:
		if (t->dict_offset > 0)
			tell(s, python_word(&s->p->memory, object + t->dict_offset), PYTHON_OWN_DICT, 0);
		break;
	case PYTHON_GENERATOR:
		if (s->p->layout.minor >= 11)
			python_refer_frame(s->p, object + t->basic_bytes - s->p->layout.frame_locals, s->see, s->arg);
		see_plain(s, t, object);
		break;
	case PYTHON_FRAME:
		if (s->p->layout.minor < 11)
			python_refer_frame(s->p, object, s->see, s->arg);
		see_plain(s, t, object);
		break;
	default:
		see_plain(s, t, object);
	}
}

/** python_refer() - see what an object refers to */
void python_refer(struct python_process *p, const struct python_type *t, uint64_t object,
		  python_see_reference *see, void *arg)
{
	struct seen s = { .p = p, .see = see, .arg = arg };

	see_shape(&s, t, object);
	if (p->layout.minor >= 11 && t->flags & PYTHON_MANAGED_DICT && !s.stopped)
		see_managed(&s, t, object);
}
