/* SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR BSD-3-Clause) */
/*
 * A gate: code in a target's own memory that samples what its allocators hand out. The tool
 * plans it and makes its code, and hands the plan to leaktrace.ko in a file (GATE_OPEN), where
 * every field is checked before use (module/gate_check.h). x86-64 only.
 *
 * Plan, little endian, no gaps:
 *
 *   struct leaktrace_gate_header
 *   struct leaktrace_gate_door door[ndoors]	in the order in which they are opened:
 *						those with F_DEATH first
 *   struct leaktrace_gate_island island[nislands]
 *   __u8 code[code_bytes]
 *
 * Memory of a gate, at header.address, which is free for MAP_FIXED_NOREPLACE, or holds a gate
 * that was closed and whose code is the same, byte for byte:
 *
 *   0			code, LEAKTRACE_GATE_CODE_BYTES, read and execute
 *   _GATE_SHARDS	256 countdowns of 64 bytes each, of which the first 8 are used: bytes
 *			until the next sample, u64. Read and write
 *   _GATE_TAGS		1 << header.tag_bits bytes. Read and write
 *
 * A birth takes its size + LEAKTRACE_GATE_EXTRA from a countdown. If that borrows, the block
 * is sampled; the module gives the countdown its next value. Without the module it stays near
 * 2^64. Whoever releases a block looks for its tag in the slots leaktrace_gate_slot() and that
 * ^ 1; if it is there the block is sampled, or a stranger.
 *
 * A door replaces the first bytes of one instruction by a jump; nothing branches to its inside.
 * An island is a jump in padding that nobody executes, for doors that are too short for a jump
 * of five bytes. A door is opened by int3 first, then the tail, then the first byte.
 *
 * Announcement: system call mremap with
 *
 *   rdi	header.address | 1: an address that mremap refuses before it does anything
 *   rsi	enum leaktrace_gate_op | door's index << 8
 *   rdx	size that was asked for; of a BIRTH
 *   r10	the block: the result of a BIRTH, what is released, what is reallocated
 *   r8		address on the stack where the return address of the allocator's caller is; all
 *		callee-saved registers have the caller's values
 *   r9		BIRTH, DROP: address of the countdown. REALLOC_BEGIN: address of an aligned u64,
 *		which becomes 1 if the block was sampled, else stays as it is (so: 0)
 *
 * DEATH and REALLOC_BEGIN come before the block is released, BIRTH after the block was made.
 * What comes back in rax means nothing.
 */
#ifndef _UAPI_LINUX_LEAKTRACE_GATE_H
#define _UAPI_LINUX_LEAKTRACE_GATE_H

#include <linux/types.h>

#define LEAKTRACE_GATE_MAGIC		0x315447534b41454cULL	/* "LEAKSGT1" */
#define LEAKTRACE_GATE_MACHINE		62	/* ELF e_machine: x86-64 */
#define LEAKTRACE_GATE_PAGE_BYTES	4096
#define LEAKTRACE_GATE_CODE_BYTES	8192
#define LEAKTRACE_GATE_NSHARDS		256
#define LEAKTRACE_GATE_SHARD_BYTES	64
#define LEAKTRACE_GATE_SHARDS		LEAKTRACE_GATE_CODE_BYTES
#define LEAKTRACE_GATE_TAGS \
	(LEAKTRACE_GATE_SHARDS + LEAKTRACE_GATE_NSHARDS * LEAKTRACE_GATE_SHARD_BYTES)
#define LEAKTRACE_GATE_TAG_BITS_MIN	16
#define LEAKTRACE_GATE_TAG_BITS_MAX	20
#define LEAKTRACE_GATE_EXTRA		16	/* bytes that every block counts more */
#define LEAKTRACE_GATE_DOORS_MAX	64
#define LEAKTRACE_GATE_ISLANDS_MAX	64
#define LEAKTRACE_GATE_NDRAWS		1024
#define LEAKTRACE_GATE_DRAW_SHIFT	16
#define LEAKTRACE_GATE_DRAW_MAX		(64U << LEAKTRACE_GATE_DRAW_SHIFT)
#define LEAKTRACE_GATE_MEAN_MAX_BYTES	(1ULL << 32)
#define LEAKTRACE_GATE_JUMP_MAX		5	/* longest jump: 2 or 5 bytes */
#define LEAKTRACE_GATE_ISLAND_BYTES	5
#define LEAKTRACE_GATE_NAME_BYTES	48
#define LEAKTRACE_GATE_MAX_BYTES	65536	/* of a plan */

/* Which function a door is of. */
enum leaktrace_gate_entry {
	LEAKTRACE_GATE_MALLOC,
	LEAKTRACE_GATE_CALLOC,
	LEAKTRACE_GATE_REALLOC,
	LEAKTRACE_GATE_REALLOCARRAY,
	LEAKTRACE_GATE_POSIX_MEMALIGN,
	LEAKTRACE_GATE_ALIGNED_ALLOC,
	LEAKTRACE_GATE_MEMALIGN,
	LEAKTRACE_GATE_VALLOC,
	LEAKTRACE_GATE_PVALLOC,
	LEAKTRACE_GATE_NEW,
	LEAKTRACE_GATE_FREE,
	LEAKTRACE_GATE_FREE_SIZED,
	LEAKTRACE_GATE_DELETE,
	__LEAKTRACE_GATE_ENTRY_MAX
};

enum leaktrace_gate_op {
	LEAKTRACE_GATE_OP_UNSPEC,
	LEAKTRACE_GATE_OP_BIRTH,		/* a block was made, and is sampled */
	LEAKTRACE_GATE_OP_DEATH,		/* a block is going to be released */
	LEAKTRACE_GATE_OP_REALLOC_BEGIN,	/* the same by realloc, which may fail */
	LEAKTRACE_GATE_OP_REALLOC_UNDO,		/* it has failed: the block lives on */
	LEAKTRACE_GATE_OP_DROP,			/* no block was made: the countdown goes on */
	__LEAKTRACE_GATE_OP_MAX
};

#define LEAKTRACE_GATE_DOOR_F_DEATH	(1U << 0) /* releases blocks (realloc, too) */
#define LEAKTRACE_GATE_DOOR_F_REQUIRED	(1U << 1) /* if it can't be opened, none is */
#define LEAKTRACE_GATE_DOOR_F_ALL	(LEAKTRACE_GATE_DOOR_F_DEATH | \
					 LEAKTRACE_GATE_DOOR_F_REQUIRED)

struct leaktrace_gate_header {
	__u64 magic;
	__u32 machine;
	__u32 ndoors;		/* 1 to LEAKTRACE_GATE_DOORS_MAX */
	__u32 nislands;
	__u32 code_bytes;	/* 1 to LEAKTRACE_GATE_CODE_BYTES */
	__u32 tag_bits;
	__u32 reserved;		/* 0 */
	__u64 address;		/* multiple of a page's size */
	__u64 mean_bytes;	/* mean distance of samples, at least 1; 1: every block */
	/* Distances, as multiples of the mean: equally likely, scaled by 2^16. Their mean is 1. */
	__u32 draw[LEAKTRACE_GATE_NDRAWS];
};

struct leaktrace_gate_door {
	__u64 address;		/* of the instruction */
	__u64 function;		/* where the function that it is in begins */
	__u32 function_bytes;	/* its size; 0: not known */
	__u8 jump_bytes;	/* 2 (to an island) or 5 (into the code) */
	__u8 entry;		/* enum leaktrace_gate_entry */
	__u8 type;		/* enum leaktrace_type of its blocks */
	__u8 flags;		/* LEAKTRACE_GATE_DOOR_F_* */
	__u8 old[8];		/* what is there: jump_bytes of it; then 0 */
	__u8 jump[8];		/* the jump, likewise */
	char name[LEAKTRACE_GATE_NAME_BYTES];	/* the function's, ends with 0 */
};

struct leaktrace_gate_island {
	__u64 address;
	__u8 old[LEAKTRACE_GATE_ISLAND_BYTES];	/* padding */
	__u8 jump[LEAKTRACE_GATE_ISLAND_BYTES];	/* jmp rel32 into the code */
	__u8 reserved[6];	/* 0 */
};

/* Of a block's address. */
static inline __u32 leaktrace_gate_hash(__u64 block)
{
	return (__u32)(block >> 4) * 0x9e3779b1U;
}

/* Its slot; the other one is that ^ 1. */
static inline __u32 leaktrace_gate_slot(__u64 block, unsigned int tag_bits)
{
	return leaktrace_gate_hash(block) >> (32 - tag_bits);
}

/* What stands in the slot; 0: nothing. */
static inline __u8 leaktrace_gate_tag(__u64 block)
{
	return (leaktrace_gate_hash(block) & 0xff) | 1;
}

static inline __u64 leaktrace_gate_bytes(const struct leaktrace_gate_header *h)
{
	return LEAKTRACE_GATE_TAGS + (1ULL << h->tag_bits);
}

#endif /* _UAPI_LINUX_LEAKTRACE_GATE_H */
