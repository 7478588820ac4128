/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Copies of the memory of a process, made where it is looked at and kept within a bound.
 * A copy may be out of date: who finds that it contradicts itself has it renewed.
 */
#ifndef LEAKTRACE_RUNTIME_PYTHON_MEMORY_H
#define LEAKTRACE_RUNTIME_PYTHON_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "util/address_slots.h"

struct maps;
struct python_copy;

struct python_memory {
	pid_t tid;
	int pagemap;			/* -1: unknown which pages are populated */
	const struct maps *maps;
	bool is_direct;			/* no copies are used or made */
	uint64_t max_bytes;		/* of copies */
	struct python_copy *copy;
	struct address_slots slots;
	size_t copies, capacity;
	uint64_t last_at;		/* the copy that was used last */
	size_t last;
	uint64_t read_bytes, renewed;
};

/* False: not all of it is mapped. Never read: zeroes. */
bool python_read(struct python_memory *m, uint64_t at, void *to, size_t bytes);
uint64_t python_word(struct python_memory *m, uint64_t at);	/* 0: unreadable */
/* What is read of that next is as it is now. */
void python_renew(struct python_memory *m, uint64_t at, size_t bytes);
void python_memory_drop(struct python_memory *m);		/* all copies */
void python_memory_free(struct python_memory *m);

#endif
