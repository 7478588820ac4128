// SPDX-License-Identifier: GPL-2.0
/* A growing buffer, and protobuf's wire format: varints and length-delimited fields. */
#include <stdlib.h>
#include <string.h>

#include "util/array.h"
#include "util/protobuf.h"
#include "util/utf8.h"

enum { WIRE_VARINT = 0, WIRE_LENGTH = 2, VARINT_MAX = 10 };

static bool make_room(struct bytes *b, size_t more)
{
	b->failed = b->failed || !array_reserve(b->data, b->capacity, b->len, more);
	return !b->failed;
}

void bytes_put(struct bytes *b, const void *data, size_t len)
{
	if (!len || !make_room(b, len))
		return;
	memcpy(b->data + b->len, data, len);
	b->len += len;
}

void bytes_free(struct bytes *b)
{
	free(b->data);
	*b = (struct bytes){ 0 };
}

void bytes_put_string(struct bytes *b, const char *s)
{
	char *copy = utf8_copy(s);

	if (copy)
		bytes_put(b, copy, strlen(copy));
	else
		b->failed = true;
	free(copy);
}

static size_t varint(uint8_t out[VARINT_MAX], uint64_t v)
{
	size_t n = 0;

	for (; v >= 0x80; v >>= 7)
		out[n++] = v | 0x80;
	out[n++] = v;
	return n;
}

static void put_varint(struct bytes *b, uint64_t v)
{
	uint8_t out[VARINT_MAX];

	bytes_put(b, out, varint(out, v));
}

void proto_number(struct bytes *b, unsigned int field, uint64_t value)
{
	if (!value)
		return;
	put_varint(b, field << 3 | WIRE_VARINT);
	put_varint(b, value);
}

void proto_bytes(struct bytes *b, unsigned int field, const void *data, size_t len)
{
	put_varint(b, field << 3 | WIRE_LENGTH);
	put_varint(b, len);
	bytes_put(b, data, len);
}

void proto_string(struct bytes *b, unsigned int field, const char *s)
{
	struct bytes clean = { 0 };

	if (!s || !*s)
		return;
	bytes_put_string(&clean, s);
	proto_message(b, field, &clean);
	bytes_free(&clean);
}

/* Unlike a default value, an empty message is written: its presence may carry meaning. */
void proto_message(struct bytes *b, unsigned int field, const struct bytes *message)
{
	b->failed |= message->failed;
	proto_bytes(b, field, message->data, message->len);
}

void proto_packed(struct bytes *b, unsigned int field, const uint64_t *values, size_t n)
{
	struct bytes packed = { 0 };

	for (size_t i = 0; i < n; i++)
		put_varint(&packed, values[i]);
	if (n)
		proto_message(b, field, &packed);
	bytes_free(&packed);
}
