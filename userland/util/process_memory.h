/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Reads the memory of another process while it runs; the process is neither
 * stopped nor notified.
 */
#ifndef LEAKTRACE_PROCESS_MEMORY_H
#define LEAKTRACE_PROCESS_MEMORY_H

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
 * As memory_read(), of anonymous memory, but without populating pages: those
 * that were never touched read as zeroes. pagemap is /proc/PID/pagemap, or -1:
 * read all pages.
 */
int memory_read_populated(pid_t pid, int pagemap, uint64_t at, void *to, size_t bytes);

/* False once the process has exited or called exec. -1 counts as alive. */
bool memory_is_alive(int pagemap);

/* Reads many pieces with few system calls, and sets good in each. */
void memory_read_pieces(pid_t pid, struct memory_piece *pieces, size_t n);

/* Requires permission to ptrace the process. 0 or -errno. */
int memory_write(pid_t pid, uint64_t at, const void *from, size_t bytes);

#endif
