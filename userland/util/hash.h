/* SPDX-License-Identifier: GPL-2.0 */
/* 64-bit FNV-1a, for hash tables; not resistant to crafted input. */
#ifndef LEAKTRACE_HASH_H
#define LEAKTRACE_HASH_H

#include <stddef.h>
#include <stdint.h>

#define HASH_START	0xcbf29ce484222325ULL
#define HASH_PRIME	0x100000001b3ULL

/* Extends @hash by @bytes of data; start with HASH_START. */
static inline uint64_t hash_bytes(uint64_t hash, const void *data, size_t bytes)
{
	const uint8_t *p = data;

	while (bytes--)
		hash = (hash ^ *p++) * HASH_PRIME;
	return hash;
}

#endif
