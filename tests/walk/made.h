/* SPDX-License-Identifier: GPL-2.0 */
#ifndef WALK_MADE_H
#define WALK_MADE_H

#include <stdint.h>
#include <sys/types.h>
#include <sys/user.h>

struct made {
	int kind;			/* enum leaktrace_kind; -1: nothing */
	unsigned int n;
	uint64_t id[2];
};

/* What the system call has made whose end @tid has just come to. */
struct made made_by(pid_t tid, const struct user_regs_struct *regs);

#endif
