/* SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR BSD-3-Clause) */
/*
 * Pairs: functions of a library that hand something out, and those that take it back. The tool
 * finds in the target's memory the instructions at which that is seen, its doors, and names
 * them to leaktrace.ko (PAIR_OPEN), which sets a uprobe of the kernel's at each. x86-64 only.
 *
 * At an ENTER a call of an acquiring function begins; at a LEAVE, a return instruction, it may
 * end: if the stack is as it was when it began. So no return address is changed, and exceptions
 * and other tracers' walks pass through. At a RELEASE a handle is taken back.
 *
 * A handle is known by its value among those of its space. Functions that hand out and take
 * back the same things have the same space.
 */
#ifndef _UAPI_LINUX_LEAKTRACE_PAIR_H
#define _UAPI_LINUX_LEAKTRACE_PAIR_H

#include <linux/types.h>

#define LEAKTRACE_PAIR_DOORS_MAX	512
#define LEAKTRACE_PAIR_ACQUIRES_MAX	32	/* different names of functions, of a target */
#define LEAKTRACE_PAIR_SPACES_MAX	32
#define LEAKTRACE_PAIR_ARGUMENTS	6	/* that are passed in registers */
#define LEAKTRACE_PAIR_NAME_BYTES	48

enum leaktrace_pair_role {
	LEAKTRACE_PAIR_ENTER,
	LEAKTRACE_PAIR_LEAVE,
	LEAKTRACE_PAIR_RELEASE,
	__LEAKTRACE_PAIR_ROLE_MAX
};

/* Where an ENTER's handle is when it leaves. */
enum leaktrace_pair_handle {
	LEAKTRACE_PAIR_RESULT,		/* the result; none if that is 0 or -1 */
	LEAKTRACE_PAIR_ARGUMENT,	/* its argument; none if the result is not 0 */
	LEAKTRACE_PAIR_POINTED,		/* the u64 to which that points; none likewise */
	__LEAKTRACE_PAIR_HANDLE_MAX
};

/* An ENTER's type is LEAKTRACE_TYPE_PAIR + n: its name is the n-th TARGET_PAIR. */
struct leaktrace_pair_door {
	__u64 address;			/* of the instruction, in the target */
	__u8 role;			/* enum leaktrace_pair_role */
	__u8 handle;			/* enum leaktrace_pair_handle, of an ENTER; else 0 */
	__u8 argument;			/* from 1 on, that has to do with the handle; 0: none */
	__u8 space;			/* of an ENTER and a RELEASE; else 0 */
	__u32 reserved;			/* 0 */
	char name[LEAKTRACE_PAIR_NAME_BYTES];	/* the function's; of a LEAVE empty */
};

#endif /* _UAPI_LINUX_LEAKTRACE_PAIR_H */
