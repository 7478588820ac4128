/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A process's memory that is a fuzzer's input: one mapping. Words whose highest byte is
 * FUZZ_HERE are relative to it, so that it leads into itself.
 */
#ifndef FUZZ_WORDS_H
#define FUZZ_WORDS_H

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Mappings are invented, too: the rest of that file is the real one. */
#define maps_read maps_read_of_process
#include "util/proc_maps.c"
#undef maps_read

#include "fuzz_here.h"
#include "fuzz_memory.h"

enum { MEMORY_BYTES = 1 << 16 };

static uint64_t memory[MEMORY_BYTES / 8];

int maps_read(pid_t pid, struct maps *maps);

int maps_read(pid_t pid, struct maps *maps)
{
	char *text = strdup("510000000000-510000010000 rw-p 00000000 00:00 0 \n");
	int err = text ? maps_parse(text, maps) : -ENOMEM;

	maps->tid = pid;
	return err;
}

int memory_read(pid_t pid, uint64_t at, void *to, size_t bytes)
{
	(void)pid;
	if (at - FUZZ_MEMORY > MEMORY_BYTES || bytes > MEMORY_BYTES - (at - FUZZ_MEMORY))
		return -EFAULT;
	memcpy(to, (char *)memory + (at - FUZZ_MEMORY), bytes);
	return 0;
}

static void fill_memory(const uint8_t *data, size_t size)
{
	memset(memory, 0, sizeof(memory));
	memcpy(memory, data, size < MEMORY_BYTES ? size : MEMORY_BYTES);
	for (size_t i = 0; i < MEMORY_BYTES / 8; i++)
		if (memory[i] >> 56 == FUZZ_HERE)
			memory[i] = FUZZ_MEMORY + (memory[i] & 0xffff);
}

#endif
