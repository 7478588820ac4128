/* SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR BSD-3-Clause) */
/*
 * Unwind table of one ELF object: made by the CLI from its call frame
 * information, handed to leaktrace.ko in a file (UNWIND_ADD), where every
 * field is checked before use.
 *
 * Little endian; sections follow the header without gaps, in this order:
 *
 *   __u32 granule[ngranules + 1]
 *   __u32 row[nrows]
 *   struct leaktrace_unwind_rule rule[nrules]
 *
 * Addresses are ELF virtual addresses minus header.base. Row: bits 0-15 are
 * the low bits of the address where it begins, bits 16-31 its rule. Rows
 * granule[g] up to (not including) granule[g + 1] begin inside the granule
 * [g << 10, (g + 1) << 10) and are sorted; the row before them is in force where
 * the granule begins. Row 0 begins at address 0. granule[0] is 0,
 * granule[ngranules] is nrows.
 */
#ifndef _UAPI_LINUX_LEAKTRACE_UNWIND_H
#define _UAPI_LINUX_LEAKTRACE_UNWIND_H

#include <linux/types.h>

#define LEAKTRACE_UNWIND_MAGIC		0x3257554c4b41454cULL	/* "LEAKLUW2" */
#define LEAKTRACE_UNWIND_GRANULE_SHIFT	10
#define LEAKTRACE_UNWIND_MAX_BYTES	(64U << 20)
#define LEAKTRACE_UNWIND_KEY_BYTES	24
#define LEAKTRACE_UNWIND_CALLEE_SAVED	5	/* rbx, r12, r13, r14, r15 */
#define LEAKTRACE_UNWIND_SAVED_UNKNOWN	(-32768)

struct leaktrace_unwind_header {
	__u64 magic;
	__u64 base;		/* multiple of the granule's size */
	__u64 size_bytes;	/* code covered, at most ngranules << 10, below 2^32 */
	__u32 ngranules;
	__u32 nrows;		/* at least 1 */
	__u32 nrules;		/* at least 1, at most 65536 */
	__u32 machine;		/* ELF e_machine: 62 is x86-64 */
	__u8 key[LEAKTRACE_UNWIND_KEY_BYTES];	/* names the object: build id or hash */
};

/* How the canonical frame address is found. */
enum leaktrace_unwind_op {
	LEAKTRACE_UNWIND_INVALID,	/* no rule: the walk ends, flagged NO_CFI */
	LEAKTRACE_UNWIND_REG,		/* cfa = reg + cfa_off */
	LEAKTRACE_UNWIND_DEREF,		/* cfa = *(reg + cfa_off) + add */
	LEAKTRACE_UNWIND_PLT,		/* cfa = rsp + 8 + ((pc & 15) >= add ? 8 : 0) */
	LEAKTRACE_UNWIND_SIGNAL,	/* rt_sigframe at rsp: every register from there */
	LEAKTRACE_UNWIND_STOP,		/* a root: nobody called this */
	LEAKTRACE_UNWIND_UNSUP,		/* a rule that we do not evaluate */
	LEAKTRACE_UNWIND_SWITCH,	/* as REG, but the caller is on another stack */
	__LEAKTRACE_UNWIND_OP_MAX
};

/* Where the caller's frame pointer is. */
enum leaktrace_unwind_bp {
	LEAKTRACE_UNWIND_BP_SAME,
	LEAKTRACE_UNWIND_BP_CFA,	/* *(cfa + bp_off) */
	LEAKTRACE_UNWIND_BP_BP,		/* *(rbp + bp_off): GCC's realigned stacks */
	LEAKTRACE_UNWIND_BP_UNDEFINED,
	__LEAKTRACE_UNWIND_BP_MAX
};

/* Where the return address is. */
enum leaktrace_unwind_ra {
	LEAKTRACE_UNWIND_RA_CFA,	/* *(cfa + ra_off), ra_off is -8 on x86-64 */
	LEAKTRACE_UNWIND_RA_REG,	/* in register ra_off, innermost frame only */
	__LEAKTRACE_UNWIND_RA_MAX
};

/* Registers by their DWARF numbers (x86-64: 3 rbx, 6 rbp, 7 rsp, 12-15). */
struct leaktrace_unwind_rule {
	__u8 op;
	__u8 reg;		/* of REG and DEREF, 0 to 15 */
	__u8 bp;
	__u8 ra;
	__s32 cfa_off;
	__s32 add;
	__s32 ra_off;
	__s32 bp_off;
	/* Callee-saved registers stored by this frame: *(cfa + 8 * saved[i]);
	 * 0: the caller's value is still in the register; _UNKNOWN: lost.
	 */
	__s16 saved[LEAKTRACE_UNWIND_CALLEE_SAVED];
	__u16 reserved;		/* 0 */
};

#endif /* _UAPI_LINUX_LEAKTRACE_UNWIND_H */
