/* SPDX-License-Identifier: GPL-2.0 */
#ifndef WALK_LOOP_H
#define WALK_LOOP_H

#include <stdbool.h>
#include <sys/types.h>

struct task {
	pid_t tid, pid;
	unsigned int steps;		/* still to go, then after_steps() */
	bool wanted;			/* its program is the one */
};

/* What is done where; only of wanted tasks, and all but at_syscall may be NULL. */
struct loop {
	const char *only;		/* the program's name; NULL: any */
	bool (*enough)(void);
	void (*at_syscall)(struct task *t);	/* at both of its ends */
	void (*after_steps)(struct task *t);
	void (*at_exec)(struct task *t);
	void (*at_end)(struct task *t);	/* of its program: an exit, or another is there now */
};

/* Runs argv, and whatever it starts, until enough or to its end: its exit status. */
int loop_run(const struct loop *l, char **argv);
const char *loop_name(const struct loop *l, char **argv);

#endif
