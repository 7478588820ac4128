/* SPDX-License-Identifier: GPL-2.0 */
/*
 * In the place of userland/util/process_memory.c, for a fuzzer whose input is a process's
 * memory. The one who includes it writes memory_read(); what is read is populated, and the
 * process lives.
 */
#ifndef FUZZ_MEMORY_H
#define FUZZ_MEMORY_H

#include <stdlib.h>

#include "util/process_memory.h"

int memory_read_populated(pid_t pid, int pagemap, uint64_t at, void *to, size_t bytes)
{
	(void)pagemap;
	return memory_read(pid, at, to, bytes);
}

bool memory_is_alive(int pagemap)
{
	(void)pagemap;
	return true;
}

void memory_read_pieces(pid_t pid, struct memory_piece *pieces, size_t n)
{
	for (size_t i = 0; i < n; i++)
		pieces[i].good = !memory_read(pid, pieces[i].at, pieces[i].to, pieces[i].bytes);
}

int memory_write(pid_t pid, uint64_t at, const void *from, size_t bytes)
{
	(void)pid;
	(void)at;
	(void)from;
	(void)bytes;
	abort();			/* nobody asked for that */
}

#endif
