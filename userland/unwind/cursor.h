/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Reads untrusted bytes. A cursor never leaves its bounds: past the end it
 * returns zeroes and sets an error flag. The bytes may change at any time (they
 * are a mapped file), so each is read once and the copy is validated.
 */
#ifndef LEAKTRACE_UNWIND_CURSOR_H
#define LEAKTRACE_UNWIND_CURSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct cursor {
	const uint8_t *at, *end;
	bool bad;
};

static inline size_t cursor_left(const struct cursor *c)
{
	return c->end - c->at;
}

static inline bool cursor_skip(struct cursor *c, uint64_t bytes)
{
	if (bytes > cursor_left(c)) {
		c->bad = true;
		c->at = c->end;
		return false;
	}
	c->at += bytes;
	return true;
}

#define CURSOR_READ(name, type)						\
static inline type name(struct cursor *c)				\
{									\
	const uint8_t *at = c->at;					\
	type value = 0;							\
									\
	if (cursor_skip(c, sizeof(value)))				\
		memcpy(&value, at, sizeof(value));			\
	return value;							\
}

CURSOR_READ(cursor_u8, uint8_t)
CURSOR_READ(cursor_u16, uint16_t)
CURSOR_READ(cursor_u32, uint32_t)
CURSOR_READ(cursor_u64, uint64_t)

/* Bits beyond 64 are dropped: the caller checks the range of the value. last: the last byte. */
static inline uint64_t cursor_leb(struct cursor *c, unsigned int *bits, uint8_t *last)
{
	uint64_t value = 0;

	*bits = 0;
	do {
		*last = cursor_u8(c);
		if (*bits < 64)
			value |= (uint64_t)(*last & 0x7f) << *bits;
		*bits += 7;
	} while (*last & 0x80);
	return value;
}

static inline uint64_t cursor_uleb(struct cursor *c)
{
	unsigned int bits;
	uint8_t last;

	return cursor_leb(c, &bits, &last);
}

static inline int64_t cursor_sleb(struct cursor *c)
{
	unsigned int bits;
	uint8_t last;
	uint64_t value = cursor_leb(c, &bits, &last);

	if (bits < 64 && last & 0x40)
		value |= ~0ull << bits;
	return value;
}

#endif
