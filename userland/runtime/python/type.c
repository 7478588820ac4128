// SPDX-License-Identifier: GPL-2.0
/*
 * Reads types. An address is a type's if the type of what lies there makes types, and if
 * its fields fit; its name is what Python shows: module and qualified name.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/python/dict.h"
#include "runtime/python/process.h"
#include "runtime/python/type.h"
#include "util/array.h"
#include "util/format.h"
#include "util/macros.h"
#include "util/sanitize.h"
#include "util/unaligned.h"

enum {
	NAME_BYTES = 512, SLOTS_FIRST = 1024, TYPES_MAX = 1 << 22, BASES_MAX = 64,
	BASIC_BYTES_MAX = 1 << 24, ITEM_BYTES_MAX = 1 << 16,
};

/* By their full names. */
static const struct {
	const char *name;
	enum python_shape shape;
} shapes[] = {
	{ "dict", PYTHON_DICT }, { "list", PYTHON_LIST }, { "set", PYTHON_SET }, { "frozenset", PYTHON_SET },
	{ "collections.deque", PYTHON_DEQUE }, { "collections.OrderedDict", PYTHON_ORDERED_DICT },
	{ "type", PYTHON_TYPE }, { "int", PYTHON_INT }, { "str", PYTHON_STR }, { "frame", PYTHON_FRAME },
	{ "tuple", PYTHON_TUPLE }, { "weakref", PYTHON_WEAK_REFERENCE },
	{ "weakref.ReferenceType", PYTHON_WEAK_REFERENCE }, { "weakproxy", PYTHON_WEAK_REFERENCE },
	{ "weakref.ProxyType", PYTHON_WEAK_REFERENCE }, { "weakcallableproxy", PYTHON_WEAK_REFERENCE },
	{ "weakref.CallableProxyType", PYTHON_WEAK_REFERENCE }, { "module", PYTHON_MODULE },
	{ "method", PYTHON_METHOD }, { "cell", PYTHON_CELL }, { "generator", PYTHON_GENERATOR }, { "coroutine", PYTHON_GENERATOR }, { "async_generator", PYTHON_GENERATOR },
};

struct raw_type {
	unsigned char bytes[PYTHON_TYPE_READ_BYTES];
};

static uint64_t flags_of(const struct raw_type *r)
{
	return u64_at(r->bytes + PYTHON_TYPE_FLAGS);
}

static bool read_raw(struct python_process *p, uint64_t at, struct raw_type *r)
{
	uint64_t meta;
	int64_t basic, item;

	if (!at || at % 8 || !python_read(&p->memory, at, r->bytes, sizeof(r->bytes)))
		return false;
	meta = u64_at(r->bytes + PYTHON_OBJECT_TYPE);
	basic = u64_at(r->bytes + PYTHON_TYPE_BASIC);
	item = u64_at(r->bytes + PYTHON_TYPE_ITEM);
	return basic >= PYTHON_OBJECT_BYTES && basic <= BASIC_BYTES_MAX && item >= 0 && item <= ITEM_BYTES_MAX &&
	       flags_of(r) & PYTHON_IS_READY && meta && !(meta % 8) &&
	       python_word(&p->memory, meta + PYTHON_TYPE_FLAGS) & PYTHON_IS_TYPE;
}

/* The name that C code gave it. */
static bool read_c_name(struct python_process *p, const struct raw_type *r, char *to, size_t size)
{
	uint64_t at = u64_at(r->bytes + PYTHON_TYPE_NAME);

	for (size_t n = 0; n < size; n++) {
		if (!python_read(&p->memory, at + n, to + n, 1))
			return false;
		if (!to[n])
			return n;
	}
	return false;
}

/* Until its module is set, a class has none. */
static bool read_own_name(struct python_process *p, uint64_t at, const struct raw_type *r, char *to, size_t size)
{
	uint64_t dict = u64_at(r->bytes + PYTHON_TYPE_DICT), module = python_dict_find(p, dict, "__module__");
	char name[NAME_BYTES / 2], place[NAME_BYTES / 2];

	if (!python_string(p, python_word(&p->memory, at + p->layout.qualname), name, sizeof(name)) || !*name)
		return false;
	if (!module || !python_string(p, module, place, sizeof(place)) || !strcmp(place, "builtins"))
		snprintf(to, size, "%s", name);
	else
		snprintf(to, size, "%s.%s", place, name);
	return true;
}

static bool read_name(struct python_process *p, uint64_t at, const struct raw_type *r, char *to, size_t size)
{
	if (flags_of(r) & PYTHON_IS_HEAP_TYPE)
		return read_own_name(p, at, r, to, size);
	if (!read_c_name(p, r, to, size))
		return false;
	if (!strncmp(to, "builtins.", strlen("builtins.")))
		memmove(to, to + strlen("builtins."), strlen(to + strlen("builtins.")) + 1);
	sanitize(to);
	return true;
}

static enum python_shape shape_of(struct python_process *p, const struct raw_type *first)
{
	struct raw_type r = *first;
	char name[NAME_BYTES];

	for (int i = 0; i < BASES_MAX; i++) {
		if (read_c_name(p, &r, name, sizeof(name)))
			for (size_t k = 0; k < ARRAY_SIZE(shapes); k++)
				if (!strcmp(name, shapes[k].name))
					return shapes[k].shape;
		if (!read_raw(p, u64_at(r.bytes + PYTHON_TYPE_BASE), &r))
			break;
	}
	return PYTHON_PLAIN;
}

/* As it is now, and not as parts of it were copied at different times. */
static bool read_type(struct python_process *p, uint64_t at, struct python_type *t)
{
	char name[NAME_BYTES];
	bool good, was_direct = p->memory.is_direct;
	struct raw_type r;

	p->memory.is_direct = true;
	good = read_raw(p, at, &r) && read_name(p, at, &r, name, sizeof(name));
	p->memory.is_direct = was_direct;
	*t = (struct python_type){ 0 };
	if (!good)
		return false;
	*t = (struct python_type){
		.at = at, .flags = flags_of(&r), .base = u64_at(r.bytes + PYTHON_TYPE_BASE),
		.dict = u64_at(r.bytes + PYTHON_TYPE_DICT),
		.basic_bytes = u64_at(r.bytes + PYTHON_TYPE_BASIC), .item_bytes = u64_at(r.bytes + PYTHON_TYPE_ITEM),
		.dict_offset = u64_at(r.bytes + PYTHON_TYPE_DICTOFFSET),
		.weak_offset = u64_at(r.bytes + PYTHON_TYPE_WEAK),
		.shape = shape_of(p, &r), .name = strdup(name),
	};
	return t->name;
}

static size_t slot_of(const struct python_types *t, uint64_t at)
{
	return address_slot(&t->slots, &t->type->at, sizeof(*t->type), at);
}

static bool make_room(struct python_types *t)
{
	return t->n < TYPES_MAX && array_reserve(t->type, t->capacity, t->n, 1) &&
	       address_slots_reserve(&t->slots, &t->type->at, sizeof(*t->type), t->n, SLOTS_FIRST);
}

/** python_type_of() - the number of the type at an address; PYTHON_TYPE_NONE: it is none */
uint32_t python_type_of(struct python_process *p, struct python_types *t, uint64_t at)
{
	size_t i;

	if (t->n && t->last_at == at)
		return t->last;
	if (!make_room(t)) {
		t->is_full = true;
		return PYTHON_TYPE_NONE;
	}
	i = slot_of(t, at);
	if (!t->slots.slot[i]) {
		if (!read_type(p, at, &t->type[t->n]))
			return PYTHON_TYPE_NONE;
		t->slots.slot[i] = ++t->n;
	}
	t->last_at = at;
	t->last = t->slots.slot[i] - 1;
	return t->last;
}

/** python_type_holds() - read its name again; false if that has changed */
bool python_type_holds(struct python_process *p, const struct python_type *t)
{
	struct python_type now;
	bool holds = read_type(p, t->at, &now) && !strcmp(now.name, t->name);

	free(now.name);
	return holds;
}

/** python_types_free() - release it */
void python_types_free(struct python_types *t)
{
	for (size_t i = 0; i < t->n; i++)
		free(t->type[i].name);
	free(t->type);
	free(t->slots.slot);
	memset(t, 0, sizeof(*t));
}
