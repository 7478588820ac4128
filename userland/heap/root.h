/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Where a process may keep addresses of its blocks: all its memory that may have been
 * written to and is not the heap, and what the kernel keeps for it.
 */
#ifndef LEAKTRACE_HEAP_ROOT_H
#define LEAKTRACE_HEAP_ROOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "heap/block.h"
#include "heap/glibc.h"
#include "heap/process.h"

struct root {
	uint64_t start, end;
	bool own_only;			/* pages that are still the file's have no addresses */
	bool unaligned;			/* code: addresses are in instructions */
};

struct roots {
	struct root *root;
	size_t n, capacity;
	uint64_t *word;			/* what the kernel keeps */
	size_t words, words_capacity;
};

/* 0 or -ENOMEM. */
int roots_find(const struct heap_process *p, const struct glibc *g, const struct heap_blocks *b, struct roots *r);
bool roots_add_word(struct roots *r, uint64_t word);
void roots_free(struct roots *r);

/* root_kernel.c: of system calls that wait, epoll and timers; false: no memory */
bool roots_add_kernel(const struct heap_process *p, struct roots *r);

#endif
