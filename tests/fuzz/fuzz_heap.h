/* SPDX-License-Identifier: GPL-2.0 */
/* The input of fuzz_heap: malloc's variables, and the memory that they refer to. */
#ifndef FUZZ_HEAP_H
#define FUZZ_HEAP_H

#include <stdint.h>

#define HEAP_AT		0x550000000000ULL	/* of the main arena */
#define THREAD_AT	0x7e0000000000ULL	/* a heap of another arena */
#define DATA_AT		0x7f0000000000ULL	/* of libc: written by the fuzzer itself */
#define OTHER_AT	0x7f1000000000ULL

enum {
	HEAP_BYTES = 4096, THREAD_BYTES = 4096, DATA_BYTES = 4096, OTHER_BYTES = 8192,
	ARENA_OFFSET = 0x40, PARAMS_OFFSET = 0xa00,
};

struct heap_input {
	uint64_t fast[10], top, next, system_bytes, sbrk_base, mapped_bytes, cache_limit;
	uint8_t heap[HEAP_BYTES], thread[THREAD_BYTES], other[OTHER_BYTES / 2];
};

#endif
