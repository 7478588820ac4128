/* SPDX-License-Identifier: GPL-2.0 */
/* FNV-1a over 64 bits: for tables, not against whoever chooses what is hashed. */
#ifndef LEAKTRACE_HASH_H
#define LEAKTRACE_HASH_H

#include <stddef.h>
#include <stdint.h>

#define HASH_START	0xcbf29ce484222325ULL
#define HASH_PRIME	0x100000001b3ULL

/* The hash of what @hash stands for, and @bytes more; HASH_START for nothing yet. */
static inline uint64_t hash_bytes(uint64_t hash, const void *data, size_t bytes)
{
	const uint8_t *p = data;

	while (bytes--)
		hash = (hash ^ *p++) * HASH_PRIME;
	return hash;
}

#endif
