// SPDX-License-Identifier: GPL-2.0
/*
 * Reads descriptions of types from the program's memory, each once. They are as hostile
 * as the rest of it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/go/heap_layout.h"
#include "runtime/go/process.h"
#include "runtime/go/type.h"
#include "util/array.h"
#include "util/sanitize.h"

enum {
	SIZE = 0, KIND = 23, STRING = 40, HEAD_BYTES = 48, ELEM = 48, METHODS = 56, LENGTH = 64,
	FIELDS = 56, FIELD_BYTES = 24, TYPE_BYTES = 80, KIND_MASK = 31,
	TYPES_MAX = 1 << 18, FIELDS_MAX = 1 << 12, SLOTS_MAX = 1 << 10, DEPTH_MAX = 32,
	TYPE_BYTES_MAX = 1 << 30, NAME_MAX_BYTES = 512,
};

static uint64_t word(const unsigned char *p)
{
	uint64_t w;

	memcpy(&w, p, sizeof(w));
	return w;
}

/** go_types_open() - prepare to read types; false: no memory, or nothing is known of them */
bool go_types_open(struct go_types *t, const struct go_process *p, const struct go_heap_layout *l)
{
	uint64_t module = p->table.module + p->bias;

	*t = (struct go_types){ .process = p, .layout = l, .index_size = 1024 };
	t->names = go_word(p, module + l->types);
	t->end = go_word(p, module + l->types_end);
	t->index = calloc(t->index_size, sizeof(*t->index));
	if (!t->index || !array_reserve(t->type, t->capacity, 0, 1))
		return false;
	t->type[t->n++] = (struct go_type){ 0 };
	return t->names && t->names < t->end;
}

/** go_types_close() - release them */
void go_types_close(struct go_types *t)
{
	for (uint32_t i = 0; i < t->n; i++) {
		free(t->type[i].field);
		free(t->type[i].slot_kind);
		free(t->type[i].slot_type);
		free(t->type[i].slot_offset);
	}
	free(t->type);
	free(t->index);
	memset(t, 0, sizeof(*t));
}

/** go_types_is_static() - whether an address is where the linker puts types */
bool go_types_is_static(const struct go_types *t, uint64_t at)
{
	return at - t->names < t->end - t->names && !(at & 7);
}

static bool read_fields(const struct go_process *p, struct go_type *type, const unsigned char *raw)
{
	uint64_t at = word(raw + FIELDS), n = word(raw + FIELDS + 8);
	unsigned char *fields;

	if (!n)
		return true;
	if (n > FIELDS_MAX)
		return false;
	fields = malloc(n * FIELD_BYTES);
	type->field = malloc(n * sizeof(*type->field));
	if (!fields || !type->field || !go_read(p, at, fields, n * FIELD_BYTES)) {
		free(fields);
		return false;
	}
	type->fields = n;
	for (uint64_t i = 0; i < n; i++) {
		const unsigned char *f = fields + i * FIELD_BYTES;

		type->field[i] = (struct go_field){ word(f), word(f + 16), word(f + 8) };
	}
	free(fields);
	return true;
}

static struct go_type read_type(const struct go_types *t, uint64_t at)
{
	struct go_type type = { .at = at };
	unsigned char raw[TYPE_BYTES] = { 0 };

	if (!at || at & 7 || !go_read(t->process, at, raw, sizeof(raw)))
		return type;
	type.bytes = word(raw + SIZE);
	type.kind = raw[KIND] & KIND_MASK;
	if (!type.kind || type.kind > GO_KIND_UNSAFE || type.bytes > TYPE_BYTES_MAX) {
		type.kind = 0;
		return type;
	}
	if (type.kind == GO_KIND_ARRAY || type.kind == GO_KIND_CHAN || type.kind == GO_KIND_POINTER ||
	    type.kind == GO_KIND_SLICE)
		type.elem = word(raw + ELEM);
	if (type.kind == GO_KIND_ARRAY)
		type.length = word(raw + LENGTH);
	if (type.kind == GO_KIND_MAP)
		type.group = word(raw + t->layout->map_group);
	if (type.kind == GO_KIND_INTERFACE)
		type.has_methods = word(raw + METHODS + 8);
	if (type.kind == GO_KIND_STRUCT && !read_fields(t->process, &type, raw)) {
		free(type.field);
		type.field = NULL;
		type.kind = 0;
	}
	return type;
}

static uint32_t *place(uint32_t *index, uint32_t size, const struct go_type *type, uint64_t at)
{
	uint32_t i = (at * 0x9e3779b97f4a7c15ULL) >> 40;

	while (index[i & (size - 1)] && type[index[i & (size - 1)]].at != at)
		i++;
	return &index[i & (size - 1)];
}

static bool grow(struct go_types *t)
{
	uint32_t *more = calloc(2 * t->index_size, sizeof(*more));

	if (!more)
		return false;
	for (uint32_t i = 1; i < t->n; i++)
		*place(more, 2 * t->index_size, t->type, t->type[i].at) = i;
	free(t->index);
	t->index = more;
	t->index_size *= 2;
	return true;
}

/** go_types_find() - the number of the type that is described at an address; 0: none is */
uint32_t go_types_find(struct go_types *t, uint64_t at)
{
	uint32_t *known = place(t->index, t->index_size, t->type, at);

	if (!at)
		return 0;
	if (!*known) {
		if (t->n >= TYPES_MAX || (2 * t->n >= t->index_size && !grow(t)) ||
		    !array_reserve(t->type, t->capacity, t->n, 1))
			return 0;
		known = place(t->index, t->index_size, t->type, at);
		t->type[t->n] = read_type(t, at);
		*known = t->n++;
	}
	return t->type[*known].kind ? *known : 0;
}

/** go_types_pointee() - what a value leads to that is one pointer */
struct go_slot go_types_pointee(struct go_types *t, uint32_t type)
{
	struct go_slot s = { .kind = t->type[type].kind };

	switch (s.kind) {
	case GO_KIND_POINTER:
	case GO_KIND_SLICE:
	case GO_KIND_CHAN:
		s.type = go_types_find(t, t->type[type].elem);
		break;
	case GO_KIND_MAP:
		s.type = type;
		break;
	case GO_KIND_STRING:
	case GO_KIND_FUNC:
	case GO_KIND_UNSAFE:
		break;
	default:
		s.kind = 0;
	}
	return s;
}

/* One level down to the type at an offset; 0: there is nothing. */
static uint32_t descend(struct go_types *t, uint32_t type, uint64_t *offset, const struct go_field **field)
{
	const struct go_type *whole = &t->type[type];
	const struct go_field *best = NULL;

	*field = NULL;
	if (whole->kind == GO_KIND_ARRAY) {
		uint32_t elem = go_types_find(t, whole->elem);
		uint64_t bytes = t->type[elem].bytes;

		*offset = elem && bytes ? *offset % bytes : 0;
		return bytes ? elem : 0;
	}
	for (uint32_t i = 0; i < whole->fields; i++)
		if (whole->field[i].offset <= *offset &&
		    (!best || whole->field[i].offset >= best->offset))
			best = &whole->field[i];
	if (!best)
		return 0;
	*field = best;
	*offset -= best->offset;
	return go_types_find(t, best->type);
}

static struct go_slot find_slot(struct go_types *t, uint32_t type, uint64_t offset)
{
	const struct go_field *field;
	struct go_slot s = { .offset = offset };
	uint64_t skipped = 0, whole = offset;

	for (int deep = 0; type && deep < DEPTH_MAX; deep++) {
		uint8_t kind = t->type[type].kind;
		struct go_slot pointee;
		uint64_t in_array = offset;

		if (offset >= t->type[type].bytes)
			return s;
		if (kind == GO_KIND_INTERFACE) {
			s.kind = kind;
			s.is_data = offset == 8;
			s.type = type;
			return s;
		}
		if (kind != GO_KIND_ARRAY && kind != GO_KIND_STRUCT) {
			pointee = go_types_pointee(t, type);
			pointee.offset = s.offset;
			return offset ? s : pointee;
		}
		type = descend(t, type, &offset, &field);
		if (kind == GO_KIND_ARRAY)
			skipped += in_array - offset;
		s.offset = whole - skipped;
	}
	return s;
}

/* Answers are kept for the first words of each type. */
static bool keep_slots(struct go_types *t, uint32_t type)
{
	uint64_t n = t->type[type].bytes / 8;
	uint32_t *to, *offset;
	uint8_t *kind;

	if (t->type[type].slot_kind)
		return true;
	n = n < SLOTS_MAX ? n : SLOTS_MAX;
	kind = calloc(n + 1, sizeof(*kind));
	to = calloc(n + 1, sizeof(*to));
	offset = calloc(n + 1, sizeof(*offset));
	for (uint64_t i = 0; kind && to && offset && i < n; i++) {
		struct go_slot s = find_slot(t, type, 8 * i);

		kind[i] = s.kind | s.is_data << 7;
		to[i] = s.type;
		offset[i] = s.offset;
	}
	if (!kind || !to || !offset) {
		free(kind);
		free(to);
		free(offset);
		return false;
	}
	t->type[type].slot_kind = kind;
	t->type[type].slot_type = to;
	t->type[type].slot_offset = offset;
	return true;
}

/** go_types_slot() - what the word at an offset of a type is */
struct go_slot go_types_slot(struct go_types *t, uint32_t type, uint64_t offset)
{
	const struct go_type *whole = &t->type[type];
	struct go_slot s = { .offset = offset };

	if (!type || offset & 7 || offset >= whole->bytes)
		return s;
	if (offset / 8 >= SLOTS_MAX || !keep_slots(t, type))
		return find_slot(t, type, offset);
	whole = &t->type[type];
	s.kind = whole->slot_kind[offset / 8] & KIND_MASK;
	s.is_data = whole->slot_kind[offset / 8] >> 7;
	s.type = whole->slot_type[offset / 8];
	s.offset = whole->slot_offset[offset / 8];
	return s;
}

/* A name: flags, the length as a varint, the bytes. */
static bool read_name(const struct go_process *p, uint64_t at, char *buf, size_t len)
{
	unsigned char head[3];
	uint64_t n, skip = 2;

	buf[0] = '\0';
	if (!at || !go_read(p, at, head, sizeof(head)))
		return false;
	n = head[1] & 0x7f;
	if (head[1] & 0x80) {
		n |= (uint64_t)(head[2] & 0x7f) << 7;
		skip = 3;
	}
	if (n >= len)
		n = len - 1;
	if (!go_read(p, at + skip, buf, n)) {
		buf[0] = '\0';
		return false;
	}
	buf[n] = '\0';
	sanitize(buf);
	return n;
}

/** go_types_name() - a type's name, as reflect says it; "" if it cannot be read */
const char *go_types_name(struct go_types *t, uint32_t type, char *buf, size_t len)
{
	enum { TFLAG = 20, EXTRA_STAR = 2 };
	unsigned char raw[HEAD_BYTES];
	int32_t name;

	buf[0] = '\0';
	if (!type || !go_read(t->process, t->type[type].at, raw, sizeof(raw)))
		return buf;
	memcpy(&name, raw + STRING, sizeof(name));
	/* types that were made at run time count from elsewhere */
	if (name <= 0 || !read_name(t->process, t->names + name, buf, len))
		return buf;
	if (raw[TFLAG] & EXTRA_STAR && buf[0] == '*')
		memmove(buf, buf + 1, strlen(buf));
	return buf;
}

/** go_types_path() - the fields that lead to an offset of a type, as in ".a.b[]" */
const char *go_types_path(struct go_types *t, uint32_t type, uint64_t offset, char *buf, size_t len)
{
	const struct go_field *field;
	size_t used = 0;

	buf[0] = '\0';
	for (int deep = 0; type && deep < DEPTH_MAX && used + 1 < len; deep++) {
		uint8_t kind = t->type[type].kind;
		char name[NAME_MAX_BYTES];

		if (kind != GO_KIND_ARRAY && kind != GO_KIND_STRUCT)
			break;
		type = descend(t, type, &offset, &field);
		if (kind == GO_KIND_ARRAY)
			used += snprintf(buf + used, len - used, "[]");
		else if (field && read_name(t->process, field->name, name, sizeof(name)))
			used += snprintf(buf + used, len - used, ".%s", name);
	}
	return buf;
}
