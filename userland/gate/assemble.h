/* SPDX-License-Identifier: GPL-2.0 */
/* Machine code for one place in memory, of which all addresses are known. */
#ifndef LEAKTRACE_GATE_ASSEMBLE_H
#define LEAKTRACE_GATE_ASSEMBLE_H

#include "gate/step.h"

struct assembly {
	uint8_t *bytes;
	uint32_t n, max;
	uint64_t address;		/* of bytes[0] */
	bool failed;			/* too much, or a distance of more than 2 GB */
};

enum { IF_OVERFLOW = 0, IF_BELOW = 2, IF_EQUAL = 4, IF_NOT_EQUAL = 5, IF_NOT_ABOVE = 6 };

#define PUT(a, ...) put_bytes((a), (const uint8_t[]){ __VA_ARGS__ }, \
			      sizeof((const uint8_t[]){ __VA_ARGS__ }))

void put_bytes(struct assembly *a, const uint8_t *bytes, size_t n);
void put_number(struct assembly *a, uint32_t value);

static inline uint64_t here(const struct assembly *a)
{
	return a->address + a->n;
}

void put_jump(struct assembly *a, uint64_t to);
void put_call(struct assembly *a, uint64_t to);
void put_branch(struct assembly *a, uint8_t condition, uint64_t to);
void put_lea(struct assembly *a, uint8_t reg, uint64_t address);	/* by its distance */

/* A branch or jump to what follows later: to be resolved there. */
uint32_t put_branch_on(struct assembly *a, uint8_t condition);
uint32_t put_jump_on(struct assembly *a);
void put_landing(struct assembly *a, uint32_t mark);

/* An instruction that was decoded elsewhere, where @bias is added to its address. */
void put_copy(struct assembly *a, const struct gate_step *step, uint64_t bias);

#endif
