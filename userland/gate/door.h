/* SPDX-License-Identifier: GPL-2.0 */
/* The one instruction of a function that a jump to the gate may replace. */
#ifndef LEAKTRACE_GATE_DOOR_H
#define LEAKTRACE_GATE_DOOR_H

#include "gate/entry.h"
#include "gate/step.h"
#include "gate/text.h"

enum { GATE_MAX_STEPS = 12 };

struct gate_door {
	struct gate_step step[GATE_MAX_STEPS];	/* from the function's first to the door's */
	uint32_t n;
	uint8_t jump_bytes;
	uint64_t island;		/* vaddr; 0: none is needed */
};

/*
 * Chooses the door of a function, and takes an island if it needs one.
 *
 * Return: the door, to be freed; or NULL, with the reason in @why.
 */
struct gate_door *gate_door_choose(struct gate_text *text, const struct gate_entry *entry,
				   const char **why);

/* The instruction that the jump replaces. */
static inline const struct gate_step *gate_door_step(const struct gate_door *door)
{
	return &door->step[door->n - 1];
}

/* Whether the instruction before the door is executed again behind the gate. */
bool gate_door_repeats(const struct gate_step *step);

#endif
