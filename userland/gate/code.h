/* SPDX-License-Identifier: GPL-2.0 */
/* The code of a gate. */
#ifndef LEAKTRACE_GATE_CODE_H
#define LEAKTRACE_GATE_CODE_H

#include "gate/assemble.h"
#include "gate/door.h"
#include "gate/entry.h"

struct gate_common {			/* what all doors share */
	uint64_t address;		/* of the gate */
	unsigned int tag_bits;
	uint64_t announce, birth, death, resize_begin, resize_end;
};

struct gate_opening {			/* one door */
	const struct gate_entry *entry;
	const struct gate_door *door;
	uint64_t bias;			/* to the addresses of its file */
	uint32_t index;
	uint64_t make;			/* SHAPE_RESIZE: what makes a block of no block; or 0 */
	uint64_t instead;		/* SHAPE_THROWS */
	bool small_alignment_passes;	/* SHAPE_ALIGNED: up to 16 it ends in malloc */
};

/* First, once. */
void gate_code_common(struct assembly *a, struct gate_common *common);

/* Return: where the door leads to. */
uint64_t gate_code_door(struct assembly *a, const struct gate_common *common,
			const struct gate_opening *opening);

/*
 * Where the frame of whoever called the allocator begins, seen from the stack pointer, at a
 * return address into the gate. That is the only way of being in a gate for long.
 */
enum { GATE_FRAME_BYTES = 72 };

#endif
