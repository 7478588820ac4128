// SPDX-License-Identifier: GPL-2.0
/* Writes machine code. Errors are remembered, so that only the end need look. */
#include <string.h>

#include "gate/assemble.h"

void put_bytes(struct assembly *a, const uint8_t *bytes, size_t n)
{
	if (a->failed || n > a->max - a->n) {
		a->failed = true;
		return;
	}
	memcpy(a->bytes + a->n, bytes, n);
	a->n += n;
}

void put_number(struct assembly *a, uint32_t value)
{
	put_bytes(a, (const uint8_t *)&value, sizeof(value));
}

/* The distance from the end of an instruction that ends with it. */
static void put_distance(struct assembly *a, uint64_t to)
{
	int64_t distance = to - (here(a) + 4);

	if (distance != (int32_t)distance)
		a->failed = true;
	put_number(a, distance);
}

void put_jump(struct assembly *a, uint64_t to)
{
	PUT(a, 0xe9);
	put_distance(a, to);
}

void put_call(struct assembly *a, uint64_t to)
{
	PUT(a, 0xe8);
	put_distance(a, to);
}

void put_branch(struct assembly *a, uint8_t condition, uint64_t to)
{
	PUT(a, 0x0f, 0x80 | condition);
	put_distance(a, to);
}

void put_lea(struct assembly *a, uint8_t reg, uint64_t address)
{
	PUT(a, 0x48 | (reg & 8 ? 4 : 0), 0x8d, 0x05 | (reg & 7) << 3);
	put_distance(a, address);
}

uint32_t put_branch_on(struct assembly *a, uint8_t condition)
{
	put_branch(a, condition, here(a));
	return a->n;
}

uint32_t put_jump_on(struct assembly *a)
{
	put_jump(a, here(a));
	return a->n;
}

void put_landing(struct assembly *a, uint32_t mark)
{
	uint32_t distance = a->n - mark;

	if (!a->failed)
		memcpy(a->bytes + mark - 4, &distance, sizeof(distance));
}

void put_copy(struct assembly *a, const struct gate_step *step, uint64_t bias)
{
	const struct x86_insn *insn = &step->insn;
	uint32_t start = a->n;
	int32_t distance;
	int64_t moved;

	if (insn->effect == X86_JUMP) {
		put_jump(a, insn->target + bias);
		return;
	}
	if (insn->effect == X86_BRANCH) {
		put_branch(a, step->code[insn->bytes == 2 ? 0 : 1] & 0x0f, insn->target + bias);
		return;
	}
	put_bytes(a, step->code, insn->bytes);
	if (!insn->rip_at || a->failed)
		return;
	memcpy(&distance, a->bytes + start + insn->rip_at, sizeof(distance));
	moved = distance + (int64_t)(step->at + bias - (a->address + start));
	distance = moved;
	if (distance != moved)
		a->failed = true;
	memcpy(a->bytes + start + insn->rip_at, &distance, sizeof(distance));
}
