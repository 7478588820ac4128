/* SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR BSD-3-Clause) */
/*
 * Is a blob a valid plan of a gate? The kernel asks before it uses one, the tool before it
 * sends one; both compile this file, and the fuzzer runs it. It does not say that the code is
 * right, only that all that is written lies where it may.
 */
#ifndef _LEAKTRACE_GATE_CHECK_H
#define _LEAKTRACE_GATE_CHECK_H

#include <linux/leaktrace.h>
#include <linux/leaktrace_gate.h>

/* The user half of an address space with four levels of page tables, less its last page. */
#define LEAKTRACE_GATE_ADDRESS_MAX	((1ULL << 47) - LEAKTRACE_GATE_PAGE_BYTES)

static inline const struct leaktrace_gate_door *
leaktrace_gate_doors(const struct leaktrace_gate_header *h)
{
	return (const struct leaktrace_gate_door *)(h + 1);
}

static inline const struct leaktrace_gate_island *
leaktrace_gate_islands(const struct leaktrace_gate_header *h)
{
	return (const struct leaktrace_gate_island *)(leaktrace_gate_doors(h) + h->ndoors);
}

static inline const __u8 *leaktrace_gate_code(const struct leaktrace_gate_header *h)
{
	return (const __u8 *)(leaktrace_gate_islands(h) + h->nislands);
}

static inline int leaktrace_gate_check_sizes(const struct leaktrace_gate_header *h, __u64 bytes)
{
	__u64 want;

	if (bytes < sizeof(*h) || h->magic != LEAKTRACE_GATE_MAGIC ||
	    h->machine != LEAKTRACE_GATE_MACHINE || h->reserved)
		return 1;
	if (!h->ndoors || h->ndoors > LEAKTRACE_GATE_DOORS_MAX ||
	    h->nislands > LEAKTRACE_GATE_ISLANDS_MAX)
		return 1;
	if (!h->code_bytes || h->code_bytes > LEAKTRACE_GATE_CODE_BYTES ||
	    h->tag_bits < LEAKTRACE_GATE_TAG_BITS_MIN || h->tag_bits > LEAKTRACE_GATE_TAG_BITS_MAX)
		return 1;
	want = sizeof(*h) + (__u64)h->ndoors * sizeof(struct leaktrace_gate_door) +
	       (__u64)h->nislands * sizeof(struct leaktrace_gate_island) + h->code_bytes;
	return want != bytes;
}

/* [at, at + n) is in one page of the user half, and not in the gate. */
static inline int leaktrace_gate_check_place(const struct leaktrace_gate_header *h, __u64 at,
					     unsigned int n)
{
	__u64 end = h->address + leaktrace_gate_bytes(h);

	if (at < LEAKTRACE_GATE_PAGE_BYTES || at >= LEAKTRACE_GATE_ADDRESS_MAX)
		return 1;
	if ((at & (LEAKTRACE_GATE_PAGE_BYTES - 1)) + n > LEAKTRACE_GATE_PAGE_BYTES)
		return 1;
	return at + n > h->address && at < end;
}

/* Where the jump at @at goes; 0: it is none. @n: its bytes. */
static inline __u64 leaktrace_gate_target(__u64 at, const __u8 *jump, unsigned int n)
{
	__u32 far;

	if (n == 2 && jump[0] == 0xeb)
		return at + 2 + (__u64)(__s64)(signed char)jump[1];
	if (n != 5 || jump[0] != 0xe9)
		return 0;
	far = jump[1] | jump[2] << 8 | jump[3] << 16 | (__u32)jump[4] << 24;
	return at + 5 + (__u64)(__s64)(__s32)far;
}

static inline int leaktrace_gate_is_code(const struct leaktrace_gate_header *h, __u64 at)
{
	return at >= h->address && at - h->address < h->code_bytes;
}

static inline int leaktrace_gate_check_island(const struct leaktrace_gate_header *h,
					      const struct leaktrace_gate_island *island)
{
	unsigned int i;

	for (i = 0; i < sizeof(island->reserved); i++)
		if (island->reserved[i])
			return 1;
	if (leaktrace_gate_check_place(h, island->address, LEAKTRACE_GATE_ISLAND_BYTES))
		return 1;
	return !leaktrace_gate_is_code(h, leaktrace_gate_target(island->address, island->jump,
								LEAKTRACE_GATE_ISLAND_BYTES));
}

static inline int leaktrace_gate_is_island(const struct leaktrace_gate_header *h, __u64 at)
{
	const struct leaktrace_gate_island *island = leaktrace_gate_islands(h);
	__u32 i;

	for (i = 0; i < h->nislands; i++)
		if (island[i].address == at)
			return 1;
	return 0;
}

static inline int leaktrace_gate_check_jump(const struct leaktrace_gate_header *h,
					    const struct leaktrace_gate_door *door)
{
	__u64 to = leaktrace_gate_target(door->address, door->jump, door->jump_bytes);
	unsigned int i;

	for (i = door->jump_bytes; i < sizeof(door->old); i++)
		if (door->old[i] || door->jump[i])
			return 1;
	/* int3 is how a door is opened; nobody's code begins with it. */
	if (door->old[0] == 0xcc)
		return 1;
	return !leaktrace_gate_is_code(h, to) && !leaktrace_gate_is_island(h, to);
}

static inline int leaktrace_gate_check_door(const struct leaktrace_gate_header *h,
					    const struct leaktrace_gate_door *door)
{
	if (door->jump_bytes != 2 && door->jump_bytes != LEAKTRACE_GATE_JUMP_MAX)
		return 1;
	if (door->entry >= __LEAKTRACE_GATE_ENTRY_MAX || door->flags & ~LEAKTRACE_GATE_DOOR_F_ALL ||
	    door->type < LEAKTRACE_TYPE_GLIBC || door->type > LEAKTRACE_TYPE_ALLOCATOR)
		return 1;
	if (!door->name[0] || door->name[LEAKTRACE_GATE_NAME_BYTES - 1])
		return 1;
	if (door->function >= LEAKTRACE_GATE_ADDRESS_MAX || door->function > door->address)
		return 1;
	return leaktrace_gate_check_place(h, door->address, door->jump_bytes) ||
	       leaktrace_gate_check_jump(h, door);
}

/* Two places that are written overlap. */
static inline int leaktrace_gate_overlap(__u64 a, unsigned int a_bytes, __u64 b,
					 unsigned int b_bytes)
{
	return a < b + b_bytes && b < a + a_bytes;
}

static inline int leaktrace_gate_check_apart(const struct leaktrace_gate_header *h)
{
	const struct leaktrace_gate_island *island = leaktrace_gate_islands(h);
	const struct leaktrace_gate_door *door = leaktrace_gate_doors(h);
	__u32 i, j;

	for (i = 0; i < h->ndoors; i++) {
		for (j = 0; j < i; j++)
			if (leaktrace_gate_overlap(door[i].address, door[i].jump_bytes,
						   door[j].address, door[j].jump_bytes))
				return 1;
		for (j = 0; j < h->nislands; j++)
			if (leaktrace_gate_overlap(door[i].address, door[i].jump_bytes,
						   island[j].address, LEAKTRACE_GATE_ISLAND_BYTES))
				return 1;
	}
	for (i = 0; i < h->nislands; i++)
		for (j = 0; j < i; j++)
			if (leaktrace_gate_overlap(island[i].address, LEAKTRACE_GATE_ISLAND_BYTES,
						   island[j].address, LEAKTRACE_GATE_ISLAND_BYTES))
				return 1;
	return 0;
}

static inline int leaktrace_gate_check_draws(const struct leaktrace_gate_header *h)
{
	unsigned int i;

	for (i = 0; i < LEAKTRACE_GATE_NDRAWS; i++)
		if (h->draw[i] > LEAKTRACE_GATE_DRAW_MAX)
			return 1;
	return 0;
}

/* 0: every write that this plan asks for lies where the plan may write. */
static inline int leaktrace_gate_check(const struct leaktrace_gate_header *h, __u64 bytes)
{
	const struct leaktrace_gate_island *island;
	const struct leaktrace_gate_door *door;
	__u32 i, births = 0;

	if (leaktrace_gate_check_sizes(h, bytes))
		return 1;
	if (!h->address || h->address & (LEAKTRACE_GATE_PAGE_BYTES - 1) ||
	    h->address >= LEAKTRACE_GATE_ADDRESS_MAX - leaktrace_gate_bytes(h))
		return 1;
	if (!h->mean_bytes || h->mean_bytes > LEAKTRACE_GATE_MEAN_MAX_BYTES ||
	    leaktrace_gate_check_draws(h))
		return 1;
	door = leaktrace_gate_doors(h);
	island = leaktrace_gate_islands(h);
	for (i = 0; i < h->nislands; i++)
		if (leaktrace_gate_check_island(h, &island[i]))
			return 1;
	for (i = 0; i < h->ndoors; i++) {
		if (leaktrace_gate_check_door(h, &door[i]))
			return 1;
		if (!(door[i].flags & LEAKTRACE_GATE_DOOR_F_DEATH))
			births = 1;
		else if (births)
			return 1;
	}
	return leaktrace_gate_check_apart(h);
}

#endif /* _LEAKTRACE_GATE_CHECK_H */
