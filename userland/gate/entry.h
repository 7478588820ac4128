/* SPDX-License-Identifier: GPL-2.0 */
/* The functions of an allocator: by name, what they take and return. */
#ifndef LEAKTRACE_GATE_ENTRY_H
#define LEAKTRACE_GATE_ENTRY_H

#include <stdbool.h>
#include <stdint.h>

#include "elf/image.h"

enum gate_shape {
	SHAPE_SIZE,			/* block f(size, ...) */
	SHAPE_COUNT,			/* block f(n, size) */
	SHAPE_ALIGNED,			/* block f(alignment, size) */
	SHAPE_OUT,			/* error f(&block, alignment, size) */
	SHAPE_THROWS,			/* block f(size, ...), or an exception */
	SHAPE_RESIZE,			/* block f(block, size, ...) */
	SHAPE_RESIZE_COUNT,		/* block f(block, n, size) */
	SHAPE_RELEASE,			/* f(block, ...) */
};

struct gate_name {
	const char *name;		/* without its allocator's prefix */
	uint8_t entry;			/* enum leaktrace_gate_entry */
	uint8_t shape;
	uint8_t arguments;
	const char *instead;		/* SHAPE_THROWS: what does the same, but returns NULL */
	uint8_t only;			/* of this allocator (enum leaktrace_type), with its prefix; or 0 */
};

enum gate_entry_state {
	ENTRY_OPEN,			/* has a door */
	ENTRY_PASSES,			/* ends in another entry, which counts */
	ENTRY_REFUSED,			/* has none: why */
};

struct gate_door;

struct gate_entry {
	const struct gate_name *name;
	char symbol[48];
	uint64_t vaddr, bytes;		/* bytes 0: not known */
	uint8_t state;			/* enum gate_entry_state */
	const char *why;		/* ENTRY_REFUSED */
	uint32_t passes;		/* ENTRY_PASSES: index of the other one */
	struct gate_door *door;		/* ENTRY_OPEN */
};

enum { GATE_MAX_ENTRIES = 96, GATE_MAX_FLAVOURS = 4 };

/* One allocator of a file. */
struct gate_allocator {
	uint8_t type;			/* enum leaktrace_type */
	const char *prefix;
	const char *refused;		/* why it has no gate; NULL: it has */
	struct gate_entry entry[GATE_MAX_ENTRIES];
	uint32_t n;
};

struct gate_allocators {
	struct gate_allocator *allocator;
	size_t n;
};

/* The allocators whose functions a file has. 0 or -ENOMEM. */
int gate_allocators_find(struct gate_allocators *found, struct elf_image *image);
void gate_allocators_free(struct gate_allocators *found);

/* By its name with the prefix; NULL: it has none. */
struct gate_entry *gate_entry_named(struct gate_allocator *allocator, const char *name);
struct gate_entry *gate_entry_at(struct gate_allocator *allocator, uint64_t vaddr);

static inline bool gate_entry_releases(const struct gate_entry *entry)
{
	return entry->name->shape >= SHAPE_RESIZE;
}

#endif
