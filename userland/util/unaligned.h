/* SPDX-License-Identifier: GPL-2.0 */
/* Numbers in memory that may lie anywhere. */
#ifndef LEAKTRACE_UTIL_UNALIGNED_H
#define LEAKTRACE_UTIL_UNALIGNED_H

#include <stdint.h>
#include <string.h>

static inline uint16_t u16_at(const unsigned char *p)
{
	uint16_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static inline uint32_t u32_at(const unsigned char *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static inline uint64_t u64_at(const unsigned char *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

#endif
