/* SPDX-License-Identifier: GPL-2.0 */
/* A target's code, as the kernel's stack walker wants to know it. */
#ifndef LEAKTRACE_CODE_H
#define LEAKTRACE_CODE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct client;
struct nl_msg;
struct model;

struct code_piece {
	uint64_t start, end, bias;	/* address in the process = ELF address + bias */
	uint32_t table, flags;		/* 0: none; LEAKTRACE_MAP_F_* */
};

struct code {
	struct code_piece *piece;
	size_t n;
};

/* Reads the executable mappings of pid, and sees to it that the kernel has a
 * table for each that can have one. NULL: the process is gone. code_drop() it.
 */
struct code *code_read(struct client *c, pid_t pid);
void code_drop(struct code *code);

/* Appends the mappings as nests of that type. 0 or -ENOMEM. */
int code_put(const struct code *code, struct nl_msg *msg, int type);

/* Reads and sets: after exec, dlopen, fork. 0, -ESTALE: it had new code each time
 * that we had read, or another negative errno.
 */
int code_send(struct client *c, struct model *m);

#endif
