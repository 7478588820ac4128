/* SPDX-License-Identifier: GPL-2.0 */
/* The runtime's descriptions of types, which every Go program has. */
#ifndef LEAKTRACE_RUNTIME_GO_TYPE_H
#define LEAKTRACE_RUNTIME_GO_TYPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct go_heap_layout;
struct go_process;

enum go_type_kind {
	GO_KIND_ARRAY = 17, GO_KIND_CHAN, GO_KIND_FUNC, GO_KIND_INTERFACE, GO_KIND_MAP,
	GO_KIND_POINTER, GO_KIND_SLICE, GO_KIND_STRING, GO_KIND_STRUCT, GO_KIND_UNSAFE,
};

struct go_field {
	uint64_t name, offset, type;
};

struct go_type {
	uint64_t at;			/* its address; 0: an empty place of the table */
	uint64_t bytes, elem, group, length;
	uint8_t kind;			/* 0: not a type */
	bool has_methods;		/* of an interface: its first word is an itab */
	uint32_t fields;
	struct go_field *field;
	uint8_t *slot_kind;		/* of each word that may be a pointer; see go_types_slot() */
	uint32_t *slot_type;		/* numbers */
	uint32_t *slot_offset;
};

struct go_types {
	const struct go_process *process;
	const struct go_heap_layout *layout;
	uint64_t names, end;		/* where static types and all names are */
	struct go_type *type;		/* number 0: no type */
	uint32_t n, capacity;
	uint32_t *index;		/* hash table of numbers */
	uint32_t index_size;
};

/* What a word of an object is. */
struct go_slot {
	uint8_t kind;			/* go_type_kind; 0: no pointer, or unknown */
	bool is_data;			/* of an interface: the second word */
	uint32_t type;			/* what it leads to: element, map; 0: unknown */
	uint32_t offset;		/* of the same word in the first elements of arrays */
};

bool go_types_open(struct go_types *t, const struct go_process *p, const struct go_heap_layout *l);
uint32_t go_types_find(struct go_types *t, uint64_t at);		/* 0: not a type */
bool go_types_is_static(const struct go_types *t, uint64_t at);
struct go_slot go_types_slot(struct go_types *t, uint32_t type, uint64_t offset);
struct go_slot go_types_pointee(struct go_types *t, uint32_t type);	/* a value that is one pointer */
const char *go_types_name(struct go_types *t, uint32_t type, char *buf, size_t len);
/* The fields that lead to an offset: ".a.b[]". */
const char *go_types_path(struct go_types *t, uint32_t type, uint64_t offset, char *buf, size_t len);
void go_types_close(struct go_types *t);

#endif
