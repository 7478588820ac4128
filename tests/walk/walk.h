/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Stacks of real programs, found twice: by the kernel's walker over the tables that
 * the tool would hand it, and by libdw over the files. One noun a file:
 *
 *   loop.c     processes, stopped at their system calls
 *   trace.c    their stacks there, by walker.c
 *   door.c     userland/netlink/code_upload.c's tables, which it believes to give to the kernel
 *   walker.c   module/unwind.c and recall.c over these tables
 *   truth.c    libdw
 *
 * And in a guest by the module itself, where it is loaded:
 *
 *   guest.c    the stacks of what system calls make and of pages, by the module
 *   made.c     what a system call has made
 *   touch.c    the instruction that touches a page first
 *   target.c   processes as targets, of a tool that runs beside
 */
#ifndef WALK_H
#define WALK_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/user.h>

struct lt_maps;
struct lt_table;

enum { MAX_DEPTH = 1024 };

/* By module/recall.c, without a walk. */
enum recalled_as { NOT_RECALLED, RECALLED, RECALLED_WRONGLY };

struct walked {
	unsigned int n;
	int status;			/* enum leaktrace_stack_status; truth: 0 or FAULT */
	unsigned int guessed;		/* frames for which there is no CFI */
	enum recalled_as recalled;
	uint64_t pc[MAX_DEPTH];		/* pc[0] exact, the others return addresses */
};

/* door.c: what one process has mapped, as the kernel would know it. */
struct code_of;

struct code_of *door_read(pid_t pid);
void door_drop(struct code_of *code);
struct lt_maps *door_maps(struct code_of *code);	/* not in a guest */
uint32_t door_target(const struct code_of *code);	/* only there */

/* walker.c */
struct lt_maps *walker_maps(unsigned int n);
void walker_map(struct lt_maps *maps, unsigned int i, uint64_t start, uint64_t end, uint64_t bias,
		struct lt_table *table, uint32_t flags);
struct lt_table *walker_table(void *blob, size_t bytes);
void walker_walk(pid_t tid, const struct user_regs_struct *regs, struct lt_maps *maps,
		 struct walked *out);

/* truth.c */
struct truth;

struct truth *truth_open(pid_t pid);
void truth_close(struct truth *t);
void truth_walk(struct truth *t, pid_t tid, struct walked *out);

#endif
