/* SPDX-License-Identifier: GPL-2.0 */
/* Reading another process's memory while it runs: it is not stopped, nor told. */
#ifndef LEAKTRACE_MEMORY_H
#define LEAKTRACE_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct memory_piece {
	uint64_t at;
	void *to;
	size_t bytes;
	bool good;			/* all of it was read */
};

/* 0, or -errno: -EPERM, -ESRCH, -EFAULT (not all of it is there). */
int memory_read(pid_t pid, uint64_t at, void *to, size_t bytes);

/*
 * The same of anonymous memory, without making pages by reading them: what is not
 * there is zeros. pagemap is /proc/PID/pagemap, or -1: all is read.
 */
int memory_read_there(pid_t pid, int pagemap, uint64_t at, void *to, size_t bytes);

/* False once the process has exited, or become another program; -1 is taken to live. */
bool memory_lives(int pagemap);

/* Many at once, each marked good or not. */
void memory_read_pieces(pid_t pid, struct memory_piece *pieces, size_t n);

/* Needs the right to trace it. 0 or -errno. */
int memory_write(pid_t pid, uint64_t at, const void *from, size_t bytes);

#endif
