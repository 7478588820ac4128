/* SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR BSD-3-Clause) */
/*
 * How to find the frames of a script in the memory of the process whose interpreter runs
 * it. The CLI makes such a description for one process and hands it to leaktrace.ko with
 * the process's mappings (TARGET_ADD, MAPS_SET), where every field is checked before use.
 *
 * It is a list of steps without jumps. A step makes one value of an earlier one. Value 0
 * is the thread's base address (fs on x86-64), value 1 the address of the frame that is
 * looked at, value LEAKTRACE_CHAIN_STEP_0 + i what step i has made. The first nhead steps are
 * done once, and one of their values is the address of the innermost frame; as there is no
 * frame yet, value 1 is the root there, if the description has one. The next
 * nframe steps are done for each frame; the last nnext steps, too, even if the frame is
 * skipped, and one of their values is the address of the next frame. 0 ends the list.
 *
 * If frames are on several stacks, 'stack' is a value of the head, the address of the
 * innermost one, which is value 2. nstack steps, between those of the head and of frames,
 * are done for each stack; of their values are the address of its innermost frame, 'count',
 * the number of its frames less 1, as an s32, and the next stack, 0 at the end. The end of
 * a stack ends a run.
 *
 * If a frame has not where it is, but where it was called from, 'carry' is the first of two
 * values of its steps that are values 3 and 4 of the frame that called it, and
 * 'carry_first' that of two values of the head, for the innermost one. Behind the last
 * frame there is one more then, of what is in no function: what and where are value 3, the
 * check is value 4.
 *
 * Each frame that is not skipped adds two words to the stack, behind the addresses of
 * machine code, innermost frame first:
 *
 *   WORD | END_RUN, if it is the last one that one call of the interpreter runs | what
 *   WORD | check << 32 (31 bits) | where (32 bits)
 *
 * WORD is set in both, as no address of a process has it. The check is a value that says
 * whether the memory at 'what' has been used for something else since, folded to 31 bits.
 */
#ifndef _UAPI_LINUX_LEAKTRACE_CHAIN_H
#define _UAPI_LINUX_LEAKTRACE_CHAIN_H

#include <linux/types.h>

#define LEAKTRACE_CHAIN_STEPS		32
#define LEAKTRACE_CHAIN_THREAD		0	/* numbers of values */
#define LEAKTRACE_CHAIN_FRAME		1
#define LEAKTRACE_CHAIN_STACK		2
#define LEAKTRACE_CHAIN_CARRIED		3	/* and 4 */
#define LEAKTRACE_CHAIN_STEP_0		5	/* that of the first step */
#define LEAKTRACE_CHAIN_FRAMES_MAX	128	/* of a stack */
#define LEAKTRACE_CHAIN_FRAME_WORDS	2

#define LEAKTRACE_CHAIN_WORD		(1ULL << 63)
#define LEAKTRACE_CHAIN_END_RUN		(1ULL << 62)

/*
 * leaktrace_chain_step.action; those of a frame that hold are done together. Of a stack's
 * steps there may be STOP: it is the last one.
 */
#define LEAKTRACE_CHAIN_F_SKIP		(1U << 0) /* the frame is none of the script's */
#define LEAKTRACE_CHAIN_F_STOP		(1U << 1) /* nor any that follows */
#define LEAKTRACE_CHAIN_F_END_RUN	(1U << 2) /* its, or if skipped the last one's, run ends */
#define LEAKTRACE_CHAIN_F_UNLESS	(1U << 3) /* if the condition does not hold */
#define LEAKTRACE_CHAIN_F_TOP		(1U << 4) /* in no function: what is where */
#define LEAKTRACE_CHAIN_F_ALL		31U

/*
 * value = *(base + off), or 0 if the base's value is 0. With an index, the address is that
 * many strides further: its value is an s32.
 */
struct leaktrace_chain_step {
	__s32 off;
	__u8 base;		/* number of a value */
	__u8 bytes;		/* 1, 2, 4, 8; 0: value = base + off, nothing is read */
	__u8 action;		/* of a frame's steps: if (value & mask) == wanted */
	__u8 index;		/* number of a step's value; 0: none */
	__u32 mask;
	union {
		__u32 wanted;
		__u32 stride;	/* with an index; there is no action then */
	};
};

struct leaktrace_chain {
	__u8 nhead;
	__u8 nframe;
	__u8 nnext;
	__u8 first;		/* these five are numbers of values */
	__u8 next;
	__u8 what;
	__u8 where;
	__u8 check;
	__u8 relative;		/* 'where' counts from 'what' */
	__u8 leader;		/* only the process's first thread runs the script */
	__u8 nstack;		/* 0: frames are one list */
	__u8 stack;		/* these are numbers of values; 0: none */
	__u8 stack_next;
	__u8 count;
	__u8 carry;
	__u8 carry_first;
	__u64 root;		/* address of the interpreter's variables; 0: none */
	struct leaktrace_chain_step step[LEAKTRACE_CHAIN_STEPS];
};

static inline __u32 leaktrace_chain_fold(__u64 check)
{
	return (check ^ check >> 31 ^ check >> 62) & 0x7fffffff;
}

#endif /* _UAPI_LINUX_LEAKTRACE_CHAIN_H */
